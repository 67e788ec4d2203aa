#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The OpenAPI tool, quiet and offline: redocly.sh lint | redocly.sh bundle OUTPUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../../openapi"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true CI=true

case "${1-}" in
lint) exec "$here/node_modules/.bin/redocly" lint --config redocly.yaml errand.yaml ;;
bundle)
    "$here/node_modules/.bin/redocly" bundle --config redocly.yaml errand.yaml -o "$2"
    exec node "$here/examples.mjs" "$2"
    ;;
*) echo "usage: redocly.sh lint | bundle OUTPUT" >&2 && exit 2 ;;
esac
