#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fuzz.sh [SECONDS] [NAME...]: run the fuzzers of build/fuzz, each for so long (60), all or those
# named. What they learn goes to build/fuzz/learnt/NAME, what they find to build/fuzz/found/NAME-*.
set -euo pipefail

readonly SECONDS_EACH=${1:-60}
shift || true
readonly BUILD=build/fuzz
export ASAN_OPTIONS=abort_on_error=1:strict_string_checks=1

names=("$@")
if ((${#names[@]} == 0)); then
    for program in "$BUILD"/fuzz/fuzz_*; do
        [[ -x $program ]] && names+=("${program##*/fuzz_}")
    done
fi

failed=()
for name in "${names[@]}"; do
    mkdir -p "$BUILD/learnt/$name" "$BUILD/found"
    echo "fuzz: $name for $SECONDS_EACH s"
    "$BUILD/fuzz/fuzz_$name" -max_total_time="$SECONDS_EACH" -max_len=65536 -timeout=10 \
        -rss_limit_mb=2048 -artifact_prefix="$BUILD/found/$name-" -print_final_stats=1 \
        "$BUILD/learnt/$name" "tests/fuzz/corpus/$name" >"$BUILD/$name.log" 2>&1 || failed+=("$name")
    sed -n 's/^stat::number_of_executed_units: */  executed /p; s/^SUMMARY: */  /p' "$BUILD/$name.log"
done

if ((${#failed[@]})); then
    echo "fuzz: found something in: ${failed[*]}; see $BUILD/found and $BUILD/NAME.log" >&2
    exit 1
fi
