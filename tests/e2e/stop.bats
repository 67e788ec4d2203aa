#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Stopping a run, whatever it is doing.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

stop_run() {
    api POST "/v1/runs/$1/stop"
}

@test "stopping a pending run cancels it at once and it never runs" {
    run=$(trigger "$(make_runner '{"instance_type": "standard-l"}')" '{"argv": ["true"]}')
    has_status "$run" pending
    stop_run "$run" | jq --exit-status '.run.status == "canceled" and .run.exit_code == null
        and .run.started_at == null and .run.termination_reason == "canceled"'
    has_status "$run" canceled
}

@test "whoever follows a pending run is told that it was canceled" {
    run=$(trigger "$(make_runner '{"instance_type": "standard-l"}')" '{"argv": ["true"]}')
    curl --silent --no-buffer --header "Authorization: Bearer $ERRAND_TOKEN" \
        "$ERRAND_URL/v1/runs/$run/logs/stream" >"$STACK/stream" &
    eventually 10 grep --quiet '^event: status' "$STACK/stream"
    stop_run "$run"
    wait $!
    sse_events <"$STACK/stream" | tail -n 1 | cut -f3 |
        jq --exit-status '.status == "canceled" and .exit_code == null and .last_id == 0'
}

@test "stopping a running run cancels it and its container is gone" {
    run=$(trigger "$(make_runner)" '{"argv": ["sh", "-c", "echo up; exec sleep 87654"]}')
    wait_line "$run" up
    pgrep --full '^sleep 87654'
    stop_run "$run"
    wait_final "$run" | jq --exit-status '.status == "canceled" and .termination_reason == "canceled"
        and .exit_code == 143'
    run ! pgrep --full '^sleep 87654'
}

@test "a program may use the grace it is given, and its last words are kept" {
    run=$(trigger "$(make_runner '{"stop_grace_seconds": 20}')" \
        '{"command": "trap \"echo bye; exit 5\" TERM; echo up; while :; do sleep 0.1; done"}')
    wait_line "$run" up
    stop_run "$run"
    wait_final "$run" | jq --exit-status '.status == "canceled" and .exit_code == 5'
    [ "$(log_text "$run" | tail -n 1)" = bye ]
}

@test "a program that ignores SIGTERM is killed after its grace" {
    run=$(trigger "$(make_runner)" '{"command": "trap \"\" TERM; echo up; while :; do sleep 1; done"}')
    wait_line "$run" up
    stop_run "$run"
    wait_final "$run" | jq --exit-status '.status == "canceled" and .exit_code == 137'
}

@test "the runner's stop signal is the one that is sent" {
    run=$(trigger "$(make_runner '{"stop_signal": "SIGUSR1", "stop_grace_seconds": 20}')" \
        '{"command": "trap \"echo usr1; exit 0\" USR1; echo up; while :; do sleep 0.1; done"}')
    wait_line "$run" up
    stop_run "$run"
    wait_final "$run" | jq --exit-status '.status == "canceled" and .exit_code == 0'
    [ "$(log_text "$run" | tail -n 1)" = usr1 ]
}

@test "stopping twice is stopping once" {
    run=$(trigger "$(make_runner)" '{"command": "trap \"\" TERM; echo up; while :; do sleep 1; done"}')
    wait_line "$run" up
    stop_run "$run"
    stop_run "$run"
    wait_final "$run" | jq --exit-status '.status == "canceled"'
}

@test "stopping a run that has ended changes nothing" {
    run=$(finish "$(make_runner)" '{"argv": ["sh", "-c", "exit 3"]}' | jq --raw-output .id)
    stop_run "$run" | jq --exit-status '.run.status == "failed" and .run.exit_code == 3'
}

@test "errand stop stops, and errand run tells its own" {
    runner=$(make_runner)
    errand run "$runner" -- sh -c 'echo up; sleep 300' >"$STACK/out" 2>"$STACK/err" &
    eventually 20 grep --quiet up "$STACK/out"
    errand stop "$(api GET "/v1/runners/$runner/runs" | jq --raw-output '.runs[0].id')"
    code=0
    wait $! || code=$?
    [ "$code" -eq 143 ]
    grep canceled "$STACK/err"
}

@test "Ctrl-C at errand run stops the run" {
    runner=$(make_runner)
    bash -c 'trap - INT; exec errand run "$1" -- sh -c "echo up; sleep 300"' bash "$runner" \
        >"$STACK/out" 2>"$STACK/err" &
    eventually 20 grep --quiet up "$STACK/out"
    kill -INT $!
    wait $! || true
    api GET "/v1/runners/$runner/runs" | jq --exit-status '.runs[0].status == "canceled"'
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
