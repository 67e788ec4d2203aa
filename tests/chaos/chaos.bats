#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Runs of many kinds, on two hypervisors, while everything breaks. CHAOS_SEED decides what and when,
# CHAOS_SECONDS for how long, CHAOS_PARALLEL how many runs at once.

load ../support/stack
load ../support/cable
load clocks
load place
load faults

setup_file() {
    export CHAOS_SEED=${CHAOS_SEED:-$((RANDOM % 100000))} CHAOS_SECONDS=${CHAOS_SECONDS:-12}
    place_start
}

teardown_file() {
    far_kill || true
    stack_destroy
}

@test "every accepted run ends once and rightly, with its whole log, whatever breaks" {
    echo "# seed $CHAOS_SEED" >&3
    place_holdings >"$STACK/holdings"
    # where there is the time, some go on for longer than a hypervisor may be silent
    longest=$((CHAOS_SECONDS > FAR_LOST_SECONDS ? FAR_LOST_SECONDS + 20 : 0))
    ERRAND_URL=$DIRECT_URL node "$ERRAND_SOURCE_DIR/tests/chaos/load.mjs" --seed "$CHAOS_SEED" \
        --parallel "${CHAOS_PARALLEL:-8}" --image "$IMAGE" --tag "${STACK##*.}" --longest "$longest" \
        --stop-file "$STACK/over" --excuses "$STACK/excuses" >"$STACK/verdict" 2>&1 3>&- 4>&- &
    load=$!
    echo "$load" >"$STACK/load.pid"
    RANDOM=$CHAOS_SEED
    break_things "$CHAOS_SECONDS"
    touch "$STACK/over"
    code=0
    wait "$load" || code=$?
    sed 's/^/# /' "$STACK/verdict" >&3
    [ "$code" -eq 0 ]
}

@test "no program holds more descriptors, and no more sessions, than before" {
    eventually 30 place_holds_no_more "$STACK/holdings" >"$STACK/more" || {
        tail --lines 5 "$STACK/more"
        false
    }
}

@test "a run for a hypervisor whose disk is full waits until there is room" {
    eventually 30 hypervisor_is_ready far
    fill_far_disk
    run=$(trigger "$(make_runner '{"hypervisor_labels": {"zone": "far"}}')" '{"argv": ["echo", "room"]}')
    eventually 20 grep --quiet "run.held run=$run" "$DATA/log/far.log"
    has_status "$run" pending
    empty_far_disk
    wait_final "$run" | jq --exit-status '.status == "succeeded" and .attempt == 1'
    [ "$(log_text "$run")" = room ]
}

@test "nothing is left" {
    stack_end_process "$STACK/wire.pid"
    far_end
    far=$(far_leftovers) || true
    [ -z "$far" ] || fail "left behind, far: $far"
    stack_finish
    cable_take_away
    near=$(near_leftovers) || true
    [ -z "$near" ] || fail "left behind: $near"
}
