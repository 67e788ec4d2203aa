#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The public headers against abi.txt: every function with its parameters, every structure with the
# place of its fields, every enumerator with its value. A program that was built before must run with
# the library of today, so what was recorded stays; only structures that say their size may grow.
#   abi.sh [--record] [INCLUDE_DIR] [CC]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
readonly here recorded=$here/abi.txt

record=
[[ ${1-} != --record ]] || { record=yes && shift; }
readonly include=${1:-$here/../../sdk-c/include} cc=${2:-cc}
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

# All headers without comments and directives, a declaration a line.
declarations() {
    cat "$include"/errand/*.h |
        awk '{
            while ((from = index($0, "/*")) > 0 && !inside) {
                rest = substr($0, from + 2)
                to = index(rest, "*/")
                if (to == 0) { $0 = substr($0, 1, from - 1); inside = 1; print; next }
                $0 = substr($0, 1, from - 1) " " substr(rest, to + 2)
            }
            if (inside) {
                to = index($0, "*/")
                if (to == 0) next
                $0 = substr($0, to + 2)
                inside = 0
            }
            print
        }' |
        sed -e ':join; /\\$/{N; s/\\\n//; b join}' -e '/^#/d' -e '/^ERRAND_\(BEGIN\|END\)_DECLS/d' |
        tr -s ' \n\t' ' ' |
        sed -e 's/; */;\n/g' -e 's/{ */{\n/g' -e 's/} */}/g' | sed 's/^ *//'
}

# The program that prints what the compiler makes of them.
printer() {
    echo '#include <errand/errand.h>'
    echo '#include <stddef.h>'
    echo '#include <stdio.h>'
    echo 'int main(void) {'
    declarations | awk '
        /^typedef struct [a-z_]+ \{$/ { type = $3; kind = "struct"; next }
        /^typedef enum [a-z_]+ \{$/ { type = $3; kind = "enum"; next }
        /^}/ && kind == "struct" {
            printf "printf(\"size %s %%zu\\n\", sizeof(%s));\n", type, type
            kind = ""
        }
        kind == "struct" {
            name = $0
            if (match(name, /\(\*[a-z_]+\)/)) name = substr(name, RSTART + 2, RLENGTH - 3)
            else { sub(/(\[[^]]*\])?;$/, "", name); sub(/.*[ *]/, "", name) }
            printf "printf(\"field %s.%s at %%zu, %%zu bytes\\n\", offsetof(%s, %s), sizeof(((%s *)0)->%s));\n",
                type, name, type, name, type, name
        }
        kind == "enum" {
            sub(/}.*/, "")
            n = split($0, items, ",")
            for (i = 1; i <= n; i++) {
                name = items[i]
                sub(/=.*/, "", name)
                gsub(/ /, "", name)
                if (name != "") printf "printf(\"enumerator %s %%d\\n\", (int)%s);\n", name, name
            }
            kind = ""
        }'
    echo 'return 0; }'
}

now() {
    printer >"$work/printer.c"
    "$cc" -std=c99 -I"$include" "$work/printer.c" -c -o "$work/printer.o"
    # only functions of the library are missing, and none is called
    "$cc" "$work/printer.o" -o "$work/printer"
    "$work/printer"
    declarations | sed -n 's/^ERRAND_API /function /p'
    declarations | sed -n 's/^typedef \(.*(.*;\)$/callback \1/p'
}

now | LC_ALL=C sort >"$work/now"
(($(grep -c '^function' "$work/now") > 80 && $(grep -c '^field' "$work/now") > 60 &&
    $(grep -c '^enumerator' "$work/now") > 20)) || {
    echo "abi.sh: the headers were not understood" >&2
    exit 1
}
if [[ -n $record ]]; then
    cp "$work/now" "$recorded"
    exit
fi

# Who says its size may grow, and what the library alone makes.
readonly made_by_the_library=' errand_log_line errand_status_event errand_retry_event '
has_grown() {
    local size
    size=$(sed -n "s/^size $1 //p" "$work/now")
    [[ -n $size ]] && ((size >= $2)) &&
        { [[ $made_by_the_library == *" $1 "* ]] || grep -q "^field $1.struct_size at 0," "$recorded"; }
}
without_growth() {
    local what type size
    while read -r what type size; do
        [[ $what == size ]] && has_grown "$type" "$size" || echo "$what $type $size"
    done
}

lost=$(LC_ALL=C comm -23 "$recorded" "$work/now" | without_growth)
if [[ -n $lost ]]; then
    printf 'abi.sh: programs that were built before break; no longer so:\n%s\n' "$lost" >&2
    echo "If that is meant, raise SOVERSION, say so in CHANGELOG.md under ABI, and tests/sdk/abi.sh --record" >&2
    exit 1
fi
new=$(LC_ALL=C comm -13 "$recorded" "$work/now")
if [[ -n $new ]]; then
    printf 'abi.sh: new, and not recorded yet (tests/sdk/abi.sh --record):\n%s\n' "$new" >&2
    exit 1
fi
echo "$(wc -l <"$recorded") facts are as recorded"
