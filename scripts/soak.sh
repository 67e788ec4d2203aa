#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A steady load on a built preset, and what its programs hold meanwhile: scripts/soak.sh PRESET SECONDS
set -euo pipefail
cd "$(dirname "$0")/.."

readonly preset=${1:?usage: scripts/soak.sh PRESET SECONDS}
export SOAK_SECONDS=$2 SOAK_SAMPLES=$PWD/build/soak.samples
export ERRAND_BIN_DIR=$PWD/build/$preset/bin ERRAND_SOURCE_DIR=$PWD

run=()
if ((EUID != 0)); then
    run=(sudo --preserve-env="SOAK_SECONDS,SOAK_SAMPLES,ERRAND_BIN_DIR,ERRAND_SOURCE_DIR,PATH")
fi
tests/support/contract/install.sh
exec "${run[@]}" bats --print-output-on-failure tests/soak/soak.bats
