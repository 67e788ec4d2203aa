#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One run of `true`, POST to `state`, beside bare crun starting the same container, in turn.
source tests/bench/lib.sh

bench_stack
bench_image
runner=$("$bin/errand" runner create bench --image "$image" -- /bin/true)
bench_bundle "$work/bundle" /bin/true
bench_bare "$bin/bench_run" "$runner" "${ROUNDS:-100}" -- \
    "$(command -v crun)" run --bundle "$work/bundle" errand-bench
