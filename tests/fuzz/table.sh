#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# table.sh: the parsers that the table of README.md names, a line each. Fails when one is not there,
# or a fuzzer is not, or is not in the table.
set -euo pipefail
cd "$(dirname "$0")/../.."

wrong=0
complain() {
    echo "tests/fuzz/README.md: $*" >&2
    wrong=1
}

rows=$(grep '^| ' tests/fuzz/README.md)
# shellcheck disable=SC2016 # backticks of the table
while read -r file; do
    if [[ -f $file ]]; then echo "$file"; else complain "$file is not there"; fi
done < <(grep -oE '`[a-z0-9/_-]+\.c`' <<<"$rows" | tr -d '`' | sort -u)

# the last column
named=$(awk -F'|' '{ print $4 }' <<<"$rows" | grep -oE '[a-z_]+' | sort -u)
there=$(for file in tests/fuzz/fuzz_*.c; do basename "$file" .c; done | sed 's/^fuzz_//' | sort -u)
while read -r name; do
    [[ $name == fuzzer ]] || grep -qx "$name" <<<"$there" || complain "there is no fuzzer $name"
done <<<"$named"
while read -r name; do
    grep -qx "$name" <<<"$named" || complain "fuzz_$name.c is not in the table"
done <<<"$there"
exit "$wrong"
