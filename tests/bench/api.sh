#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The API without a hypervisor: how many jobs it accepts for good, beside other queues that accept
# theirs and run nothing, and PostgreSQL's own inserts of the same rows on the same cluster; reads; an
# authenticated answer that asks nobody beside a plain one. ROUNDS_API rounds of all, in turn, of
# SECONDS_EACH.
source tests/bench/lib.sh
# shellcheck source=tests/bench/peers/peers.bash
source tests/bench/peers/peers.bash

[[ -n ${BENCH_IS_ALONE:-} ]] || bench_npm
bench_alone

readonly seconds=${SECONDS_EACH:-3} rounds=${ROUNDS_API:-3} connections=64
bench_cluster=$work/postgres

durable_postgres() {
    tests/support/postgres.sh start "$bench_cluster" >/dev/null
    owner=$(tests/support/postgres.sh createdb "$bench_cluster" errand)
    psql -qX -d "$owner" -c 'ALTER SYSTEM SET fsync = on' -c 'ALTER SYSTEM SET synchronous_commit = on' \
        -c 'ALTER SYSTEM SET full_page_writes = on' -c 'SELECT pg_reload_conf()' >/dev/null
}

post() { curl -sf -H "Authorization: Bearer $token" --json "$2" "http://127.0.0.1:$port$1"; }

start_api() {
    export ERRAND_KEY_RING=$work/ring.json ERRAND_LOG_LEVEL=warn
    "$bin/errand-api" keys init >&2
    ERRAND_DATABASE_URL=$owner "$bin/errand-api" migrate >&2
    token=$(ERRAND_DATABASE_URL=$owner "$bin/errand-api" token create --kind project --name bench)
    ERRAND_DATABASE_URL=$owner ERRAND_LISTEN=127.0.0.1:0 ERRAND_PORT_FILE=$work/port \
        ERRAND_REQUESTS_PER_SECOND=0 "$bin/errand-api" >&2 &
    api_pid=$!
    bench_peer_pids+=("$api_pid")
    until [[ -s $work/port ]]; do sleep 0.05; done
    port=$(<"$work/port")
    runner=$(post /v1/runners '{"name":"bench","image_name":"bench/true"}' | jq -r .runner.id)
    run=$(post "/v1/runners/$runner/runs" '{}' | jq -r .run.id)
}

# Statements of the very row that a trigger makes: many of them, from two sessions, as the API has
# loops; or one, a transaction each, from 16.
make_rows() {
    psql -qX -d "$owner" >&2 <<SQL
CREATE TABLE bench_runs (LIKE runs INCLUDING ALL);
CREATE TABLE bench_row AS SELECT * FROM runs WHERE id = '$run';
SQL
    columns=$(psql -qAtX -d "$owner" -c "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY
        ordinal_position) FROM information_schema.columns WHERE table_name = 'runs' AND column_name <> 'id'")
}

# inserts SUBJECT ROWS SESSIONS
inserts() {
    local rate
    cat >"$work/insert.sql" <<SQL
INSERT INTO bench_runs (id, $columns)
SELECT uuid_v7(clock_timestamp()), $columns FROM bench_row, generate_series(1, $2);
SQL
    rm -f "$work"/insert.log.*
    rate=$(pgbench -n -M prepared -c "$3" -j 2 -T "$seconds" -l --log-prefix "$work/insert.log" \
        -f "$work/insert.sql" "$owner" 2>/dev/null | awk -v rows="$2" '/^tps/ { printf "%.0f\n", $3 * rows }')
    bench_sample "$1" submit_per_second "$rate" 1/s $((rate * seconds))
    [[ $2 != 1 ]] || cat "$work"/insert.log.* | awk '{ print $3 / 1000 }' | sort -n >"$work/insert.ms"
    [[ $2 != 1 ]] || percentiles "$1" submit "$work/insert.ms"
}

# percentiles SUBJECT METRIC FILE: of a file of milliseconds, sorted.
percentiles() {
    local n
    n=$(wc -l <"$3")
    bench_sample "$1" "$2_p50" "$(sed -n "$(((n + 1) / 2))p" "$3")" ms "$n"
    bench_sample "$1" "$2_p99" "$(sed -n "$(((n * 99 + 99) / 100))p" "$3")" ms "$n"
}

