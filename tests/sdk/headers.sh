#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every public header compiles alone, as ISO C99 and as C++.
#   headers.sh INCLUDE_DIR CC CXX
set -euo pipefail

readonly include=$1 cc=$2 cxx=$3
readonly warnings=(-Wall -Wextra -Wpedantic -pedantic-errors -Wconversion -Wundef -Werror)
count=0
for header in "$include"/errand/*.h; do
    unit="#include <errand/$(basename "$header")>
#include <errand/$(basename "$header")>
int not_empty;"
    "$cc" -std=c99 "${warnings[@]}" -Wstrict-prototypes -I"$include" -fsyntax-only -x c - <<<"$unit"
    "$cxx" -std=c++98 "${warnings[@]}" -I"$include" -fsyntax-only -x c++ - <<<"$unit"
    count=$((count + 1))
done
echo "$count headers compile alone as C99 and C++98"
((count >= 10))
