#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Where the time of one run goes, hop by hop, from the runs' own traces (GET /v1/runs/:id/trace), and
# what one costs: system calls by program, commits that wait for the disk, bytes of its log of changes.
# ROUNDS runs of `true`, one at a time. The waterfall goes to stderr.
source tests/bench/lib.sh

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

# What ROUNDS more of them cost, less what the same time costs idle.
pids=()
for program in "${programs[@]}"; do pids+=("$(pid_of "$program")"); done
count_calls() {
    local i tracers=()
    for i in "${!programs[@]}"; do
        strace --follow-forks --summary-only --output="$work/calls.${programs[i]}" --attach="${pids[i]}" 2>/dev/null &
        tracers+=($!)
    done
    sleep 1
    "$@"
    kill -INT "${tracers[@]}"
    wait "${tracers[@]}" 2>/dev/null || true
}
many() { for ((i = 0; i < rounds; i++)); do spans_of "$(run_once)" >/dev/null; done; }
cost=[]
add_cost() {
    cost=$(jq --arg metric "$1" --argjson value "$2" --arg unit "$3" --argjson n "$rounds" \
        '. + [{subject: "errand", $metric, value: ($value * 10 | round / 10), $unit, $n, spread: 0}]' <<<"$cost")
}
read -r syncs_before bytes_before < <(wal) || true
if command -v strace >/dev/null; then
    count_calls many
    for program in "${programs[@]}"; do
        calls=$(awk '$NF == "total" { print $(NF - 1) ~ /^[0-9]+$/ ? $4 : 0 }' "$work/calls.$program")
        add_cost "calls_${program#errand-}" "$(awk -v c="${calls:-0}" -v n="$rounds" 'BEGIN { print c / n }')" calls
    done
else
    echo 'trace.sh: system calls are not counted: no strace; apt-get install strace' >&2
    many
fi
if [[ -n ${syncs_before:-} ]] && read -r syncs bytes < <(wal); then
    add_cost wal_syncs "$(awk -v a="$syncs_before" -v b="$syncs" -v n="$rounds" 'BEGIN { print (b - a) / n }')" fsyncs
    add_cost wal_bytes "$(awk -v a="$bytes_before" -v b="$bytes" -v n="$rounds" 'BEGIN { print (b - a) / n }')" bytes
fi

jq --raw-output '(map(select(.metric == "hop_run"))[0].value) as $whole
    | ["accept", "queue", "assign", "pull", "start", "execute", "log"] as $order
    | . as $rows | reduce $order[] as $name ({at: 0, lines: []};
        ($rows | map(select(.metric == "hop_\($name)"))[0].value // 0) as $ms
        | .lines += ["\($name)\t\(" " * ((.at / $whole * 50) | floor) // "")\("█" * ([($ms / $whole * 50) | ceil, 1] | max))\t\($ms) ms"]
        | .at += $ms)
    | .lines[], "run\t\t\($whole) ms"' "$work/hops.json" | column --table --separator $'\t' >&2
jq --slurp add "$work/hops.json" <(echo "$cost")
