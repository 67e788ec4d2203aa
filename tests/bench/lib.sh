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
bench_has_stack= bench_has_registry= bench_cluster= bench_docker_pid= bench_peer_pids=()

bench_cleanup() {
    # the last first: a daemon before what it needs
    for ((i = ${#bench_peer_pids[@]} - 1; i >= 0; i--)); do
        kill "${bench_peer_pids[i]}" 2>/dev/null && wait "${bench_peer_pids[i]}" || true
    done
    if [[ -n $bench_has_stack ]]; then
        local state
        state=$(readlink --canonicalize "$work/stack/state")
        "$bin/errand" down --data "$work/stack" >&2 || true
        rm -rf --one-file-system "$state" # what it keeps for the next `up`
    fi
    [[ -z $bench_docker_pid ]] || { kill "$bench_docker_pid" && wait "$bench_docker_pid"; } >&2 || true
    [[ -z $bench_has_registry ]] || scripts/registry.sh stop "$work/registry" >&2 || true
    [[ -z $bench_cluster ]] || tests/support/postgres.sh stop "$bench_cluster" >&2 || true
    rm -rf "$work"
}
trap bench_cleanup EXIT

# This bench again, in network and process namespaces of its own: ports are free, nothing of the
# machine's is touched, and whatever a peer starts is gone with it. Needs root.
bench_alone() {
    [[ -z ${BENCH_IS_ALONE:-} ]] || return 0
    trap - EXIT
    rm -rf "$work"
    # shellcheck disable=SC2016
    BENCH_IS_ALONE=yes exec setpriv --pdeathsig KILL \
        unshare --net --mount --pid --mount-proc --fork --kill-child \
        bash -c 'ip link set lo up && exec bash "$0"' "$0"
}

# bench_sample SUBJECT METRIC VALUE UNIT N: one measurement; of several, bench_rows takes the median.
bench_sample() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$work/samples"
}

# All samples as rows, in the order of their first: the median, the range, and how Errand's compares
# with everybody's of the same metric.
bench_rows() {
    jq --raw-input --null-input '
        [inputs | split("\t") | {subject: .[0], metric: .[1], value: (.[2] | tonumber), unit: .[3], n: (.[4] | tonumber)}]
        | reduce .[] as $it ([]; (map(.[0].subject == $it.subject and .[0].metric == $it.metric) | index(true)) as $at
            | if $at == null then . + [[$it]] else .[$at] += [$it] end)
        | map((map(.value) | sort) as $all | .[0] + {value: $all[($all | length) / 2 | floor], n: (map(.n) | add),
            spread: (($all[-1] - $all[0]) * 1000 | round / 1000)})
        | . as $rows | map(. as $row | if .subject != "errand" then . else .ratio_to = ($rows
            | map(select(.metric == $row.metric and .subject != "errand" and .value > 0)
                | {key: .subject, value: ($row.value / .value * 1000 | round / 1000)}) | from_entries) end)' "$work/samples"
}

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

# A dockerd of our own, without a network: exports DOCKER_HOST. False where there is none. For a bench
# that called bench_alone: without a bridge, dockerd removes the one of another dockerd.
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
