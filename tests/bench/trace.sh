#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Where the time of one run goes, hop by hop, from the runs' own traces (GET /v1/runs/:id/trace), and
# what one costs: system calls and wake-ups by program, context switches and disk writes of the machine, waits
# for the disk, bytes on the loopback device. ROUNDS runs of `true`, one at a time. The waterfall goes
# to stderr.
source tests/bench/lib.sh

bench_alone # a loopback device whose bytes are ours

readonly rounds=${ROUNDS:-50} programs=(errand-api errand-scheduler errand-agent)

bench_stack
bench_image
runner=$("$bin/errand" runner create bench --image "$image" -- /bin/true)

pid_of() { cut -d' ' -f1 "$work"/stack/pid/*"${1#errand-}"*; }

wal() {
    psql --no-align --tuples-only --field-separator ' ' --command 'SELECT wal_sync, wal_bytes FROM pg_stat_wal' \
        "host=$(readlink --canonicalize "$work/stack/state/run") dbname=errand user=errand_owner" 2>/dev/null
}

run_once() { "$bin/errand" run "$runner" --detach; }

# A run's spans, once the last of them is there: NAME MICROSECONDS a line.
spans_of() {
    "$bin/errand" logs "$1" --follow >/dev/null 2>&1 || true
    curl --silent --fail --header "Authorization: Bearer $ERRAND_TOKEN" "$ERRAND_URL/v1/runs/$1/trace" |
        jq --raw-output '.resourceSpans[].scopeSpans[].spans[]
            | "\(.name) \(((.endTimeUnixNano | tonumber) - (.startTimeUnixNano | tonumber)) / 1000)"'
}

for ((i = 0; i < 3; i++)); do spans_of "$(run_once)" >/dev/null; done
for ((i = 0; i < rounds; i++)); do spans_of "$(run_once)"; done >"$work/spans"

awk '{ n[$1]++; v[$1, n[$1]] = $2 }
    END { for (name in n) for (i = 1; i <= n[name]; i++) print name, v[name, i] }' "$work/spans" |
    sort --key=1,1 --key=2n,2 |
    jq --raw-input --slurp '[split("\n")[] | select(. != "") | split(" ") | {name: .[0], us: (.[1] | tonumber)}]
        | group_by(.name) | map(map(.us) as $us | ($us | length) as $n
            | {subject: "errand", metric: "hop_\(.[0].name)", value: ($us[$n / 2 | floor] / 10 | round / 100), unit: "ms", n: $n,
               spread: (($us[$n * 9 / 10 | floor] - $us[$n / 10 | floor]) / 10 | round / 100)})' >"$work/hops.json"

# What they cost: POST and follow, by one program that does nothing else; less what the same time costs idle.
many() { "$bin/bench_run" "$counted" "errand=$runner" -- /bin/true >/dev/null; }
readonly counted=50 runs=53 idle_seconds=8 # runs: with bench_run's warm-up
cost=[]
add_cost() { # METRIC VALUE UNIT
    cost=$(jq --arg metric "$1" --argjson value "$2" --arg unit "$3" --argjson n "$runs" \
        '. + [{subject: "errand", $metric, value: ($value * 10 | round / 10), $unit, $n, spread: 0}]' <<<"$cost")
}

postgres_pids() {
    pid_of postgres
    pgrep --parent "$(pid_of postgres)"
}

# Times that a process began to wait, all its threads.
waits() {
    local pid
    for pid; do cat /proc/"$pid"/task/*/status 2>/dev/null || true; done |
        awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n + 0 }'
}

