#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The C library and the command: reading a followed log beside a JSON tree for each event, what a follow
# of MILLIONS (10) of lines holds in memory, and the start of `errand` beside curl's. Needs no root.
source "$(dirname "$0")/lib.sh"

"$bin/bench_sdk" "${MILLIONS:-10}" "${ROUNDS:-100}" "$bin/errand" "$(command -v curl)" | jq --slurp .
