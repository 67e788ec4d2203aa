#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The README's quick start, pasted block by block into a checkout's directory.

load ../support/stack

setup_file() {
    stack_start
    export CHECKOUT=$STACK/checkout
    mkdir -p "$CHECKOUT/build/release"
    ln -s "$DATA" "$CHECKOUT/.errand"
    ln -s "$ERRAND_BIN_DIR" "$CHECKOUT/build/release/bin"
    # what `make demo` leaves behind
    "$ERRAND_SOURCE_DIR/tests/support/make_image.sh" "$STACK/image" "$REGISTRY/demo/busybox:1"
    echo "ERRAND_DEMO_IMAGE=$REGISTRY/demo/busybox:1" >>"$DATA/env"
    ERRAND_URL=$DIRECT_URL errand runner create demo --image "$REGISTRY/demo/busybox:1"
}
teardown_file() { stack_destroy; }

# readme LANGUAGE N: the N-th block in that language.
readme() {
    awk -v opening="\`\`\`$1" -v n="$2" '
        $0 == "```" { inside = 0 }
        inside { print }
        $0 == opening { inside = ++seen == n }' "$ERRAND_SOURCE_DIR/README.md"
}

# paste N…: blocks as one shell session of somebody who has nothing set up.
paste_blocks() {
    local n
    for n in "$@"; do
        readme sh "$n"
    done >"$STACK/session"
    cd "$CHECKOUT"
    env -i HOME="$STACK" PATH=/usr/local/bin:/usr/bin:/bin ASAN_OPTIONS="${ASAN_OPTIONS-}" \
        LSAN_OPTIONS="${LSAN_OPTIONS-}" bash -e "$STACK/session"
}

@test "the first block is make demo" {
    [ "$(readme sh 1)" = "make demo" ]
}

@test "the second block runs the demo runner, lists its runs and shows the stack" {
    run paste_blocks 2
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == "hello from "* ]]
    [[ $output == *succeeded* ]]
}

@test "the third block stores a runner with curl, triggers a run and follows it to its state" {
    run paste_blocks 2 3
    [ "$status" -eq 0 ]
    [[ $output == *'"msg":"backing up"'* ]]
    [[ $output == *'"msg":"done"'* ]]
    [[ ${lines[-1]} == 'data: {"status":"succeeded","exit_code":0,'* ]]
}

# Built against what is installed, by the README's own line.
@test "the C program starts a run, follows it and exits with its code" {
    for component in library sdk; do
        cmake --install "$ERRAND_BIN_DIR/.." --component $component --prefix "$STACK/usr" >/dev/null
    done
    export PKG_CONFIG_PATH LD_LIBRARY_PATH
    PKG_CONFIG_PATH=$(dirname "$(find "$STACK/usr" -name errand.pc)")
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir errand)
    # a library that was built with sanitizers wants a program that was
    flags=()
    ! nm --dynamic "$LD_LIBRARY_PATH/liberrand.so" | grep -q __asan_init || flags+=(-fsanitize=address,undefined)
    readme c 1 >"$STACK/run.c"
    # shellcheck disable=SC2046 # pkg-config answers with words
    cc -std=c99 -Wall -Wextra -Werror "${flags[@]}" "$STACK/run.c" $(pkg-config --cflags --libs errand) -o "$STACK/run"
    runner=$(make_runner '{"run_command": "echo one; sleep 0.2; echo two; exit 6"}')
    ASAN_OPTIONS=detect_leaks=0 run "$STACK/run" "$runner"
    [ "$status" -eq 6 ]
    [ "$output" = $'one\ntwo' ]
    run "$STACK/run"
    [ "$status" -eq 125 ]
}

@test "the crontab line runs under cron's bare environment" {
    line=$(readme crontab 1 | sed 's/^\([^ ]* *\)\{5\}//; s|/opt/errand|'"$CHECKOUT"'|g')
    [ -n "$line" ]
    run env -i HOME=/ LOGNAME=root SHELL=/bin/sh PATH=/usr/bin:/bin ASAN_OPTIONS="${ASAN_OPTIONS-}" \
        /bin/sh -c "$line"
    [ "$status" -eq 0 ]
    [ "$output" = $'backing up\ndone' ]
}

@test "cron is told when the run fails" {
    ERRAND_URL=$DIRECT_URL errand runner create failing --image "$REGISTRY/demo/busybox:1" -- sh -c 'exit 6'
    line=$(readme crontab 1 | sed 's/^\([^ ]* *\)\{5\}//; s|/opt/errand|'"$CHECKOUT"'|g; s/backup/failing/')
    run env -i HOME=/ LOGNAME=root SHELL=/bin/sh PATH=/usr/bin:/bin ASAN_OPTIONS="${ASAN_OPTIONS-}" \
        /bin/sh -c "$line"
    [ "$status" -eq 6 ]
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
