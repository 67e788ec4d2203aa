#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The C library's reference: build/docs/html and build/docs/man/man3, from its headers. Fails when a
# public function is missing from it.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly out=build/docs
rm -rf "$out"
mkdir -p "$out"
version=$(sed -n 's/^#define ERRAND_VERSION "\(.*\)"/\1/p' sdk-c/include/errand/version.h)
(
    cat sdk-c/doc/Doxyfile
    echo "OUTPUT_DIRECTORY = $out"
    echo "PROJECT_NUMBER = $version"
) | doxygen - >"$out/doxygen.log" 2>&1 || {
    cat "$out/doxygen.log" >&2
    exit 1
}

missing=0
while read -r name; do
    if [[ ! -f $out/man/man3/$name.3 ]] || ! grep -rqF "$name()" "$out/html" --include='*.html'; then
        echo "docs.sh: $name() is not in the reference" >&2
        missing=1
    fi
done < <(cat sdk-c/include/errand/*.h | tr '\n' ' ' | grep -oE 'ERRAND_API [^;(]*\(' |
    grep -oE 'errand_[a-z0-9_]+\($' | tr -d '(')
((missing == 0))
echo "$out/html/index.html"
