#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What is written is what is read: every line, every byte, in order, on the stream it came from.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

# The run of the newest test, with this shell text.
logged() {
    finish "$(make_runner)" "$(jq --null-input --arg text "$1" '{command: $text}')" |
        jq --raw-output .id
}

@test "100,000 lines come through errand run complete and in order" {
    errand run "$(make_runner)" -- seq 1 100000 >"$STACK/out"
    seq 1 100000 | cmp - "$STACK/out"
}

@test "20,000 lines come through GET logs complete, in order and numbered without a gap" {
    run=$(logged 'seq 1 20000')
    log_entries "$run" >"$STACK/entries"
    jq --raw-output .msg "$STACK/entries" | cmp - <(seq 1 20000)
    jq .id "$STACK/entries" | cmp - <(seq 1 20000)
    run_json "$run" | jq --exit-status '.log_lines == 20000 and .log_bytes == 88894
        and .log_truncated == false'
}

@test "errand logs prints the whole log of a run that has ended" {
    run=$(logged 'seq 1 3000')
    errand logs "$run" >"$STACK/out"
    seq 1 3000 | cmp - "$STACK/out"
}

@test "errand logs -f follows a run to its end" {
    run=$(trigger "$(make_runner)" '{"command": "for i in 1 2 3; do echo $i; sleep 0.3; done"}')
    errand logs -f "$run" >"$STACK/out"
    seq 1 3 | cmp - "$STACK/out"
}

@test "a line is seen while the run is still running" {
    run=$(trigger "$(make_runner)" '{"command": "echo first; sleep 300"}')
    curl --silent --no-buffer --header "Authorization: Bearer $ERRAND_TOKEN" \
        "$ERRAND_URL/v1/runs/$run/logs/stream" >"$STACK/stream" &
    eventually 10 grep --quiet first "$STACK/stream"
    has_status "$run" running
    errand stop "$run"
    wait $!
}

@test "stdout and stderr are told apart and keep their order" {
    run=$(logged 'for i in 1 2 3; do echo out$i; sleep 0.1; echo err$i >&2; sleep 0.1; done')
    [ "$(log_entries "$run" | jq --raw-output '.stream + " " + .msg')" = "$(printf '%s\n' \
        'stdout out1' 'stderr err1' 'stdout out2' 'stderr err2' 'stdout out3' 'stderr err3')" ]
}

@test "errand run writes stdout to stdout and stderr to stderr" {
    run --separate-stderr errand run "$(make_runner)" -- sh -c 'echo out; echo err >&2'
    [ "$output" = out ]
    [ "$stderr" = err ]
}

@test "a last line without an end is a line" {
    run=$(logged 'printf "one\ntwo"')
    [ "$(log_entries "$run" | jq --compact-output '[.id, .msg]')" = $'[1,"one"]\n[2,"two"]' ]
}

@test "empty lines are lines" {
    run=$(logged 'printf "\n\nx\n\n"')
    [ "$(log_entries "$run" | jq --compact-output .msg)" = $'""\n""\n"x"\n""' ]
}

@test "a run that says nothing has an empty, complete log" {
    run=$(logged true)
    api GET "/v1/runs/$run/logs" |
        jq --exit-status '.logs == [] and .meta.last_id == 0 and .meta.complete'
}

@test "bytes that are not UTF-8 come as base64, the lines around them as text" {
    run=$(logged 'printf "ok\n\377\376\000x\nok ☃\n"')
    log_entries "$run" | jq --slurp --exit-status '.[0].msg == "ok" and .[1].msg_base64 == "//4AeA=="
        and (.[1] | has("msg") | not) and .[2].msg == "ok ☃"'
}

@test "errand run writes bytes that are not UTF-8 as they were" {
    errand run "$(make_runner)" --command 'printf "\377\376\000x\n"' >"$STACK/out"
    printf '\377\376\000x\n' | cmp - "$STACK/out"
}

@test "carriage returns, quotes, backslashes and control characters survive" {
    run=$(logged "printf 'a\\rb \"q\" \\\\ \\001\\033[1m\\n'")
    log_entries "$run" | jq --exit-status '.msg == "a\rb \"q\" \\ \u0001\u001b[1m"'
}

@test "a line of 1 MiB comes in pieces that put together are the line" {
    run=$(logged 'head -c 1048576 /dev/zero | tr "\0" x; echo; echo after')
    log_entries "$run" >"$STACK/entries"
    jq --slurp --exit-status 'length == 65 and all(.[0:63][]; .partial == true and (.msg | length) == 16384)
        and (.[63] | has("partial") | not) and .[64].msg == "after"' "$STACK/entries"
    [ "$(jq --raw-output --slurp '[.[0:64][].msg] | add' "$STACK/entries" | tr -d x | wc -c)" -eq 1 ]
}

@test "errand run puts a line of 1 MiB together" {
    errand run "$(make_runner)" --command 'head -c 1048576 /dev/zero | tr "\0" x; echo; echo after' \
        >"$STACK/out"
    { head -c 1048576 /dev/zero | tr '\0' x; echo; echo after; } | cmp - "$STACK/out"
}

@test "a piece of a long line never cuts a character in two" {
    run=$(logged 'i=0; while [ $i -lt 9000 ]; do printf ☃; i=$((i+1)); done; echo')
    log_entries "$run" >"$STACK/entries"
    jq --slurp --exit-status '([.[].msg] | add | length) == 9000' "$STACK/entries"
}

@test "what is over the log limit is dropped, counted and said" {
    runner=$(make_runner '{"log_limit_bytes": 1024}')
    run=$(finish "$runner" '{"argv": ["seq", "1", "5000"]}')
    jq --exit-status '.status == "succeeded" and .log_truncated' <<<"$run"
    log_entries "$(jq --raw-output .id <<<"$run")" >"$STACK/entries"
    jq --slurp --exit-status '(map(select(.stream == "stdout")) | length) as $kept
        | $kept > 100 and $kept < 400 and .[-1].stream == "system"
        and (.[-1].msg | contains((5000 - $kept) | tostring))' "$STACK/entries"
}

@test "output of a child that outlives the command does not hold the run" {
    run=$(finish "$(make_runner)" '{"command": "sleep 300 & echo done"}')
    jq --exit-status '.status == "succeeded" and .duration_ms < 10000' <<<"$run"
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
