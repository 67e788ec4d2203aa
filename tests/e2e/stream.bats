#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The live log over a connection that breaks.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

# stream RUN QUERY [curl arguments]: the raw event stream.
stream() {
    local path="/v1/runs/$1/logs/stream$2"
    shift 2
    curl --silent --no-buffer --max-time 60 --header "Authorization: Bearer $ERRAND_TOKEN" "$@" \
        "$ERRAND_URL$path"
}

# A run that takes some two seconds over its 3,000 lines.
trigger_slow_run() {
    trigger "$(make_runner)" \
        '{"command": "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); [ $((i % 50)) != 0 ] || sleep 0.03; done"}'
}

# follow_with_cuts RUN BYTES after_id|last_event_id: follow to the end over connections that are cut
# after BYTES each. Whole events go to $STACK/events; prints how many cuts there were.
follow_with_cuts() {
    local last=0 cuts=0 resume
    : >"$STACK/events"
    while ! tail -n 1 "$STACK/events" | grep --quiet ^state; do
        if [[ $3 == after_id ]]; then
            resume=(stream "$1" "?after_id=$last")
        else
            resume=(stream "$1" "" --header "Last-Event-ID: $last")
        fi
        "${resume[@]}" | head --bytes "$2" | sse_events | grep --extended-regexp '^(log|state)' \
            >>"$STACK/events" || true
        last=$(awk '$1 == "log" { id = $2 } END { print id + 0 }' "$STACK/events")
        cuts=$((cuts + 1))
        ((cuts < 500)) || fail "no end in sight" || return
    done
    echo $((cuts - 1))
}

is_whole() {
    awk '$1 == "log" { print $2 }' "$STACK/events" | cmp - <(seq 1 3000) || return
    grep ^log "$STACK/events" | cut -f3 | jq --raw-output .msg | cmp - <(seq -f 'line %.0f' 0 2999) ||
        return
    [[ $(grep --count ^state "$STACK/events") == 1 ]]
    tail -n 1 "$STACK/events" | cut -f3 | jq --exit-status '.status == "succeeded" and .exit_code == 0
        and .last_id == 3000' >/dev/null
}

@test "a stream cut 20 times and resumed by after_id loses and repeats nothing" {
    run=$(trigger_slow_run)
    cuts=$(follow_with_cuts "$run" 15000 after_id)
    [ "$cuts" -ge 20 ]
    is_whole
}

@test "a stream cut 20 times and resumed by Last-Event-ID loses and repeats nothing" {
    run=$(trigger_slow_run)
    cuts=$(follow_with_cuts "$run" 15000 last_event_id)
    [ "$cuts" -ge 20 ]
    is_whole
}

@test "three who follow at once each see every line" {
    run=$(trigger_slow_run)
    for i in 1 2 3; do
        stream "$run" "" | sse_events >"$STACK/events-$i" &
    done
    wait
    for i in 1 2 3; do
        mv "$STACK/events-$i" "$STACK/events"
        is_whole
    done
}

has_grown_from() {
    [[ $(wc --lines <"$STACK/out") -gt $1 ]]
}

has_grown_from() {
    [[ $(wc --lines <"$STACK/out") -gt $1 ]]
}

@test "errand run survives a server that cuts it off again and again" {
    runner=$(make_runner)
    errand run "$runner" --command \
        'trap "exit 9" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done' \
        >"$STACK/out" 2>"$STACK/err" &
    errand_pid=$!
    for _ in {1..4}; do
        eventually 20 has_grown_from "$(wc --lines <"$STACK/out")"
        stack_start_recorder
    done
    eventually 20 has_grown_from "$(wc --lines <"$STACK/out")"
    run=$(api GET "/v1/runs?per_page=10" | jq --raw-output '.runs[0].id')
    errand stop "$run"
    code=0
    wait "$errand_pid" || code=$?
    [ "$code" -eq 9 ]
    seq 1 "$(run_json "$run" | jq .log_lines)" | cmp - "$STACK/out"
}

# 50 faults of ten kinds in one follow, some of them while the lines are still coming.
@test "the library follows through cuts, stalls, slow bytes, garbage, 5xx and 429 to the same bytes" {
    run=$(trigger "$(make_runner)" '{"command": "seq 1 20000; sleep 1; printf \"\\377\\n\\nlast\"; seq 1 3000; exit 9"}')
    code=0
    "$ERRAND_BIN_DIR/../tests/follow_faults" "$DIRECT_URL" "$ERRAND_TOKEN" "$run" 50 "${FAULT_SEED:-7}" \
        >"$STACK/out" 2>"$STACK/faults" || code=$?
    cat "$STACK/faults"
    [ "$code" -eq 9 ]
    { seq 1 20000; printf '\377\n\nlast'; seq 1 3000; } | cmp - "$STACK/out"
    grep -qx '50 reconnects' "$STACK/faults"
    ! grep -q ' 0$' "$STACK/faults"
}

@test "the stream begins with retry and has one state, which is its end" {
    run=$(finish "$(make_runner)" '{"argv": ["echo", "x"]}' | jq --raw-output .id)
    stream "$run" "" --dump-header "$STACK/head" >"$STACK/stream"
    [ "$(head -n 1 "$STACK/stream")" = 'retry: 1000' ]
    grep --quiet --ignore-case '^content-type: text/event-stream' "$STACK/head"
    grep --quiet --ignore-case '^x-accel-buffering: no' "$STACK/head"
    grep --quiet --ignore-case '^cache-control: no-store' "$STACK/head"
    [ "$(sse_events <"$STACK/stream" | cut -f1 | tail -n 2)" = $'log\nstate' ]
    [ "$(grep --count '^event: state' "$STACK/stream")" -eq 1 ]
}

@test "after_id and Last-Event-ID are exclusive and the larger wins" {
    run=$(finish "$(make_runner)" '{"argv": ["seq", "1", "10"]}' | jq --raw-output .id)
    ids() {
        sse_events | awk '$1 == "log" { print $2 }' | tr '\n' ' '
    }
    [ "$(stream "$run" "?after_id=7" | ids)" = '8 9 10 ' ]
    [ "$(stream "$run" "?after_id=3" --header 'Last-Event-ID: 8' | ids)" = '9 10 ' ]
    [ "$(stream "$run" "?after_id=9" --header 'Last-Event-ID: 8' | ids)" = '10 ' ]
    [ "$(stream "$run" "?after_id=10" | ids)" = '' ]
}

@test "who has seen the state is sent away with 204" {
    run=$(finish "$(make_runner)" '{"argv": ["true"]}' | jq --raw-output .id)
    [ "$(stream "$run" "" --header 'Last-Event-ID: end' --write-out '%{http_code}')" = 204 ]
}

@test "a pending run says so on its stream, then that it runs and where" {
    run=$(trigger "$(make_runner)" '{"argv": ["sleep", "0.5"]}')
    stream "$run" "" | sse_events >"$STACK/events"
    awk '$1 == "status"' "$STACK/events" | cut -f3 |
        jq --slurp --exit-status 'any(.status == "running" and .hypervisor != null)'
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
