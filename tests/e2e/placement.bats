#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Memory: its limit inside a container, and where and when there is enough of it for a run.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

first_hypervisor() {
    api GET /v1/hypervisors | jq --raw-output '.hypervisors[] | select(.name != "big").name'
}

# A run that stays until it is stopped, of this instance type.
occupy() {
    local run
    run=$(trigger "$(make_runner "{\"instance_type\": \"$1\"}")" '{"command": "echo up; exec sleep 300"}')
    eventually 20 has_status "$run" running
    echo "$run"
}

release() {
    api POST "/v1/runs/$1/stop"
    wait_final "$1"
}

@test "a run that takes more memory than it may is killed and says so" {
    run=$(finish "$(make_runner)" '{"argv": ["tail", "/dev/zero"]}')
    jq --exit-status '.status == "failed" and .exit_code == 137
        and .termination_reason == "oom_killed" and .oom_killed' <<<"$run"
}

@test "a run that outlives the killing of its child ends as it wants" {
    run=$(finish "$(make_runner)" '{"command": "tail /dev/zero; echo survived; exit 4"}')
    jq --exit-status '.status == "failed" and .exit_code == 4 and .termination_reason == "exited"
        and .oom_killed' <<<"$run"
    log_text "$(jq --raw-output .id <<<"$run")" | grep --line-regexp survived
}

@test "a run reports how much memory and processor time it took" {
    run=$(finish "$(make_runner)" '{"command": "head -c 50m /dev/zero | tail -c 50m | wc -c; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"}')
    jq --exit-status '.status == "succeeded" and .memory_peak_bytes > 50000000
        and .memory_peak_bytes < 300000000 and .cpu_ms > 5' <<<"$run"
}

@test "a run that is too large for every hypervisor waits and says for what" {
    run=$(trigger "$(make_runner '{"instance_type": "standard-l"}')" '{"argv": ["true"]}')
    eventually 10 has_pending_reason "$run" insufficient_memory
    run_json "$run" | jq --exit-status '.status == "pending" and (.pending_message | contains("4096"))'
    errand stop "$run"
}

@test "a run waits until memory is free, then runs" {
    occupant=$(occupy standard-m)
    run=$(trigger "$(make_runner)" '{"argv": ["echo", "at last"]}')
    eventually 10 has_pending_reason "$run" insufficient_memory
    has_status "$run" pending
    release "$occupant"
    wait_final "$run" | jq --exit-status '.status == "succeeded"'
    [ "$(log_text "$run")" = "at last" ]
}

@test "a small run passes a large one that has to wait" {
    large=$(trigger "$(make_runner '{"instance_type": "standard-l"}')" '{"argv": ["true"]}')
    eventually 10 has_pending_reason "$large" insufficient_memory
    finish "$(make_runner)" '{"argv": ["true"]}' | jq --exit-status '.status == "succeeded"'
    has_status "$large" pending
    errand stop "$large"
}

@test "a second hypervisor takes the run that is too large for the first" {
    run=$(trigger "$(make_runner '{"instance_type": "standard-l"}')" '{"argv": ["echo", "enough room"]}')
    eventually 10 has_pending_reason "$run" insufficient_memory
    add_hypervisor big --mem_total_mb 8192
    wait_final "$run" | jq --exit-status '.status == "succeeded" and .hypervisor.name == "big"'
    [ "$(log_text "$run")" = "enough room" ]
}

@test "of two with room the fuller one is filled up, so that large runs find room" {
    occupant=$(occupy standard-s)
    [ "$(hypervisor_of "$occupant")" = "$(first_hypervisor)" ]
    release "$occupant"
}

@test "when the first is full the next run goes to the second" {
    occupant=$(occupy standard-m)
    [ "$(hypervisor_of "$occupant")" = "$(first_hypervisor)" ]
    run=$(finish "$(make_runner)" '{"argv": ["true"]}')
    jq --exit-status '.status == "succeeded" and .hypervisor.name == "big"' <<<"$run"
    release "$occupant"
}

@test "eight runs of 256 MB fill four places here and four there, all at once" {
    runner=$(make_runner)
    for i in {1..8}; do
        trigger "$runner" '{"argv": ["sleep", "300"]}' >"$STACK/run-$i"
    done
    for i in {1..8}; do
        eventually 30 has_status "$(cat "$STACK/run-$i")" running
        hypervisor_of "$(cat "$STACK/run-$i")" >>"$STACK/where"
    done
    [ "$(grep --count --line-regexp big "$STACK/where")" -eq 4 ]
    for i in {1..8}; do
        release "$(cat "$STACK/run-$i")"
    done
}

@test "the memory a hypervisor says is free comes back" {
    api GET /v1/hypervisors | jq --exit-status \
        'all(.hypervisors[]; .runs == 0 and .mem_free <= .mem_total)'
    occupant=$(occupy standard-m)
    release "$occupant"
    [ "$(hypervisor_of "$(occupy standard-m | tee "$STACK/occupant")")" = "$(first_hypervisor)" ]
    release "$(cat "$STACK/occupant")"
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
