#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A steady load for SOAK_SECONDS: every run is checked, and what the programs hold does not grow.

load ../support/stack
load watch

setup_file() {
    export SOAK_SECONDS=${SOAK_SECONDS:-60}
    stack_start
}

teardown_file() { stack_destroy; }

@test "every run of a steady load is right" {
    ERRAND_URL=$DIRECT_URL node "$ERRAND_SOURCE_DIR/tests/chaos/load.mjs" --seed 1 --tag "${STACK##*.}" \
        --parallel "${SOAK_PARALLEL:-4}" --image "$IMAGE" \
        --stop-file "$STACK/over" --excuses "$STACK/excuses" >"$STACK/verdict" 2>&1 3>&- 4>&- &
    load=$!
    watch_for "$SOAK_SECONDS" "$STACK/samples"
    touch "$STACK/over"
    code=0
    wait "$load" || code=$?
    sed 's/^/# /' "$STACK/verdict" >&3
    [ "$code" -eq 0 ]
}

@test "memory, descriptors and run directories are flat" {
    [ -z "${SOAK_SAMPLES-}" ] || cp "$STACK/samples" "$SOAK_SAMPLES"
    growth "$STACK/samples" >&3
    ! growth "$STACK/samples" | grep GROWS
}

@test "nothing is left" {
    stack_finish
}
