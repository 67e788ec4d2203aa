#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The shared library shows what its headers declare, all of it and nothing else; the static one
# defines no name without the prefix; neither needs anything but libcurl, jansson and libc.
#   symbols.sh SHARED STATIC INCLUDE_DIR
set -euo pipefail

readonly shared=$1 static=$2 include=$3
fail() {
    echo "symbols.sh: $*" >&2
    exit 1
}

# Sanitizers and coverage add names of their own.
others='__|_init$|_fini$|_edata$|_end$|gcov|mangle_path'
shown=$(nm --dynamic --defined-only "$shared" | awk '{print $3}' | grep -vE "^($others)" | sort)
declared=$(cat "$include"/errand/*.h | tr '\n' ' ' | grep -oE 'ERRAND_API [^;(]*\(' |
    grep -oE 'errand_[a-z0-9_]+\($' | tr -d '(' | sort)
diff <(echo "$declared") <(echo "$shown") || fail "declared (<) and shown (>) differ"

odd=$(nm --defined-only "$static" 2>/dev/null | awk 'NF == 3 && $2 ~ /[A-Z]/ {print $3}' |
    grep -vE "^(errand_|$others|_?DW\.)" || true)
[[ -z $odd ]] || fail "names without the prefix in the static library: $odd"

needed=$(readelf --dynamic "$shared" | grep -oE 'Shared library: \[[^]]+' | sed 's/.*\[//' |
    grep -vE '^lib(curl|jansson|c|asan|ubsan|tsan|gcc_s|m|pthread)\.so' || true)
[[ -z $needed ]] || fail "the library needs $needed"
readelf --dynamic "$shared" | grep -q 'SONAME.*liberrand.so.0' || fail "SONAME is not liberrand.so.0"
echo "$(wc -l <<<"$shown") functions shown, as declared"
