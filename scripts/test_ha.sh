#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_ha.sh PRESET TIMES: the tests of tests/ha so many times; ends with the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly preset=${1:?usage: test_ha.sh PRESET TIMES} times=${2:?usage: test_ha.sh PRESET TIMES}
export ERRAND_BIN_DIR=$PWD/build/$preset/bin ERRAND_SOURCE_DIR=$PWD
export ERRAND_API_NEXT=$PWD/build/$preset/tests/errand-api-next
export LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0

((EUID == 0)) || exec sudo --preserve-env=ERRAND_BIN_DIR,ERRAND_SOURCE_DIR,ERRAND_API_NEXT,ERRAND_HA_OLD_BIN_DIR,LSAN_OPTIONS,ERRAND_HA_RUNS,ERRAND_HA_LINES,ERRAND_HA_SECONDS "$0" "$@"
for ((i = 1; i <= times; i++)); do
    bats --print-output-on-failure tests/ha/*.bats
    echo "test_ha: $i of $times green"
done
