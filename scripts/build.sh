#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Configure and build one preset, or these targets of it, quietly when nothing is wrong:
# scripts/build.sh PRESET [JOBS [TARGET...]]
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
targets=()
(($# < 3)) || targets=(--target "${@:3}")
cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}" -- --quiet | sed "/^ninja: no work to do/d"
