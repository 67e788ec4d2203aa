#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Stop the stack and the demo's registry: scripts/down.sh [DATA]
set -euo pipefail
cd "$(dirname "$0")/.."

readonly data=${1:-.errand}
readonly errand=build/release/bin/errand

if [[ -x $errand && -d $data ]]; then
    "$errand" down --data "$data"
fi
scripts/registry.sh stop "$data/registry"
