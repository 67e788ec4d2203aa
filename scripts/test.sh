#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run every test of a built preset: scripts/test.sh PRESET [ctest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."

readonly preset=${1:?usage: scripts/test.sh PRESET}
shift

# the tests start containers; a normal user borrows root for that and stays the owner of the files
run=()
if ((EUID != 0)); then
    run=(sudo env "PATH=$PATH")
fi
# one more than there are processors: most of a test is waiting for something
exec "${run[@]}" ctest --preset "$preset" --parallel "$(($(nproc) + 1))" "$@"
