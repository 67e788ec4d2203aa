# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the benches share; sourced by each tests/bench/NAME.sh, which prints its rows as one JSON
# array on stdout and everything else on stderr. The repository's root is the current directory.
#
#   $bin     the release build's programs
#   $work    a folder of this bench's own, deleted at the end
set -euo pipefail

bin=$PWD/build/release/bin
work=$(mktemp -d /tmp/errand-bench.XXXXXX)
bench_has_stack= bench_has_registry= bench_cluster=

bench_cleanup() {
    [[ -z $bench_has_stack ]] || "$bin/errand" down --data "$work/stack" >&2 || true
    [[ -z $bench_has_registry ]] || scripts/registry.sh stop "$work/registry" >&2 || true
    [[ -z $bench_cluster ]] || tests/support/postgres.sh stop "$bench_cluster" >&2 || true
    rm -rf "$work"
}
trap bench_cleanup EXIT

# A stack of our own on a free port: sets ERRAND_URL and ERRAND_TOKEN.
bench_stack() {
    bench_has_stack=yes
    "$bin/errand" up --data "$work/stack" --port 0 >&2
    # shellcheck source=/dev/null
    source "$work/stack/env"
    export ERRAND_URL ERRAND_TOKEN
}

# bench_image [PROGRAM...]: a registry with an image of busybox and these; sets $image.
bench_image() {
    local registry
    bench_has_registry=yes
    registry=$(scripts/registry.sh start "$work/registry")
    image=$registry/bench/busybox:1
    tests/support/make_image.sh "$work/image" "$image" "$@" >&2
}

# bench_bundle DIR ARGV...: an OCI bundle of busybox with the runtime's own default configuration.
bench_bundle() {
    local dir=$1
    shift
    mkdir -p "$dir/rootfs/bin"
    cp /bin/busybox "$dir/rootfs/bin/"
    ln -s busybox "$dir/rootfs/bin/true"
    ln -s busybox "$dir/rootfs/bin/sh"
    (
        cd "$dir"
        crun spec
        jq '.process.terminal = false | .process.args = $ARGS.positional' config.json --args "$@" \
            >config.new
        mv config.new config.json
    )
}

# crun refuses a cgroup2 mount beside cgroup v1: run a command where it is hidden.
bench_bare() {
    # shellcheck disable=SC2016
    unshare --mount --propagation slave bash -c '
        umount /sys/fs/cgroup/unified 2>/dev/null || true
        exec "$@"' -- "$@"
}
