#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 of agent and shim in the middle of a run.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

# A run that prints 1..60 in about six seconds and exits with 9.
trigger_counting() {
    trigger "$(make_runner)" '{"command": "for i in $(seq 1 60); do echo $i; sleep 0.1; done; exit 9"}'
}

is_complete() {
    wait_final "$1" | jq --exit-status '.status == "failed" and .exit_code == 9
        and .termination_reason == "exited" and .attempt == 1 and .log_lines == 60'
    log_text "$1" | cmp - <(seq 1 60)
    log_entries "$1" | jq .id | cmp - <(seq 1 60)
}

@test "an agent that is killed and comes back goes on with the same run, and no line is lost" {
    run=$(trigger_counting)
    wait_line "$run" 5
    started=$(run_json "$run" | jq .started_at)
    kill_hard errand-agent
    sleep 1
    has_status "$run" running
    stack_up
    is_complete "$run"
    [ "$(run_json "$run" | jq .started_at)" = "$started" ]
}

@test "a run that ends while the agent is dead is told when it is back" {
    run=$(trigger "$(make_runner)" '{"command": "echo up; sleep 1; seq 1 5000; exit 9"}')
    wait_line "$run" up
    kill_hard errand-agent
    sleep 2
    stack_up
    wait_final "$run" | jq --exit-status '.status == "failed" and .exit_code == 9 and .attempt == 1'
    log_text "$run" | cmp - <(echo up; seq 1 5000)
}

@test "the deadline holds while the agent is dead" {
    run=$(trigger "$(make_runner)" '{"command": "echo up; exec sleep 76543", "timeout_seconds": 2}')
    wait_line "$run" up
    kill_hard errand-agent
    sleep 4
    run ! pgrep --full '^sleep 76543'
    stack_up
    wait_final "$run" | jq --exit-status '.exit_code == 124 and .termination_reason == "timeout"'
}

@test "a shim that is killed takes its container with it, and the run ends with a reason" {
    run=$(trigger "$(make_runner)" '{"command": "echo up; exec sleep 65432"}')
    wait_line "$run" up
    pkill --full --signal KILL "errand-shim.*$run"
    wait_final "$run" | jq --exit-status '.status == "failed" and .termination_reason == "internal"'
    run ! pgrep --full '^sleep 65432'
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
