#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What network, user namespace and disk ceiling add to a run, without API and agent around it.
set -euo pipefail
cd "$(dirname "$0")/../.."

ERRAND_BIN_DIR=$PWD/build/release/bin ERRAND_TEST_RUNTIME=$(command -v crun) \
    build/release/bin/bench_isolation "${ROUNDS:-100}"
