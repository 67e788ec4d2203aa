#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Long logs while everything on their way is killed: scripts/crashes.sh [PRESET] [LINES] [ROUNDS]
#
# LINES numbered lines (a million) through each of the three suites: API and PostgreSQL; agent and
# shim; all of it together, with AWAY (60) seconds without a control plane. Ends with the first round
# that is red. ERRAND_BUILD_DIR says where the programs are, when not in build/PRESET.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly lines=${2:-1000000} rounds=${3:-1} away=${AWAY:-60}
build=$(realpath "${ERRAND_BUILD_DIR:-build/${1:-asan}}")
readonly build
export ERRAND_BIN_DIR=$build/bin ERRAND_SOURCE_DIR=$PWD
export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0
export ERRAND_LOG_CRASH_LINES=$lines ERRAND_BREAK_LINES=$lines ERRAND_BREAK_AWAY_S=$away
export BREAK_LINES=$lines BREAK_AWAY_S=$away

tests/support/contract/install.sh
for ((round = 1; round <= rounds; round++)); do
    echo "crashes: round $round of $rounds, $lines lines"
    node --test tests/http/log_crashes.test.mjs
    "$build/tests/test_agent_logs"
    bats --print-output-on-failure tests/e2e/log_breaks.bats
done
