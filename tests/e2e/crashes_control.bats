#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 of API, scheduler and database in the middle of a run.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

# A run that prints 1..30 in about three seconds and exits with 9.
trigger_counting() {
    trigger "$(make_runner)" '{"command": "for i in $(seq 1 30); do echo $i; sleep 0.1; done; exit 9"}'
}

is_complete() {
    wait_final "$1" | jq --exit-status '.status == "failed" and .exit_code == 9
        and .termination_reason == "exited" and .attempt == 1 and .log_lines == 30'
    log_text "$1" | cmp - <(seq 1 30)
    log_entries "$1" | jq .id | cmp - <(seq 1 30)
}

@test "an API that is killed and comes back: the log is complete and who followed it goes on" {
    runner=$(make_runner)
    errand run "$runner" --command \
        'for i in $(seq 1 30); do echo $i; sleep 0.1; done; exit 9' >"$STACK/out" 2>"$STACK/err" &
    errand_pid=$!
    eventually 20 grep --quiet --line-regexp 5 "$STACK/out"
    kill_hard errand-api
    sleep 1
    stack_up
    code=0
    wait "$errand_pid" || code=$?
    [ "$code" -eq 9 ]
    cmp "$STACK/out" <(seq 1 30)
    is_complete "$(api GET "/v1/runners/$runner/runs" | jq --raw-output '.runs[0].id')"
}

@test "a run that ends while the API is dead is told when it is back" {
    run=$(trigger "$(make_runner)" '{"command": "echo up; sleep 1; seq 1 5000; exit 9"}')
    wait_line "$run" up
    kill_hard errand-api
    sleep 2
    stack_up
    wait_final "$run" | jq --exit-status '.status == "failed" and .exit_code == 9 and .attempt == 1'
    log_text "$run" | cmp - <(echo up; seq 1 5000)
}

@test "while the scheduler is dead runs wait, and they are placed when it is back" {
    kill_hard errand-scheduler
    run=$(trigger "$(make_runner)" '{"argv": ["echo", "placed"]}')
    sleep 1
    has_status "$run" pending
    stack_up
    wait_final "$run" | jq --exit-status '.status == "succeeded" and .attempt == 1'
    [ "$(log_text "$run")" = placed ]
}

@test "a run goes on while the scheduler is dead" {
    run=$(trigger_counting)
    wait_line "$run" 1
    kill_hard errand-scheduler
    is_complete "$run"
    stack_up
}

@test "a database that is killed and comes back loses nothing" {
    run=$(trigger_counting)
    wait_line "$run" 5
    kill_hard postgres
    sleep 1
    stack_up
    eventually 30 api GET /v1/runners
    is_complete "$run"
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
