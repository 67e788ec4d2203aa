#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A run from assignment and image to first output and end, beside bare crun with the same
# configuration; runs a second, four at a time; memory of a shim. Needs root.
source "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-100}
((rounds >= 10)) || rounds=10 # of fewer it makes no rows
bench_bare "$bin/bench_shim" "$bin" /usr/bin/crun "$rounds"
