#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The next version replaces this one, program by program, while runs are triggered and followed. What
# stands for it is this version with one migration more (next_migration.sql).
#
# ERRAND_HA_OLD_BIN_DIR: begin with the programs there, another version's, say.

bats_require_minimum_version 1.5.0
load cluster

setup_file() {
    : "${ERRAND_API_NEXT:?is errand-api of the next version; ctest sets it}"
    cluster_new
    [[ -z ${ERRAND_HA_OLD_BIN_DIR:-} ]] ||
        export API_BIN=$ERRAND_HA_OLD_BIN_DIR/errand-api SCHEDULER_BIN=$ERRAND_HA_OLD_BIN_DIR/errand-scheduler \
            AGENT_BIN=$ERRAND_HA_OLD_BIN_DIR/errand-agent
    STANDBY=no cluster_start || {
        tail -n 15 "$CLUSTER"/log/* >&2
        return 1
    }
    RUNNER=$(api POST /v1/runners "{\"name\": \"upgraded\", \"image_name\": \"$IMAGE\", \"image_tag\": \"1\",
        \"network\": \"none\"}" | jq --raw-output .runner.id)
    export RUNNER RUNS=${ERRAND_HA_RUNS:-20} LINES_EACH=${ERRAND_HA_LINES:-100} FOR=${ERRAND_HA_SECONDS:-8}
    setsid nsenter --net="/run/netns/$PREFIX-client" -- node "$BATS_TEST_DIRNAME/load.mjs" \
        "$RUNS" "$LINES_EACH" "$FOR" </dev/null >"$CLUSTER/load.json" 2>"$CLUSTER/load.err" 3>&- 4>&- &
    echo $! >"$CLUSTER/pid/load"
}

teardown_file() {
    cluster_destroy
}

runs_that_ended() { sql "SELECT count(*) FROM runs WHERE state = 'succeeded'"; }
some_more() { (($(runs_that_ended) > before)); }
more_runs_end() {
    before=$(runs_that_ended)
    [[ $before == "$RUNS" ]] || until_so 30 some_more
}

is_ready() { [[ $(on client curl --silent --output /dev/null --write-out '%{http_code}' "http://$NET.$1:8080/readyz") == 200 ]]; }

# in what follows these are the next version's
become_next() { export API_BIN=$ERRAND_API_NEXT SCHEDULER_BIN=errand-scheduler AGENT_BIN=errand-agent; }

@test "the database is migrated under the feet of the old programs, and they go on" {
    more_runs_end
    old=$(sql 'SELECT max(version) FROM schema_migrations')
    on client env ERRAND_DATABASE_URL="$DATABASE user=owner" "$ERRAND_API_NEXT" migrate
    [ "$(sql 'SELECT max(version) FROM schema_migrations')" -eq "$((old + 1))" ]
    is_ready 21
    is_ready 22
    more_runs_end
    is_ready 21
}

@test "the replicas of the API are replaced one after the other" {
    become_next
    for n in 1 2; do
        end "api$n"
        start_api "$n"
        until_so 20 is_ready "2$n"
        more_runs_end
    done
}

@test "schedulers and agents are replaced, and runs go on where they are" {
    become_next
    for n in 1 2; do
        end "sched$n"
        start_scheduler "$n"
    done
    for n in 1 2 3; do
        end "hv$n"
        start_agent "$n"
    done
    more_runs_end
}

@test "no run and no line was lost" {
    loads() { ! lives load; }
    until_so 200 loads
    cat "$CLUSTER/load.json" "$CLUSTER/load.err" >&2
    jq --exit-status --argjson runs "$RUNS" --argjson lines "$LINES_EACH" \
        '.failed == 0 and .lines == $runs * $lines' "$CLUSTER/load.json" >/dev/null || {
        tail -n 20 "$CLUSTER"/log/* >&2
        false
    }
}

@test "a program that is two versions behind says that it does not serve" {
    sql 'INSERT INTO schema_migrations (version) SELECT max(version) + 1 FROM schema_migrations'
    is_ready 21 # it is one version behind
    sql 'INSERT INTO schema_migrations (version) SELECT max(version) + 1 FROM schema_migrations'
    ! is_ready 21
}
