#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Configure and build one preset, quietly when nothing is wrong: scripts/build.sh PRESET [JOBS]
set -euo pipefail
cd "$(dirname "$0")/.."

readonly preset=${1:?usage: scripts/build.sh PRESET [JOBS]} jobs=${2:-2}
readonly dir=build/$preset

mkdir -p "$dir"
if [[ ! -f $dir/build.ninja || CMakePresets.json -nt $dir/build.ninja ]]; then
    echo "build: configuring $preset"
    cmake --preset "$preset" >"$dir/configure.log" 2>&1 || {
        cat "$dir/configure.log" >&2
        exit 1
    }
fi
cmake --build --preset "$preset" --parallel "$jobs" -- --quiet | sed "/^ninja: no work to do/d"
