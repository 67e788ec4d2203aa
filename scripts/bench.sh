#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Measure one run of `true` through the whole of Errand beside bare crun, in turn, on this machine:
# scripts/bench.sh [ROUNDS]. Rows land in build/bench/bench.json.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly rounds=${1:-100} bin=$PWD/build/release/bin
work=$(mktemp -d /tmp/errand-bench.XXXXXX)

cleanup() {
    "$bin/errand" down --data "$work/stack" >/dev/null 2>&1 || true
    scripts/registry.sh stop "$work/registry" || true
    rm -rf "$work"
}
trap cleanup EXIT

"$bin/errand" up --data "$work/stack" --port 0 >/dev/null
# shellcheck source=/dev/null
source "$work/stack/env"
export ERRAND_URL ERRAND_TOKEN

registry=$(scripts/registry.sh start "$work/registry")
image=$registry/bench/busybox:1
tests/support/make_image.sh "$work/image" "$image" >/dev/null
runner=$("$bin/errand" runner create bench --image "$image" -- /bin/true)

# the same container without Errand: same files, the runtime's own default configuration
mkdir -p "$work/bundle/rootfs/bin"
cp /bin/busybox "$work/bundle/rootfs/bin/true"
(
    cd "$work/bundle"
    crun spec
    jq '.process.terminal = false | .process.args = ["/bin/true"]' config.json >config.new
    mv config.new config.json
)

mkdir -p build/bench
# crun refuses a cgroup2 mount beside cgroup v1: hide it from the bare runs
unshare --mount --propagation slave bash -c '
    umount /sys/fs/cgroup/unified 2>/dev/null || true
    exec "$@"' -- "$bin/bench_run" "$runner" "$rounds" -- \
    /usr/bin/crun run --bundle "$work/bundle" errand-bench >build/bench/bench.json
jq -r '.[] | "\(.subject)\t\(.metric)\t\(.value) \(.unit)\tn=\(.n)\tspread \(.spread)\tratio \(.ratio_to | to_entries[] | "\(.value)x \(.key)")"' \
    build/bench/bench.json | column -t -s $'\t'
