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
bench_has_stack= bench_has_registry= bench_cluster= bench_docker_pid=

bench_cleanup() {
    [[ -z $bench_has_stack ]] || "$bin/errand" down --data "$work/stack" >&2 || true
    [[ -z $bench_docker_pid ]] || { kill "$bench_docker_pid" && wait "$bench_docker_pid"; } >&2 || true
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

# A dockerd of our own, without a network: exports DOCKER_HOST. False where there is none.
bench_docker() {
    command -v dockerd >/dev/null && command -v docker >/dev/null || return
    export DOCKER_HOST=unix://$work/docker.sock
    dockerd --data-root "$work/docker" --exec-root "$work/docker-run" --pidfile "$work/docker.pid" \
        --host "$DOCKER_HOST" --bridge none --iptables=false --ip6tables=false --log-level error \
        >"$work/docker.log" 2>&1 &
    bench_docker_pid=$!
    until docker info >/dev/null 2>&1; do
        kill -0 "$bench_docker_pid" || { tail -n 3 "$work/docker.log" >&2; return 1; }
        read -rt 0.1 <> <(:) || true
    done
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

# crun refuses a cgroup2 mount beside cgroup v1: run a command where it is covered. What crun makes in
# the cover goes with it.
bench_bare() {
    # shellcheck disable=SC2016
    unshare --mount --propagation slave bash -c '
        [[ ! -d /sys/fs/cgroup/unified ]] || mount -t tmpfs none /sys/fs/cgroup/unified
        exec "$@"' -- "$@"
}
