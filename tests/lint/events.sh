#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/events.md lists exactly the events that the code logs.
set -euo pipefail
cd "${ERRAND_SOURCE_DIR:-$(dirname "$0")/../..}"

# the names in log_error("noun.verb ...") and in calls that are handed the name
logged() {
    grep -rhoE '"[a-z_]+\.[a-z_]+( [a-z_]+=|")' --include='*.c' api scheduler hypervisor-agent |
        grep -oE '[a-z_]+\.[a-z_]+' | sort -u
}

documented() {
    grep -E '^\| `' docs/events.md | cut -d'|' -f2 | grep -oE '[a-z_]+\.[a-z_]+' | sort -u
}

missing=$(comm -23 <(grep -rhoE 'log_(error|warn|info)\([[:space:]]*"[a-z_]+\.[a-z_]+' --include='*.c' \
    api scheduler hypervisor-agent -z | tr '\0' '\n' | grep -oE '[a-z_]+\.[a-z_]+$' | sort -u) <(documented))
gone=$(comm -13 <(logged) <(documented))

if [[ -n $missing || -n $gone ]]; then
    [[ -z $missing ]] || printf 'not in docs/events.md: %s\n' $missing
    [[ -z $gone ]] || printf 'in docs/events.md but logged by nobody: %s\n' $gone
    exit 1
fi