# METRIC UNIT COUNT a line: all that is counted without a tracer.
counters() {
    local program postgres
    mapfile -t postgres < <(postgres_pids)
    for program in "${programs[@]}"; do
        echo "wake_ups_${program#errand-} wake-ups $(waits "$(pid_of "$program")")"
    done
    echo "wake_ups_postgres wake-ups $(waits "${postgres[@]}")"
    echo "context_switches_machine switches $(awk '/^ctxt/ { print $2 }' /proc/stat)"
    # sectors written; not what processes dirtied, for that counts whole folios
    echo "bytes_to_disks_machine bytes $(cat /sys/block/[!lr]*/stat | awk '{ n += $7 * 512 } END { print n + 0 }')"
    echo "bytes_on_loopback bytes $(awk '$1 == "lo:" { print $2 }' /proc/net/dev)"
    wal | awk 'NF == 2 { print "wal_syncs fsyncs", $1; print "wal_bytes bytes", $2 }'
}

count_costs() {
    local from metric unit value
    counters >"$work/before"
    from=$EPOCHREALTIME
    many
    echo $((${EPOCHREALTIME/./} - ${from/./})) >"$work/took_us"
    counters >"$work/after"
    sleep "$idle_seconds"
    counters >"$work/idle"
    while read -r metric unit value; do
        add_cost "$metric" "$value" "$unit"
    done < <(paste -d ' ' "$work/before" "$work/after" "$work/idle" |
        awk -v runs="$runs" -v share="$(awk -v s="$idle_seconds" '{ print $1 / 1e6 / s }' "$work/took_us")" '
            { n = ($6 - $3 - ($9 - $6) * share) / runs; print $1, $2, (n > 0 ? n : 0) }')
}

# System calls while a command runs, to $work/FILE.PROGRAM.
count_calls() {
    local file=$1 program tracers=()
    shift
    for program in "${programs[@]}"; do
        strace --follow-forks --summary-only --output="$work/$file.$program" --attach="$(pid_of "$program")" 2>/dev/null &
        tracers+=($!)
    done
    sleep 1
    "$@"
    kill -INT "${tracers[@]}"
    wait "${tracers[@]}" 2>/dev/null || true
}

# calls FILE PATTERN: those of a name.
calls() { awk -v name="$2" '$NF ~ name && $4 ~ /^[0-9]+$/ { n += $4 } END { print n + 0 }' "$1"; }

count_all_calls() {
    local program from share each
    from=$EPOCHREALTIME
    count_calls busy many
    share=$(awk -v us=$((${EPOCHREALTIME/./} - ${from/./})) -v s="$idle_seconds" 'BEGIN { print us / 1e6 / (s + 1) }')
    count_calls idle sleep "$idle_seconds"
    for program in "${programs[@]}"; do
        for each in 'calls ^total$' 'fsyncs ^(fsync|fdatasync|syncfs|sync|sync_file_range|msync)$'; do
            add_cost "${each%% *}_${program#errand-}" "$(awk -v share="$share" -v runs="$runs" \
                -v busy="$(calls "$work/busy.$program" "${each#* }")" -v idle="$(calls "$work/idle.$program" "${each#* }")" \
                'BEGIN { n = (busy - idle * share) / runs; print (n > 0 ? n : 0) }')" "${each%% *}"
        done
    done
}

count_costs
if command -v strace >/dev/null; then
    count_all_calls
else
    echo 'trace.sh: system calls are not counted: no strace; apt-get install strace' >&2
fi

jq --raw-output '(map(select(.metric == "hop_run"))[0].value) as $whole
    | ["accept", "queue", "assign", "pull", "start", "execute", "log"] as $order
    | . as $rows | reduce $order[] as $name ({at: 0, lines: []};
        ($rows | map(select(.metric == "hop_\($name)"))[0].value // 0) as $ms
        | .lines += ["\($name)\t\(" " * ((.at / $whole * 50) | floor) // "")\("█" * ([($ms / $whole * 50) | ceil, 1] | max))\t\($ms) ms"]
        | .at += $ms)
    | .lines[], "run\t\t\($whole) ms"' "$work/hops.json" | column --table --separator $'\t' >&2
jq --slurp add "$work/hops.json" <(echo "$cost")
