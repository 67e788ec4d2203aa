#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Install what package-lock.json says, unless it is there already:
#   install.sh build   what the bundle is made of and with
#   install.sh test    the same, and what checks it
set -euo pipefail
cd "$(dirname "$0")"

readonly what=${1:?usage: install.sh build|test}
exec 9<.
flock 9 # two builds of one checkout at once

have=$(cat node_modules/.installed 2>/dev/null || true)
want=$(sha256sum package-lock.json)
[[ $have == "test $want" || $have == "$what $want" ]] && exit 0

omit=()
[[ $what == test ]] || omit=(--omit=dev)
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "${omit[@]}" >/dev/null
echo "$what $want" >node_modules/.installed
