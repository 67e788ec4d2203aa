#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Break a whole Errand under load, once a seed: scripts/chaos.sh PRESET SECONDS FIRST_SEED ROUNDS
set -euo pipefail
cd "$(dirname "$0")/.."

readonly preset=${1:?usage: scripts/chaos.sh PRESET SECONDS FIRST_SEED ROUNDS}
readonly seconds=$2 first=$3 rounds=$4

tests/support/contract/install.sh
failed=()
for ((seed = first; seed < first + rounds; seed++)); do
    CHAOS_SEED=$seed CHAOS_SECONDS=$seconds scripts/test.sh "$preset" --tests-regex '^e2e\.chaos$' \
        --timeout $((seconds + 600)) --verbose | grep --extended-regexp '# |^[0-9]+: (not )?ok ' |
        sed 's/^[0-9]*: //' || failed+=("$seed")
done
if ((${#failed[@]} > 0)); then
    echo "chaos: wrong with SEED=${failed[*]}" >&2
    exit 1
fi
echo "chaos: $rounds of $rounds seeds right"
