#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fuzz_merge.sh [NAME...]: add to tests/fuzz/corpus what `make fuzz` has learnt (build/fuzz/learnt)
# and the seeds do not reach: small inputs, the smallest first, some KiB a fuzzer.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BUILD=build/fuzz CORPUS=tests/fuzz/corpus
readonly INPUT_MAX_BYTES=2048 ADDED_MAX_BYTES=16384

names=("$@")
if ((${#names[@]} == 0)); then
    for learnt in "$BUILD"/learnt/*/; do
        names+=("$(basename "$learnt")")
    done
fi

merged=$(mktemp -d)
trap 'rm -rf "$merged"' EXIT
for name in "${names[@]}"; do
    rm -rf "${merged:?}"/*
    cp "$CORPUS/$name"/* "$merged"
    # by what is reached at all, not by how often
    "$BUILD/fuzz/fuzz_$name" -merge=1 -use_counters=0 -max_len="$INPUT_MAX_BYTES" "$merged" "$BUILD/learnt/$name" \
        >"$BUILD/$name.merge.log" 2>&1
    added=0 bytes=0
    # what is new is named by its SHA-1
    while read -r size file; do
        ((bytes + size <= ADDED_MAX_BYTES)) || break
        cp "$merged/$file" "$CORPUS/$name/learnt_${file:0:10}"
        ((added += 1, bytes += size))
    done < <(cd "$merged" && find . -maxdepth 1 -type f -printf '%s %f\n' | grep -E ' [0-9a-f]{40}$' | sort -n)
    echo "fuzz: $name: $added inputs, $bytes bytes"
done
