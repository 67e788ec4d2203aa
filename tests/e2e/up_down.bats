#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The local stack as a whole: up, up again, down, up.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

pids() {
    cat "$DATA"/pid/*
}

@test "errand up returns when the stack is ready" {
    [ "$(curl --silent --output /dev/null --write-out '%{http_code}' "$DIRECT_URL/readyz")" = 200 ]
    [ "$(curl --silent --output /dev/null --write-out '%{http_code}' "$DIRECT_URL/healthz")" = 200 ]
    hypervisor_is_ready "$(api GET /v1/hypervisors | jq --raw-output '.hypervisors[0].name')"
}

@test "errand up prints address and token and leaves them in a file only its owner reads" {
    grep --fixed-strings "$DIRECT_URL" "$STACK/up.log"
    grep --fixed-strings "$ERRAND_TOKEN" "$STACK/up.log"
    [ "$(stat -c %a "$DATA/env")" = 600 ]
}

@test "errand status shows every program running" {
    run errand status --data "$DATA"
    [ "$status" -eq 0 ]
    for program in postgres api scheduler agent; do
        [[ $output == *$program* ]]
    done
}

@test "errand up again changes nothing and is quick" {
    before=$(pids)
    begin=$SECONDS
    stack_up
    [ $((SECONDS - begin)) -le 3 ]
    [ "$(pids)" = "$before" ]
}

@test "errand up starts only what is missing" {
    api_pid=$(pid_of errand-api)
    kill_hard errand-scheduler
    stack_up
    [ "$(pid_of errand-api)" = "$api_pid" ]
    kill -0 "$(pid_of errand-scheduler)"
}

@test "state survives errand down and errand up: address, token, runner, run, log" {
    runner=$(make_runner '{"run_command": "echo $WORD"}')
    api POST "/v1/runners/$runner/env_variables" '{"env_key": "WORD", "env_val": "kept"}'
    run=$(finish "$runner" | jq --raw-output .id)
    cp "$DATA/env" "$STACK/env.before"

    stack_down
    run ! curl --silent "$DIRECT_URL/healthz"
    [ -z "$(pids 2>/dev/null)" ]

    stack_up
    cmp "$DATA/env" "$STACK/env.before"
    run_json "$run" | jq --exit-status '.status == "succeeded"'
    [ "$(log_text "$run")" = kept ]
    run errand run "$runner"
    [ "$output" = kept ]
}

@test "a run that waits during errand down is placed after errand up" {
    kill_hard errand-scheduler
    run=$(trigger "$(make_runner)" '{"argv": ["echo", "patience"]}')
    stack_down
    stack_up
    wait_final "$run" | jq --exit-status '.status == "succeeded"'
    [ "$(log_text "$run")" = patience ]
}

@test "errand down ends what runs, and the run has ended when the stack is up again" {
    run=$(trigger "$(make_runner)" '{"command": "echo up; exec sleep 43210"}')
    wait_line "$run" up
    stack_down
    run ! pgrep --full '^sleep 43210'
    stack_up
    wait_final "$run" | jq --exit-status '.status != "succeeded" and .termination_reason != null'
}

@test "errand down twice is errand down once" {
    stack_down
    stack_down
    stack_up
}

@test "a second stack beside the first one is another world" {
    other=$STACK/other
    without_bats errand up --data "$other" --port 0
    (
        source "$other/env"
        [ "$ERRAND_URL" != "$DIRECT_URL" ]
        curl --silent --fail --header "Authorization: Bearer $ERRAND_TOKEN" "$ERRAND_URL/v1/runners" |
            jq --exit-status '.runners == []'
    )
    [ "$(curl --silent --output /dev/null --write-out '%{http_code}' \
        --header "Authorization: Bearer $(. "$other/env" && echo "$ERRAND_TOKEN")" "$DIRECT_URL/v1/runners")" = 401 ]
    without_bats errand down --data "$other"
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
