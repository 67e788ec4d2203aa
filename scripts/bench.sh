#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Measure Errand beside its peers on this machine: scripts/bench.sh [NAME...]
#
# Each tests/bench/NAME.sh is a bench; all of them without a NAME. ROUNDS sets how often each
# repeats its work. Rows {subject, metric, value, unit, n, spread, ratio_to} land in
# build/bench/NAME.json, and together in build/bench/bench.json.
set -euo pipefail
cd "$(dirname "$0")/.."

if (($# == 0)); then
    mapfile -t all < <(find tests/bench -name '*.sh' ! -name lib.sh -printf '%f\n' | sort)
    set -- "${all[@]%.sh}"
fi

mkdir -p build/bench
failed=()
for name; do
    if [[ ! -f tests/bench/$name.sh ]]; then
        echo "bench.sh: no bench '$name'; there are: $(cd tests/bench && echo ./*.sh)" >&2
        exit 2
    fi
    echo "bench: $name" >&2
    bash "tests/bench/$name.sh" >"build/bench/$name.json.new" || {
        failed+=("$name")
        continue
    }
    mv "build/bench/$name.json.new" "build/bench/$name.json"
    jq -r '.[] | [.subject, .metric, "\(.value) \(.unit)", "n=\(.n)", "spread \(.spread)",
        (.ratio_to // {} | to_entries | map("\(.value)x \(.key)") | join(" "))] | @tsv' \
        "build/bench/$name.json" | column -t -s $'\t'
done
find build/bench -name '*.json' ! -name bench.json -exec jq -s add {} + >build/bench.json.new
mv build/bench.json.new build/bench/bench.json
if [[ -s build/bench/peers.json ]]; then
    node tests/bench/peers/chart.mjs build/bench/peers.json >build/bench/peers.svg
fi
if ((${#failed[@]})); then
    echo "bench.sh: failed: ${failed[*]}" >&2
    exit 1
fi
