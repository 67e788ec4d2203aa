#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The systemd units say what systemd understands, about programs that are there, and are no less
# hardened than docs/operations.md says: units.sh BIN_DIR
set -euo pipefail

readonly bin=$1 source=${ERRAND_SOURCE_DIR:?is the checkout}
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

for unit in errand-api errand-scheduler errand-agent; do
    sed "s,/usr/sbin/,$bin/," "$source/deploy/systemd/$unit.service" >"$work/$unit.service"
    systemd-analyze verify --man=no "$work/$unit.service" >"$work/verify" 2>&1 || {
        cat "$work/verify" >&2
        exit 1
    }
    if grep "$unit" "$work/verify" >&2; then
        exit 1
    fi
    # "| errand-api | 1.6 | ..." in the table
    documented=$(sed -n "s/^| \`$unit\` | \([0-9.]*\) .*/\1/p" "$source/docs/operations.md")
    [[ -n $documented ]] || {
        echo "units.sh: docs/operations.md has no figure for $unit" >&2
        exit 1
    }
    now=$(systemd-analyze security --offline=true --no-pager "$work/$unit.service" |
        sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
    [[ $now == "$documented" ]] || {
        echo "units.sh: $unit has the exposure $now, docs/operations.md says $documented" >&2
        exit 1
    }
done
