#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What a supervisor hears of each program: that it is ready, that it lives, that it stops.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }
teardown() {
    [[ ! -s $STACK/supervised.pid ]] || stack_end_process "$STACK/supervised.pid"
    rm -f "$STACK/messages"
}

# supervised PROGRAM [ARG…]: in the background, with a watchdog of 0.6 seconds that only notes.
supervised() {
    "$ERRAND_SUPERVISED" 600 "$STACK/messages" "$ERRAND_BIN_DIR/$1" "${@:2}" &>>"$STACK/supervised.log" 3>&- 4>&- &
    echo $! >"$STACK/supervised.pid"
}

signs() {
    grep --count --line-regexp WATCHDOG=1 "$STACK/messages" || true
}

signs_are_over() {
    local before
    before=$(signs)
    sleep 1
    [ "$(signs)" -eq "$before" ]
}

signs_go_on() {
    local enough=$(($(signs) + 3))
    eventually 20 eval '[ "$(signs)" -ge '$enough' ]'
}

lives_and_stops() {
    eventually 20 grep --quiet --line-regexp READY=1 "$STACK/messages"
    signs_go_on
    stack_end_process "$STACK/supervised.pid"
    grep --quiet --line-regexp STOPPING=1 "$STACK/messages"
    grep --quiet --line-regexp WATCHDOG_USEC=0 "$STACK/messages"
}

api_arguments() {
    install --mode 600 "$DATA/state/keys/ring.json" "$STACK/ring"
    arguments=(--listen 127.0.0.1:0 --key_ring "$STACK/ring" --drain_seconds 1
        --database_url "host='$DATA/state/run' dbname=errand user=errand_api")
}

@test "the API: ready, alive, stopping" {
    api_arguments
    supervised errand-api "${arguments[@]}"
    lives_and_stops
}

@test "an API whose loops stand still gives no sign of life, though its main thread runs" {
    api_arguments
    supervised errand-api "${arguments[@]}"
    signs_go_on
    kill -USR1 "$(cat "$STACK/supervised.pid")"
    eventually 20 signs_are_over
    kill -USR2 "$(cat "$STACK/supervised.pid")"
    signs_go_on
}

@test "the scheduler: ready, alive, stopping" {
    supervised errand-scheduler --database_url "host='$DATA/state/run' dbname=errand user=errand_scheduler"
    lives_and_stops
}

@test "the agent: alive before it has joined, then ready, then stopping" {
    install --mode 600 "$DATA/state/keys/ring.json" "$STACK/ring"
    ERRAND_DATABASE_URL="host='$DATA/state/run' dbname=errand user=errand_api" ERRAND_KEY_RING=$STACK/ring \
        errand-api token create --kind join --name watched >"$STACK/join.token"
    mkdir "$STACK/watched"
    agent=(--join_token_file "$STACK/join.token" --data_dir "$STACK/watched" --name watched --network_bridge none)
    supervised errand-agent --api_url http://127.0.0.1:1 "${agent[@]}"
    signs_go_on
    run ! grep --quiet READY=1 "$STACK/messages"
    stack_end_process "$STACK/supervised.pid"
    supervised errand-agent --api_url "$DIRECT_URL" "${agent[@]}"
    lives_and_stops
}

@test "every request and answer kept to the contract" { stack_finish; }