# Processor time of the API and its sessions, in ms: what a load on the machine changes least.
worked_ms() {
    local pids
    pids=$(psql -qAtX -d "$owner" -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'errand-api'")
    for pid in $api_pid $pids; do cat "/proc/$pid/stat"; done |
        awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); n += $12 + $13 } END { print n * 1000 / hz }'
}

# ask SUBJECT METRIC PORT CONNECTIONS METHOD PATH [BODY [KEY]]
ask() {
    local subject=$1 metric=$2 rate p50 p99 n before=
    [[ $subject != errand ]] || before=$(worked_ms)
    read -r rate p50 p99 n < <("$bin/bench_api" "$3" "$4" "$seconds" "$5" "$6" "$token" "${@:7}")
    bench_sample "$subject" "${metric}_per_second" "$rate" 1/s "$n"
    bench_sample "$subject" "${metric}_p50" "$p50" ms "$n"
    bench_sample "$subject" "${metric}_p99" "$p99" ms "$n"
    [[ -z $before ]] || bench_sample errand "${metric}_processor_time" \
        "$(awk -v from="$before" -v to="$(worked_ms)" -v n="$n" 'BEGIN { printf "%.1f\n", (to - from) * 1000 / n }')" us "$n"
}

queues=()
start_queues() {
    if bench_redis; then
        queues+=(bullmq)
    else
        bench_missing bullmq 'no redis-server; apt-get install redis-server'
    fi
    queues+=(graphile)
    DATABASE_URL="$(tests/support/postgres.sh createdb "$bench_cluster" graphile)"
    local at=${DATABASE_URL#host=}
    export DATABASE_URL="postgres://errand_owner@/graphile?host=${at%% *}"
    local kind
    for kind in "${queues[@]}"; do
        bench_composed "$kind" 0
        declare -g "port_$kind=${composed_url##*:}"
    done
    has_slurm=
    if bench_slurm; then has_slurm=yes; else bench_missing slurm "$slurm_why"; fi
}

ask_queues() {
    local kind at
    for kind in "${queues[@]}"; do
        at=port_$kind
        ask "$kind" submit "${!at}" $connections POST /runs '{}'
        ask "$kind" submit_alone "${!at}" 1 POST /runs '{}'
    done
}

# Jobs that stay held; four programs at a time, then one.
sbatch_once() {
    local from=$EPOCHREALTIME
    sbatch --hold --output /dev/null --wrap true >/dev/null
    awk -v us=$((${EPOCHREALTIME/./} - ${from/./})) 'BEGIN { print us / 1000 }'
}
export -f sbatch_once
ask_slurm() {
    local from=$EPOCHREALTIME n=100
    seq $n | xargs -P 4 -I{} bash -c sbatch_once | sort -n >"$work/sbatch.ms"
    bench_sample slurm-sbatch submit_per_second \
        "$(awk -v us=$((${EPOCHREALTIME/./} - ${from/./})) -v n=$n 'BEGIN { printf "%.1f", n * 1e6 / us }')" 1/s $n
    percentiles slurm-sbatch submit "$work/sbatch.ms"
    for _ in {1..30}; do sbatch_once; done | sort -n >"$work/sbatch.ms"
    percentiles slurm-sbatch submit_alone "$work/sbatch.ms"
}

durable_postgres
start_api
make_rows
start_queues
for ((round = 0; round < rounds; round++)); do
    ask errand submit "$port" $connections POST "/v1/runners/$runner/runs" '{}'
    ask errand submit_alone "$port" 1 POST "/v1/runners/$runner/runs" '{}'
    ask errand submit_with_key "$port" $connections POST "/v1/runners/$runner/runs" '{}' "bench-$round-"
    inserts postgres-batches-of-64 64 2
    inserts postgres-batches-of-32 $((connections / 2)) 2
    inserts postgres-row-each 1 16
    ask_queues
    [[ -z $has_slurm ]] || ask_slurm
    ask errand get_run "$port" $connections GET "/v1/runs/$run"
    ask errand answer "$port" $connections GET /v1/session
    ask h2o answer "$port" $connections GET /healthz
done
bench_missing nomad 'not in Debian'
jq --slurp '.[0] + .[1:]' <(bench_rows) "$work/missing"
