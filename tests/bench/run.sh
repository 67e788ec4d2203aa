#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One run of `true`, POST to `state`, with a sandbox of its own and with one that waited for it,
# beside bare crun starting the same container, in turn.
source tests/bench/lib.sh

bench_stack
bench_image
cold=$("$bin/errand" runner create bench --image "$image" -- /bin/true)
warm=$("$bin/errand" runner create bench-pool --image "$image" -- /bin/true)
curl --silent --show-error --fail -o /dev/null -X POST "$ERRAND_URL/v1/runners/$warm/warmup" \
    -H "Authorization: Bearer $ERRAND_TOKEN" -H 'Content-Type: application/json' -d '{"pool": 4}'
for ((i = 0; i < 100; i++)); do
    boxes=$(pgrep --full --count 'errand-shim .*/boxes/' || true)
    ((boxes < 4)) || break
    sleep 0.1
done
bench_bundle "$work/bundle" /bin/true
bench_bare "$bin/bench_run" "${ROUNDS:-100}" "errand=$cold" "errand-pool=$warm" -- \
    "$(command -v crun)" run --bundle "$work/bundle" errand-bench
