#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Two of each, and one of each lost while runs are triggered and followed: nobody who asks again is
# left without an answer, no run and no line is lost, none happens twice.
#
# ERRAND_HA_RUNS (20), ERRAND_HA_LINES (100), ERRAND_HA_SECONDS (9): how much, for how long.

bats_require_minimum_version 1.5.0
load cluster

setup_file() {
    cluster_new
    cluster_start || {
        tail -n 15 "$CLUSTER"/log/* >&2
        return 1
    }
    RUNNER=$(api POST /v1/runners "{\"name\": \"ha runner\", \"image_name\": \"$IMAGE\", \"image_tag\": \"1\",
        \"network\": \"none\"}" | jq --raw-output .runner.id)
    export RUNNER
    RUNS=${ERRAND_HA_RUNS:-20} LINES_EACH=${ERRAND_HA_LINES:-100} FOR=${ERRAND_HA_SECONDS:-9}
    # the load goes on under all tests; the last one looks at what became of it
    setsid nsenter --net="/run/netns/$PREFIX-client" -- node "$BATS_TEST_DIRNAME/load.mjs" \
        "$RUNS" "$LINES_EACH" "$FOR" </dev/null >"$CLUSTER/load.json" 2>"$CLUSTER/load.err" 3>&- 4>&- &
    echo $! >"$CLUSTER/pid/load"
    export RUNS LINES_EACH FOR
}

teardown_file() {
    end load
    cluster_destroy
}

# a part of the load's time
part() { sleep "$(awk "BEGIN {print $FOR * $1}")"; }

runs_that_ended() { sql "SELECT count(*) FROM runs WHERE state = 'succeeded'"; }

@test "runs come and go" {
    some() { (($(runs_that_ended) > 0)); }
    until_so 30 some
}

@test "the primary's cable is pulled, and the standby is promoted" {
    part 0.15
    is_synchronous
    cable db1 down
    before=$SECONDS
    sleep 0.5
    promote_standby
    answers() { api GET /v1/runners &>/dev/null; }
    until_so 40 answers || {
        tail -n 25 "$CLUSTER"/log/{api,sched}[12] "$CLUSTER"/log/{db2,haproxy} | cut -c 1-250 >&2
        false
    }
    say "the API answers again $((SECONDS - before)) s after the cable"
    end db1 QUIT
}

@test "the scheduler that leads is killed, and the other leads" {
    part 0.1
    leads() {
        leader=$(leading_scheduler)
        [[ -n $leader ]]
    }
    until_so 40 leads
    first=$leader
    end "$first" KILL
    other() { leads && [[ $leader != "$first" ]]; }
    until_so 30 other
}

@test "a replica of the API is killed" {
    part 0.1
    end api1 KILL
    until_so 20 api GET /v1/runners >/dev/null
}

@test "an agent is killed and started again" {
    end hv2 KILL
    start_agent 2
}

@test "each run ended well, and each line was seen once and is stored once" {
    # asked again of what is left of the cluster
    loads() { ! lives load; }
    until_so 200 loads
    cat "$CLUSTER/load.json" "$CLUSTER/load.err" >&2
    jq --exit-status --argjson runs "$RUNS" --argjson lines "$LINES_EACH" \
        '.failed == 0 and .lines == $runs * $lines and .resumes > 0' "$CLUSTER/load.json" >/dev/null || {
        tail -n 20 "$CLUSTER"/log/* >&2
        false
    }
    [[ $(runs_that_ended) == "$RUNS" ]]
}

@test "no program of ours crashed" {
    ! grep -l 'AddressSanitizer\|runtime error' "$CLUSTER"/log/*
}
