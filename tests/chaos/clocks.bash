# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A wall clock for each machine that a stack could be spread over: api, scheduler, database, agent (the
# hypervisor of `errand up`, with its shims) and far. Each is right until it is stepped; the machine's
# own is never touched.

readonly -a CLOCKS=(api scheduler database agent far)

# with_clock CLOCK: what stands before a command whose clock that is.
with_clock() {
    # what is preloaded comes before the sanitizer's runtime
    echo "env LD_PRELOAD=${ERRAND_STEPPED_CLOCK:?ctest sets it} CHAOS_CLOCK=$STACK/clocks/$1" \
        "ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
}

# put_before FILE CLOCK PROGRAM [VARIABLE=VALUE]: FILE becomes PROGRAM with that clock.
put_before() {
    printf '#!/bin/sh\nexec %s %s %s "$@"\n' "$(with_clock "$2")" "${4-}" "$3" >"$1"
    chmod 755 "$1"
}

# To be called by stack_start, before anything is started: `errand up` finds these programs beside
# itself, and that PostgreSQL by the pg_config in PATH.
clocks_make() {
    local bin=$STACK/bin postgres clock program
    postgres=$(PATH=${PATH#"$bin:"} pg_config --bindir)
    mkdir -p "$STACK/clocks" "$bin/postgres" "$bin/real"
    for clock in "${CLOCKS[@]}"; do
        printf '+%010d\n' 0 >"$STACK/clocks/$clock"
    done
    # a checkout may be closed to the account that these run as
    cp "$ERRAND_BIN_DIR"/errand{,-api,-scheduler} "$ERRAND_STEPPED_CLOCK" "$bin/real"
    export ERRAND_STEPPED_CLOCK=$bin/real/${ERRAND_STEPPED_CLOCK##*/}
    mv "$bin/real/errand" "$bin/errand"
    for program in api scheduler; do
        put_before "$bin/errand-$program" "$program" "$bin/real/errand-$program"
    done
    for clock in agent far; do
        put_before "$bin/shim-$clock" "$clock" "$ERRAND_BIN_DIR/errand-shim"
        put_before "$bin/errand-agent-$clock" "$clock" "$ERRAND_BIN_DIR/errand-agent" \
            "ERRAND_SHIM=$bin/shim-$clock"
    done
    mv "$bin/errand-agent-agent" "$bin/errand-agent"
    ln -s "$postgres"/* "$bin/postgres/"
    rm "$bin/postgres/postgres"
    put_before "$bin/postgres/postgres" database "$postgres/postgres"
    printf '#!/bin/sh\necho "%s"\n' "$bin/postgres" >"$bin/pg_config"
    chmod 755 "$bin/pg_config" "$STACK/clocks" "$bin" "$bin/postgres" "$bin/real"
    chmod 644 "$STACK"/clocks/*
    PATH=$bin:$PATH
}

# clock_step CLOCK SECONDS: from the right time, not from what it says now.
clock_step() {
    local sign=+
    (($2 >= 0)) || sign=-
    printf '%s%010d' "$sign" "${2#-}" 1<>"$STACK/clocks/$1"
}
