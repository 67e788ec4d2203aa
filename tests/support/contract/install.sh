#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Install what package-lock.json says, unless it is there already.
set -eu
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/.installed-lock; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed-lock
fi
