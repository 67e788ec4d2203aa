#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# layers.sh [ROOT]: who may include, link and call what. Prints each fault as FILE:LINE: what is wrong.
#
# A call that is banned and yet right carries "lint: allow" in a comment on its line.
# shellcheck disable=SC2317 # by_row calls the checks by name
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
readonly here
# shellcheck source=tests/lint/sources.bash
source "$here/sources.bash"
cd "${1:-$here/../..}"

# The table of common/README.md. A folder may use these libraries of common/ and these of others.
readonly -A may_use=(
    [common/base]='base'
    [common/model]='base model'
    [common/logs]='base model logs zstd'
    [common/placement]='base model placement'
    [common/wire]='base model wire jansson'
    [common/auth]='base auth sodium jansson'
    [common/store]='base model logs store libpq'
    [common/service]='base service'
    [api]='base model logs placement wire auth store service h2o jansson libpq openssl zlib'
    [hypervisor-agent]='base model logs wire auth net service curl jansson uv archive sodium zstd'
    [scheduler]='base model placement store service libpq uv'
    [hypervisor-agent/shim]='base model wire jansson'
    [hypervisor-agent/drivers]='base model wire jansson seccomp'
    [hypervisor-agent/init]=''
    [sdk-c]='curl jansson'
    [sdk-c/cli]='jansson yaml'
)

# How an external library shows: its headers, its target in CMake.
readonly -A header_of=(
    [curl]='curl/' [jansson]='jansson' [sodium]='sodium' [libpq]='libpq|postgres' [uv]='uv' [h2o]='h2o'
    [archive]='archive' [zstd]='zstd' [seccomp]='seccomp' [openssl]='openssl/' [zlib]='zlib' [yaml]='yaml'
)
readonly -A target_of=(
    [curl]='CURL::' [jansson]='Jansson::' [sodium]='Sodium::' [libpq]='PostgreSQL::' [uv]='LibUV::'
    [h2o]='H2O::' [archive]='LibArchive::' [zstd]='Zstd::' [seccomp]='[A-Za-z]*[Ss]eccomp::' [openssl]='OpenSSL::' [zlib]='Zlib::' [yaml]='Yaml::'
)
readonly commons=(base model logs placement wire auth store net service)

readonly banned='strcpy|strcat|v?sprintf|strncpy|strtok|atoi|atol|strtol|gets|v?[fs]?scanf|localtime|gmtime|system|popen|alloca'

faults=0

# fault_lines WHAT: FILE:LINE:TEXT on stdin, each of them a fault.
fault_lines() {
    local file line text
    while IFS=: read -r file line text; do
        echo "$file:$line: $1: ${text#"${text%%[! ]*}"}"
        faults=1
    done
}

# faults_in WHAT PATTERN FILE…: each match is a fault.
faults_in() {
    local what=$1 pattern=$2
    shift 2
    (($# == 0)) || fault_lines "$what" < <(
        grep --line-number --with-filename --extended-regexp -- "$pattern" "$@"
    )
}

# The folder whose row holds for a file: the longest that contains it; none for tests.
row_of() {
    row=${1%/*}
    while [[ -z ${may_use[$row]+set} ]]; do
        [[ $row == */* ]] || return 1
        row=${row%/*}
    done
}

is_allowed() {
    [[ " ${may_use[$1]} " == *" $2 "* ]]
}

check_includes() {
    local row=$1 library
    shift
    for library in "${commons[@]}"; do
        is_allowed "$row" "$library" ||
            faults_in "$row may not use $library" "^#include \"$library/" "$@"
    done
    for library in "${!header_of[@]}"; do
        is_allowed "$row" "$library" ||
            faults_in "$row may not use $library" "^#include [<\"](${header_of[$library]})" "$@"
    done
}

check_links() {
    local row=$1 library
    shift
    for library in "${commons[@]}"; do
        is_allowed "$row" "$library" ||
            faults_in "$row may not link $library" "\\berrand_$library\\b" "$@"
    done
    for library in "${!target_of[@]}"; do
        is_allowed "$row" "$library" ||
            faults_in "$row may not link $library" "${target_of[$library]}" "$@"
    done
}

# by_row CHECK: with the files on stdin, once a row.
by_row() {
    local -A files=()
    local file row
    while IFS= read -r file; do
        if [[ -n $file ]] && row_of "$file"; then
            files[$row]+=" $file"
        fi
    done
    for row in "${!files[@]}"; do
        # shellcheck disable=SC2086 # names of sources have no blanks
        "$1" "$row" ${files[$row]}
    done
}

# Code without strings and comments as FILE:LINE:TEXT; a line with the escape says LINT_ALLOW.
code_of() {
    (($# > 0)) || return 0
    # shellcheck disable=SC2016 # perl's own variables
    perl -0777 -ne '
        s{/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27}
         {my $text = $&; (my $lines = $text) =~ s/[^\n]//g;
          ($text =~ m{^/\*.*lint: allow}s ? "LINT_ALLOW" : "\"\"") . $lines}gse;
        my $n = 0;
        print "$ARGV:", ++$n, ":$_\n" for split /\n/;' "$@"
}

check_code() {
    local code=$1
    fault_lines 'banned call' < <(
        grep --extended-regexp "(:|[^A-Za-z0-9_.>])($banned)[[:space:]]*\\(" "$code" |
            grep --invert-match LINT_ALLOW
    )
    fault_lines 'comment with two slashes' < <(grep --extended-regexp '^[^:]*:[0-9]+:.*//' "$code")
}

mapfile -t c_files < <(sources . '*.c' '*.h')
mapfile -t program_files < <(printf '%s\n' "${c_files[@]}" | grep -v -e '^tests/' -e '^$')
mapfile -t outside_store < <(printf '%s\n' "${program_files[@]}" | grep -v -e '^common/store/' -e '^$')
mapfile -t without_libpq < <(
    printf '%s\n' "${outside_store[@]}" | grep -v -e '^sdk-c/' -e '^api/db/db_\(pipe\|connect\)\.c$' -e '^$'
)

by_row check_includes < <(printf '%s\n' "${c_files[@]}")
by_row check_links < <(sources . 'CMakeLists.txt' '*/CMakeLists.txt')

code=$(mktemp)
trap 'rm -f "$code"' EXIT
code_of "${c_files[@]}" >"$code"
check_code "$code"

# SQL on tables lives in common/store, libpq there and in the API's pipe.
faults_in 'SQL outside common/store' \
    '"[^"]*\b(SELECT .* FROM|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM|CREATE TABLE|ALTER TABLE)\b' \
    "${outside_store[@]}"
faults_in 'libpq outside common/store' '\bPQ[a-z]+[A-Za-z]*\(' "${without_libpq[@]}"

while IFS= read -r file; do
    head -n 3 "$file" | grep --quiet 'SPDX-License-Identifier: Apache-2.0' || {
        echo "$file:1: no SPDX-License-Identifier"
        faults=1
    }
done < <(sources . '*.c' '*.h' '*.sh' '*.bash' '*.bats' '*.mjs' '*.sql' '*.cmake' 'CMakeLists.txt' \
    '*/CMakeLists.txt' Makefile '*.yaml')

exit "$faults"
