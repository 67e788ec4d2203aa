#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Measure Errand beside its peers on this machine: scripts/bench.sh [NAME...]
#
# Each tests/bench/NAME.sh is a bench; all of them without a NAME. ROUNDS sets how often each
# repeats its work. Rows {subject, metric, value, unit, n, spread, ratio_to, method, section, idle}
# land in build/bench/NAME.json, and together in build/bench/bench.json; idle is the share of the
# processors that nobody used in the second before. A peer that cannot run is a row `left_out` whose
# method says why. Tables and chart of them all: build/bench/performance.md and .svg.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t all < <(find tests/bench -maxdepth 1 -name '*.sh' ! -name lib.sh -printf '%f\n' | sort)
all=("${all[@]%.sh}")
(($#)) || set -- "${all[@]}"

times() { awk 'NR == 1 { print $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat; }

idle_share() {
    local idle all
    read -r idle all < <(times)
    sleep 1
    times | awk -v idle="$idle" -v all="$all" '{ printf "%.2f\n", ($1 - idle) / ($2 - all) }'
}

# Rows on stdin, complete: complete_rows SECTION IDLE
complete_rows() {
    jq --arg section "$1" --argjson idle "$2" --rawfile methods tests/bench/methods.tsv '
        ($methods | split("\n") | map(select(. != "" and (startswith("#") | not)) | split("\t"))) as $methods
        | def fits($pattern): test("^(" + $pattern + ")$");
        map(. as $row | {ratio_to: {}} + . + {$section, $idle}
            | if .method then . else .method = first(($methods[]
                | select(. as [$s, $subject, $metric] | ($section | fits($s)) and ($row.subject | fits($subject))
                    and ($row.metric | fits($metric))) | .[3]),
                ("not said; no line of tests/bench/methods.tsv fits \($row.subject), \($row.metric)" | stderr)) end)'
}

machine_rows() {
    local program
    {
        awk -F': ' '/^model name/ { n++; name = $2 } END { printf "processors\t%d × %s\n", n, name }' /proc/cpuinfo
        awk '/^MemTotal/ { printf "memory\t%.0f GiB\n", $2 / 1048576 }' /proc/meminfo
        printf 'system\t%s, Linux %s\n' "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)" "$(uname -r | cut -d - -f 1)"
        printf 'control groups\t%s\n' "$([[ -e /sys/fs/cgroup/cgroup.controllers ]] && echo v2 || echo v1)"
        printf 'day\t%s\n' "$(date --utc +%F)"
        # shellcheck disable=SC2016
        dpkg-query --show --showformat '${Package}\t${Version}\n' postgresql-15 crun runc docker.io podman \
            redis-server slurmctld nginx-light libnginx-mod-nchan nodejs umoci 2>/dev/null || true
        for program in bullmq graphile-worker; do
            printf '%s\t%s\n' $program "$(jq --raw-output ".dependencies.\"$program\"" tests/bench/peers/package.json)"
        done
    } | jq --raw-input --null-input '[inputs | split("\t") | select(.[1] != "")
        | {subject: "machine", metric: .[0], value: .[1], unit: "", n: 1, spread: 0}]'
}

print_rows() {
    jq -r '.[] | [.subject, .metric, "\(.value // "–") \(.unit)", "n=\(.n)", "spread \(.spread)",
        (.ratio_to | to_entries | map("\(.value)x \(.key)") | join(" "))] | @tsv' "$1" | column -t -s $'\t'
    jq -r 'reduce .[] as $row ({}; .[$row.method] += ["\($row.subject): \($row.metric)"]) | to_entries[]
        | (.value | if length > 4 then .[:3] + ["…"] else . end | join(", ")) as $of | "  \($of)\n    how: \(.key)"' "$1"
}

mkdir -p build/bench
failed=()
for name; do
    if [[ ! -f tests/bench/$name.sh ]]; then
        echo "bench.sh: no bench '$name'; there are: ${all[*]}" >&2
        exit 2
    fi
    idle=$(idle_share) begun=$SECONDS
    echo "bench: $name (idle $idle)" >&2
    if ! bash "tests/bench/$name.sh" >"build/bench/$name.json.raw" ||
        ! complete_rows "$name" "$idle" <"build/bench/$name.json.raw" >"build/bench/$name.json.new"; then
        failed+=("$name")
        continue
    fi
    rm "build/bench/$name.json.raw"
    mv "build/bench/$name.json.new" "build/bench/$name.json"
    print_rows "build/bench/$name.json"
    echo "bench: $name took $((SECONDS - begun)) s" >&2
done
machine_rows | complete_rows machine 1 >build/bench/machine.json
files=()
for name in machine "${all[@]}"; do [[ ! -s build/bench/$name.json ]] || files+=("build/bench/$name.json"); done
jq -s add "${files[@]}" >build/bench/bench.json.new
mv build/bench/bench.json.new build/bench/bench.json
node tests/bench/docs.mjs build/bench/bench.json docs/performance.md build/bench
if ((${#failed[@]})); then
    echo "bench.sh: failed: ${failed[*]}" >&2
    exit 1
fi
