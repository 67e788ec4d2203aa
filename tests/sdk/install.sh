#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What is installed is enough to build the README's program, by pkg-config (shared and static) and by
# CMake.
#   install.sh BUILD_DIR EXAMPLE.c CC [FLAGS]
set -euo pipefail

readonly build=$1 example=$2 cc=$3
read -ra flags <<<"${4-}"
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

readme=$(dirname "$example")/../README.md
diff <(sed '1,/^ \*\/$/d' "$example") <(awk '$0 == "```" { exit } inside; $0 == "```c" { inside = 1 }' "$readme") || {
    echo "install.sh: $readme shows another program than $example" >&2
    exit 1
}

for component in library sdk; do
    cmake --install "$build" --component $component --prefix "$work/usr" >/dev/null
done
PKG_CONFIG_PATH=$(dirname "$(find "$work/usr" -name errand.pc)")
export PKG_CONFIG_PATH

# Nobody listens on port 1: the program must get as far as saying so.
expect_unavailable() {
    local status=0 said
    said=$(ERRAND_URL=http://127.0.0.1:1 "$@" runner 2>&1) || status=$?
    [[ $status == 125 && $said == unavailable:* ]] && return
    echo "install.sh: $1 exited with $status and said: $said" >&2
    exit 1
}

# shellcheck disable=SC2046 # pkg-config answers with words
"$cc" -std=c99 "${flags[@]}" "$example" $(pkg-config --cflags --libs errand) -o "$work/shared"
LD_LIBRARY_PATH=$(pkg-config --variable=libdir errand) expect_unavailable "$work/shared"

# shellcheck disable=SC2046
"$cc" -std=c99 "${flags[@]}" "$example" $(pkg-config --cflags errand) \
    "$(pkg-config --variable=libdir errand)/liberrand.a" $(pkg-config --libs libcurl jansson) -o "$work/static"
expect_unavailable "$work/static"

mkdir "$work/project"
cat >"$work/project/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(example LANGUAGES C)
find_package(errand 0.1 REQUIRED)
foreach(library liberrand liberrand_static)
    add_executable(with_\${library} $example)
    target_compile_options(with_\${library} PRIVATE ${flags[*]})
    target_link_options(with_\${library} PRIVATE ${flags[*]})
    target_link_libraries(with_\${library} PRIVATE errand::\${library})
endforeach()
CMAKE
cmake -S "$work/project" -B "$work/built" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$work/usr" >"$work/log" ||
    { cat "$work/log" && exit 1; }
cmake --build "$work/built" >"$work/log" || { cat "$work/log" && exit 1; }
expect_unavailable "$work/built/with_liberrand"
expect_unavailable "$work/built/with_liberrand_static"
echo "four programs built against what is installed"
