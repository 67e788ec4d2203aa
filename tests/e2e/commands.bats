#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What the container is given: its arguments, its shell text, its entrypoint, its environment.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

# The text of the only run that `finish` prints.
output_of() {
    log_text "$(jq --raw-output .id)"
}

@test "arguments reach the program untouched: blanks, quotes, dollar, star, nothing" {
    run errand run "$(make_runner)" -- printf '[%s]\n' \
        'a b' "it's" 'say "x"' '$HOME' '*' '' '-n' '`id`' 'back\slash' '; exit 9' $'ta\tb' 'ünï ☃'
    [ "$status" -eq 0 ]
    diff - <(echo "$output") <<'WANT'
[a b]
[it's]
[say "x"]
[$HOME]
[*]
[]
[-n]
[`id`]
[back\slash]
[; exit 9]
[ta	b]
[ünï ☃]
WANT
}

@test "a newline inside an argument stays inside it" {
    runner=$(make_runner)
    run=$(finish "$runner" '{"argv": ["sh", "-c", "printf \"%s\" \"$1\" | wc -l; echo $#", "sh", "a\nb\nc"]}')
    [ "$(output_of <<<"$run")" = $'2\n1' ]
}

@test "the runner's arguments are used when the run gives none" {
    run errand run "$(make_runner '{"argv": ["echo", "from the runner"]}')"
    [ "$output" = "from the runner" ]
}

@test "the run's arguments replace the runner's command" {
    run errand run "$(make_runner '{"run_command": "echo from the runner"}')" -- echo "from the run"
    [ "$output" = "from the run" ]
}

@test "shell text runs in a shell, with pipes and variables" {
    run errand run "$(make_runner)" --command 'x=b; printf "%s\n" $x a | sort | tr a-z A-Z; exit 3'
    [ "$status" -eq 3 ]
    [ "$output" = $'A\nB' ]
}

@test "the runner's shell text runs in a shell" {
    run errand run "$(make_runner '{"run_command": "echo one two | wc -w"}')"
    [ "$output" = 2 ]
}

@test "the image's own command runs when nothing else is given" {
    run errand run "$(make_runner)"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "an entrypoint takes the arguments" {
    run errand run "$(make_runner)" --entrypoint /bin/echo -- 'x  y' z
    [ "$output" = 'x  y z' ]
}

@test "an entrypoint of the runner is replaced by the run's" {
    run errand run "$(make_runner '{"entrypoint": "/bin/false"}')" --entrypoint /bin/echo -- hello
    [ "$status" -eq 0 ]
    [ "$output" = hello ]
}

@test "an entrypoint takes shell text as its one argument" {
    run errand run "$(make_runner)" --entrypoint /bin/echo --command 'a | b   c'
    [ "$output" = 'a | b   c' ]
}

@test "a run's variable wins over the runner's, and the runner's over the image's" {
    runner=$(make_runner '{"run_command": "echo $A $B $C $IMAGE"}')
    for pair in A=outer B=outer IMAGE=outer; do
        api POST "/v1/runners/$runner/env_variables" \
            "{\"env_key\": \"${pair%=*}\", \"env_val\": \"${pair#*=}\"}"
    done
    run errand run "$runner" --env B=run --env C=run
    [ "$output" = 'outer run run outer' ]
}

@test "the image's variables are there" {
    run errand run "$(make_runner)" -- sh -c 'echo $IMAGE in $PWD'
    [ "$output" = 'busybox in /root' ]
}

@test "a value keeps its quotes, newlines and UTF-8" {
    value=$'say "hi"\nit\'s $HOME `id` \\n * ☃ ünï\ttab = x\n'
    body=$(jq --null-input --arg value "$value" '{command: "printf %s \"$VALUE\" | md5sum | cut -c1-32",
        env_variables: [{env_key: "VALUE", env_val: $value}, {env_key: "NONE", env_val: ""}]}')
    run=$(finish "$(make_runner)" "$body")
    [ "$(output_of <<<"$run")" = "$(printf %s "$value" | md5sum | cut -c1-32)" ]
}

@test "an empty value is set, not unset" {
    run errand run "$(make_runner)" --env NONE= -- sh -c 'echo ${NONE-unset}${NONE:-empty}'
    [ "$output" = empty ]
}

@test "a run lists the names of its variables and no value" {
    runner=$(make_runner '{"argv": ["true"]}')
    run=$(finish "$runner" '{"env_variables": [{"env_key": "B", "env_val": "hidden-value"}, {"env_key": "A", "env_val": "x"}]}')
    jq --exit-status '.env_keys == ["A", "B"]' <<<"$run"
    [[ $run != *hidden-value* ]]
}

@test "a container runs as the user that was asked for, on a root that may be read-only" {
    run errand run "$(make_runner '{"user": "1234:4321", "read_only": true}')" -- \
        sh -c 'id -u; id -g; touch /x 2>/dev/null || echo "read-only"'
    [ "$output" = $'1234\n4321\nread-only' ]
}

@test "a container is alone: its own processes, its own host name, no way out" {
    run errand run "$(make_runner)" -- sh -c 'ls /proc | grep -c "^[0-9]"; hostname | wc -c; cat /proc/1/cmdline | tr "\0" " "'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" -le 5 ]
    [ "${lines[1]}" -ge 2 ]
}

@test "a process limit holds" {
    run errand run "$(make_runner '{"pids_limit": 16}')" -- \
        sh -c 'i=0; while [ $i -lt 40 ]; do sleep 20 & i=$((i+1)); done; echo all'
    [[ $output != *all* ]]
}

@test "doctor finds the stack well, and says what is not" {
    run errand doctor
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"ok"*"scheduler"* ]]
    [[ $output != *failed* ]]
    name=$(errand hypervisors --quiet | head -n 1)
    errand hypervisors cordon "$name"
    run -0 errand doctor --json
    jq --exit-status 'any(.checks[]; .status == "warning" and .message == "cordoned")' <<<"$output"
    errand hypervisors uncordon "$name"
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
