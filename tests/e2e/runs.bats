#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# How a run can end, and how that is told.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

@test "a run succeeds and its output arrives" {
    runner=$(make_runner)
    run errand run "$runner" -- echo "hello from the container"
    [ "$status" -eq 0 ]
    [ "$output" = "hello from the container" ]
}

@test "a run that succeeded says when, where and how long" {
    run=$(finish "$(make_runner '{"argv": ["true"]}')")
    jq --exit-status '.status == "succeeded" and .exit_code == 0 and .termination_reason == "exited"
        and .attempt == 1 and .started_at <= .completed_at and .hypervisor.name != ""
        and .duration_ms >= 0 and .log_lines == 0 and (.image_digest | startswith("sha256:"))
        and .pending_reason == null' <<<"$run"
}

@test "a run says which image it really ran" {
    run=$(finish "$(make_runner '{"argv": ["true"]}')")
    [ "$(jq --raw-output .image_digest <<<"$run")" = "$(cat "$STACK/image/digest")" ]
}

@test "a runner can pin an image by its digest" {
    runner=$(make_runner "{\"image_tag\": \"latest\", \"image_digest\": \"$(cat "$STACK/image/digest")\"}")
    run errand run "$runner" -- echo pinned
    [ "$status" -eq 0 ]
    [ "$output" = pinned ]
}

@test "errand run exits with the container's exit code" {
    runner=$(make_runner)
    for code in 1 42 255; do
        run errand run "$runner" -- sh -c "exit $code"
        [ "$status" -eq "$code" ]
    done
}

@test "a non-zero exit is a failed run that shows its code" {
    run=$(finish "$(make_runner)" '{"argv": ["sh", "-c", "exit 7"]}')
    jq --exit-status '.status == "failed" and .exit_code == 7 and .termination_reason == "exited"' <<<"$run"
}

@test "death by signal n is exit code 128 + n" {
    run errand run "$(make_runner)" -- sh -c 'kill -SEGV $$'
    [ "$status" -eq 139 ]
}

@test "a run that is over its time is killed and exits with 124" {
    run=$(finish "$(make_runner)" '{"argv": ["sleep", "300"], "timeout_seconds": 1}')
    jq --exit-status '.status == "failed" and .exit_code == 124 and .termination_reason == "timeout"
        and .duration_ms >= 1000 and .duration_ms < 4000' <<<"$run"
}

@test "a run that ignores SIGTERM is killed with its children when its time is over" {
    run errand run "$(make_runner)" --timeout 1 --command \
        'trap "" TERM; (trap "" TERM; sleep 98765) & echo up; while :; do sleep 98765; done'
    [ "$status" -eq 124 ]
    [ "${lines[0]}" = up ]
    run ! pgrep --full '^sleep 98765'
}

@test "a program that is not in the image is 127 and an invalid command" {
    run=$(finish "$(make_runner)" '{"argv": ["no-such-program"]}')
    jq --exit-status '.status == "failed" and .exit_code == 127
        and .termination_reason == "invalid_command"
        and (.termination_message | contains("no-such-program"))' <<<"$run"
}

@test "a file that is no program is 126 and an invalid command" {
    run=$(finish "$(make_runner)" '{"argv": ["/etc/passwd"]}')
    jq --exit-status '.status == "failed" and .exit_code == 126
        and .termination_reason == "invalid_command"' <<<"$run"
}

@test "errand run exits with 127 when there is no such program" {
    run -127 errand run "$(make_runner)" -- no-such-program
}

@test "an image that does not exist fails the run and says which" {
    run=$(finish "$(make_runner "{\"image_name\": \"$REGISTRY/test/none\"}")" '{"argv": ["true"]}')
    jq --exit-status '.status == "failed" and .exit_code == null and .started_at == null
        and .termination_reason == "image_not_found"
        and (.termination_message | contains("test/none"))' <<<"$run"
}

@test "a tag that does not exist fails the run" {
    run=$(finish "$(make_runner '{"image_tag": "none"}')" '{"argv": ["true"]}')
    jq --exit-status '.termination_reason == "image_not_found"' <<<"$run"
}

@test "a registry that does not answer fails the run, and the next run is not hurt" {
    run=$(finish "$(make_runner '{"image_name": "127.0.0.1:1/test/busybox", "pull_timeout_seconds": 20}')")
    jq --exit-status '.status == "failed" and .exit_code == null
        and (.termination_reason | startswith("image_pull_"))' <<<"$run"
    run errand run "$(make_runner)" -- echo fine
    [ "$output" = fine ]
}

@test "errand run exits with 125 when the container never ran" {
    run errand run "$(make_runner '{"image_tag": "none"}')" -- true
    [ "$status" -eq 125 ]
    [[ $output == *image_not_found* ]]
}

@test "twelve runs at once all end well, each with its own output" {
    runner=$(make_runner)
    for i in {1..12}; do
        trigger "$runner" "{\"argv\": [\"echo\", \"I am $i\"]}" >"$STACK/run-$i"
    done
    for i in {1..12}; do
        run=$(cat "$STACK/run-$i")
        [ "$(wait_final "$run" | jq --raw-output .status)" = succeeded ]
        [ "$(log_text "$run")" = "I am $i" ]
    done
}

@test "a run in a trace tells the container, in the open" {
    run_id=$(curl --silent --fail-with-body --header "Authorization: Bearer $ERRAND_TOKEN" \
        --header "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" \
        --header 'Content-Type: application/json' --data '{"command": "echo in $TRACEPARENT"}' \
        "$ERRAND_URL/v1/runners/$(make_runner)/runs?wait=60" | jq --raw-output .run.id)
    span=$(api GET "/v1/runs/$run_id/trace" | jq --raw-output '.resourceSpans[0].scopeSpans[0].spans[0].spanId')
    wait_line "$run_id" "in 00-4bf92f3577b34da6a3ce929d0e0e4736-$span-01"
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
