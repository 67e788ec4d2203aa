#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# clang_format.sh [ROOT]: every C file is as clang-format 14 would write it. `make fmt` writes it so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
readonly here
# shellcheck source=tests/lint/sources.bash
source "$here/sources.bash"

format=$(command -v clang-format-14 || command -v clang-format) || {
    echo "clang_format.sh: install clang-format-14" >&2
    exit 1
}
[[ $("$format" --version) == *"version 14."* ]] || {
    echo "clang_format.sh: $("$format" --version) writes otherwise than 14; install clang-format-14" >&2
    exit 1
}

cd "${1:-$here/../..}"
sources . '*.c' '*.h' | xargs --no-run-if-empty "$format" --dry-run -Werror
