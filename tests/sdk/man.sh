#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every command that `errand --help` lists has a manual page, and no page has a fault.
#   man.sh ERRAND MAN_DIR
set -euo pipefail

readonly errand=$1 dir=$2
"$errand" --help | sed -n '/^commands:/,/^$/s/^  \([a-z ]*[a-z]\)  .*/\1/p' |
    while read -r name; do
        page=$dir/errand-${name// /-}.1
        [[ -s $page ]] || { echo "man.sh: no page for 'errand $name'" >&2; exit 1; }
        read -ra words <<<"$name"
        "$errand" "${words[@]}" --help >/dev/null
    done
# The pages bear the version; a date would change with every build.
if mandoc -T lint -W warning "$dir"/*.1 | grep -v 'missing date'; then
    exit 1
fi
sections=$(mandoc -T ascii "$dir/errand-run.1" | col -b | grep -x '[A-Z ]*')
for section in NAME SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS" EXAMPLES ENVIRONMENT "SEE ALSO"; do
    [[ $'\n'$sections$'\n' == *$'\n'$section$'\n'* ]] || {
        echo "man.sh: errand-run(1) has no $section" >&2
        exit 1
    }
done
