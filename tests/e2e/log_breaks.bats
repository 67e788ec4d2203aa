#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A long numbered log while agent, API and database are killed at random moments; what is stored and
# what a follower got are the bytes that were printed. BREAK_LINES makes it longer (1000000 for the
# promise in full), BREAK_AWAY_S the time without a control plane, BREAK_PACE_S that of a slice.

load ../support/stack

readonly LINES_TOTAL=${BREAK_LINES:-60000} AWAY_S=${BREAK_AWAY_S:-2} PACE_S=${BREAK_PACE_S:-0.3} SLICES=20

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

# Counts to LINES_TOTAL, with a pause after each slice.
counting() {
    echo "n=$((LINES_TOTAL / SLICES)); for i in \$(seq 0 $((SLICES - 1)));" \
        "do seq \$((i * n + 1)) \$((i * n + n)); sleep $1; done; exit 9"
}

expected() {
    seq 1 $((LINES_TOTAL / SLICES * SLICES))
}

# Kill one of them every half second or so until FILE is there.
break_until() {
    local programs=(errand-agent errand-api errand-agent postgres)
    while [[ ! -e $1 ]]; do
        sleep "0.$((RANDOM % 9))"
        kill_hard "${programs[RANDOM % ${#programs[@]}]}" && echo >>"$STACK/kills" || true
        sleep "0.$((RANDOM % 5))"
        stack_up >>"$STACK/up.log" 2>&1 || true
    done
}

# download RUN: its whole text, as one answer; the recorder knows no text.
download() {
    ERRAND_URL=$DIRECT_URL api GET "/v1/runs/$1/logs?format=text"
}

@test "killed at random moments: the log and its follower have every byte once and in order" {
    ERRAND_URL=$DIRECT_URL errand run "$(make_runner)" --command "$(counting "$PACE_S")" \
        >"$STACK/followed" 2>"$STACK/err" &
    follower=$!
    eventually 20 test -s "$STACK/followed"
    break_until "$STACK/done" 3>&- 4>&- &
    breaker=$!
    code=0
    wait "$follower" || code=$?
    touch "$STACK/done"
    wait "$breaker"
    stack_up >>"$STACK/up.log" 2>&1
    eventually 30 api GET /v1/runners
    [ "$code" -eq 9 ] || { cat "$STACK/err"; false; }
    expected | cmp - "$STACK/followed"
    test -s "$STACK/kills"
    run=$(api GET "/v1/runs?per_page=10" | jq --raw-output '.runs[0].id')
    download "$run" | cmp - <(expected)
    run_json "$run" | jq --exit-status ".exit_code == 9 and .attempt == 1
        and .log_lines == $(expected | wc -l) and (.log_truncated | not)"
}

@test "without a control plane for a while nothing is lost" {
    run=$(trigger "$(make_runner)" "$(jq --null-input --arg c "$(counting 0.1)" '{command: $c}')")
    wait_line "$run" 1
    kill_hard errand-api
    sleep "$AWAY_S" # lines of that time are in the spool
    stack_up >>"$STACK/up.log" 2>&1
    # so many events are not for the recorder
    ERRAND_URL=$DIRECT_URL wait_final "$run" | jq --exit-status '.exit_code == 9 and .attempt == 1'
    download "$run" | cmp - <(expected)
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
