#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The API without a hypervisor: durable triggers beside PostgreSQL's own batched inserts of the same
# rows on the same cluster, reads, and an authenticated answer that asks nobody beside a plain one.
source tests/bench/lib.sh

seconds=${SECONDS_EACH:-5}
connections=64

dir=$work/postgres
OWNER_PID=$$ tests/support/postgres.sh start "$dir" >&2
api_pid=
stop_all() {
    [[ -z $api_pid ]] || { kill "$api_pid" && wait "$api_pid"; } 2>/dev/null || true
    tests/support/postgres.sh stop "$dir" >&2 || true
    bench_cleanup
}
trap stop_all EXIT
owner=$(tests/support/postgres.sh createdb "$dir" errand)
psql -qX -d "$owner" -c "ALTER SYSTEM SET fsync = on" -c "ALTER SYSTEM SET synchronous_commit = on" \
    -c "ALTER SYSTEM SET full_page_writes = on" -c "SELECT pg_reload_conf()" >/dev/null

export ERRAND_KEY_RING=$work/ring.json ERRAND_LOG_LEVEL=warn
"$bin/errand-api" keys init >&2
ERRAND_DATABASE_URL=$owner "$bin/errand-api" migrate >&2
token=$(ERRAND_DATABASE_URL=$owner "$bin/errand-api" token create --kind project --name bench)
ERRAND_DATABASE_URL=$owner ERRAND_LISTEN=127.0.0.1:0 ERRAND_PORT_FILE=$work/port \
    ERRAND_REQUESTS_PER_SECOND=0 "$bin/errand-api" >&2 &
api_pid=$!
until [[ -s $work/port ]]; do sleep 0.05; done
port=$(<"$work/port")

post() { curl -sf -H "Authorization: Bearer $token" --json "$2" "http://127.0.0.1:$port$1"; }
runner=$(post /v1/runners '{"name":"bench","image_name":"bench/true"}' | jq -r .runner.id)
run=$(post "/v1/runners/$runner/runs" '{}' | jq -r .run.id)

ask() { "$bin/bench_api" "$port" "$connections" "$seconds" "$1" "$2" "$token" "${@:3}"; }

# Statements of many rows, two sessions as the API has loops, of the very row that a trigger makes
psql -qX -d "$owner" >&2 <<SQL
CREATE TABLE bench_runs (LIKE runs INCLUDING ALL);
CREATE TABLE bench_row AS SELECT * FROM runs WHERE id = '$run';
SQL
columns=$(psql -qAtX -d "$owner" -c "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY
    ordinal_position) FROM information_schema.columns WHERE table_name = 'runs' AND column_name <> 'id'")
batched() { # batched ROWS: rows a second
    cat >"$work/insert.sql" <<SQL
INSERT INTO bench_runs (id, $columns)
SELECT uuid_v7(clock_timestamp()), $columns FROM bench_row, generate_series(1, $1);
SQL
    pgbench -n -M prepared -c 2 -j 2 -T "$seconds" -f "$work/insert.sql" "$owner" 2>/dev/null |
        awk -v rows="$1" '/^tps/ { printf "%.0f\n", $3 * rows }'
}

# Processor time of the API and its sessions, in ms: what a load on the machine changes least.
worked_ms() {
    local pids
    pids=$(psql -qAtX -d "$owner" -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'errand-api'")
    for pid in $api_pid $pids; do cat "/proc/$pid/stat"; done |
        awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); n += $12 + $13 } END { print n * 1000 / hz }'
}
us_each() { awk -v from="$1" -v to="$2" -v n="$3" 'BEGIN { printf "%.1f\n", (to - from) * 1000 / n }'; }

before=$(worked_ms)
read -r trigger trigger_p50 trigger_p99 trigger_n < <(ask POST "/v1/runners/$runner/runs" '{}')
trigger_us=$(us_each "$before" "$(worked_ms)" "$trigger_n")
inserts=$(batched 64)
inserts_alike=$(batched $((connections / 2)))
before=$(worked_ms)
read -r get get_p50 get_p99 get_n < <(ask GET "/v1/runs/$run")
get_us=$(us_each "$before" "$(worked_ms)" "$get_n")
read -r noop noop_p50 noop_p99 noop_n < <(ask GET /v1/session)
read -r plain plain_p50 plain_p99 plain_n < <(ask GET /healthz)

# row SUBJECT METRIC VALUE UNIT N [OTHER OTHERS_VALUE]
row() {
    jq -n --arg s "$1" --arg m "$2" --argjson v "$3" --arg u "$4" --argjson n "$5" \
        --arg o "${6-}" --argjson ov "${7-null}" '{subject: $s, metric: $m, value: $v, unit: $u, n: $n,
        spread: 0, ratio_to: (if $ov == null then {} else {($o): ($v / $ov * 1000 | round / 1000)} end)}'
}
{
    row postgres-batched-insert rows_per_second "$inserts" 1/s 1
    row errand trigger_per_second "$trigger" 1/s "$trigger_n" postgres-batched-insert "$inserts"
    row postgres-as-many-in-flight rows_per_second "$inserts_alike" 1/s 1
    row errand trigger_per_second_of_as_many "$trigger" 1/s "$trigger_n" postgres-as-many-in-flight "$inserts_alike"
    row errand trigger_processor_time "$trigger_us" us "$trigger_n"
    row errand trigger_p50 "$trigger_p50" ms "$trigger_n"
    row errand trigger_p99 "$trigger_p99" ms "$trigger_n"
    row errand get_run_per_second "$get" 1/s "$get_n"
    row errand get_run_processor_time "$get_us" us "$get_n"
    row errand get_run_p99 "$get_p99" ms "$get_n"
    row h2o plain_per_second "$plain" 1/s "$plain_n"
    row errand authenticated_noop_per_second "$noop" 1/s "$noop_n" h2o "$plain"
    row errand authenticated_noop_p99 "$noop_p99" ms "$noop_n"
    : "$get_p50 $noop_p50 $plain_p50 $plain_p99"
} | jq -s .
