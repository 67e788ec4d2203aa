#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fuzz_coverage.sh [ROUNDS]: what the seeds of the fuzzers, and so many mutations of each (0), reach
# in the parsers that tests/fuzz/README.md lists: lines and branches a file, on stdout and in
# build/fuzz-coverage/coverage.txt; the lines themselves in build/fuzz-coverage/html.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BUILD=build/fuzz-coverage
readonly RAW=$BUILD/raw PROFILE=$BUILD/fuzz.profdata
export ERRAND_FUZZ_ROUNDS=${1:-0}

rm -rf "$RAW" "$BUILD/html"
mkdir -p "$RAW"
objects=()
for corpus in tests/fuzz/corpus/*/; do
    name=$(basename "$corpus")
    program=$BUILD/fuzz/replay_$name
    LLVM_PROFILE_FILE=$RAW/$name.profraw "$program" "$corpus" >"$BUILD/$name.log" 2>&1 || {
        echo "fuzz-coverage: $name fails; see $BUILD/$name.log" >&2
        exit 1
    }
    objects+=(-object "$program")
done
llvm-profdata-14 merge -sparse "$RAW"/*.profraw -o "$PROFILE"

table=$(tests/fuzz/table.sh)
mapfile -t parsers <<<"$table"
llvm-cov-14 show -format=html -output-dir="$BUILD/html" -instr-profile="$PROFILE" \
    -show-branches=count "${objects[@]:1}" "${parsers[@]}" >/dev/null 2>"$BUILD/show.log"

printf '%-52s %7s %7s %9s\n' parser lines branches "of lines" | tee "$BUILD/coverage.txt"
llvm-cov-14 export -summary-only -instr-profile="$PROFILE" "${objects[@]:1}" "${parsers[@]}" \
    2>"$BUILD/export.log" | jq -r --arg root "$PWD/" '
    def percent: if .count == 0 then "-" else (1000 * .covered / .count | round / 10 | tostring) end;
    def row(name; s): [name, (s.lines | percent), (s.branches | percent), (s.lines.count | tostring)];
    .data[0] | ((.files | sort_by(.filename)[] | row(.filename | ltrimstr($root); .summary)),
        row("all"; .totals)) | @tsv' |
    while IFS=$'\t' read -r file lines branches count; do
        printf '%-52s %7s %7s %9s\n' "$file" "$lines" "$branches" "$count"
    done | tee -a "$BUILD/coverage.txt"
