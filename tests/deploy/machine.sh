#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A machine for the tests of packages: Debian with systemd as its first process, in namespaces of
# its own (processes, mounts, network, control groups) on this one. Needs root.
#
#   machine.sh root DIR                      make DIR/base, a Debian 12 with systemd (once)
#   machine.sh start DIR NAME [LOWER...]     boot NAME from DIR/base, with LOWER... laid over it
#   machine.sh run DIR NAME COMMAND...       run a command on it
#   machine.sh join DIR NAME NET ADDRESS     an interface in the network NET ("start"ed network below)
#   machine.sh network DIR NET ADDRESS       a bridge in a namespace of its own, ADDRESS on it
#   machine.sh stop DIR NAME                 switch it off; what it wrote stays in DIR/NAME
#   machine.sh unnetwork DIR NET             the end of a network
#
# What a machine writes goes to DIR/NAME/upper; its /var is a plain directory, DIR/NAME/var, because
# an overlay cannot hold another's upper layer.
set -euo pipefail

readonly command=${1:?see the head of this file} dir=${2:?is the directory}
shift 2

# what our packages depend on is there already: a machine reaches no mirror
readonly PACKAGES=(ca-certificates cloud-init crun curl dbus init-system-helpers iproute2 jq libarchive13 libcurl4
    libh2o-evloop0.13 libjansson-dev libcurl4-openssl-dev libpq5 libseccomp2 libsodium23 libuv1 libzstd1 netbase nftables
    openssl postgresql procps systemd systemd-sysv)

machine_root() {
    [[ -e $dir/base/etc/debian_version ]] && return
    mkdir -p "$dir"
    rm -rf "$dir/base.new"
    mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "${PACKAGES[*]}")" bookworm "$dir/base.new"
    : >"$dir/base.new/etc/machine-id"
    rm -f "$dir/base.new"/etc/{hostname,resolv.conf} "$dir/base.new"/var/cache/apt/archives/*.deb
    mv "$dir/base.new" "$dir/base"
}

# The controllers of v1, and the tree of v2 where it is; on v2 alone that is all.
cgroup_trees() {
    if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then
        echo /sys/fs/cgroup
    else
        find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d
    fi
}

# As PID 1 of the new namespaces, before systemd is.
machine_boot() {
    local root=$dir/$1/root tree
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/tmp"
    local node
    for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
        IFS=: read -r name major minor <<<"$node"
        mknod --mode 666 "$root/dev/$name" c "$major" "$minor"
    done
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s pts/ptmx "$root/dev/ptmx"
    mkdir "$root"/dev/{pts,shm}
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then
        mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    else
        mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
        for tree in $(cgroup_trees); do
            mkdir "$root/sys/fs/cgroup/${tree##*/}"
            case ${tree##*/} in
            unified) mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified" ;;
            systemd) mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd" ;;
            *) mount -t cgroup -o "${tree##*/}" cgroup "$root/sys/fs/cgroup/${tree##*/}" ;;
            esac
        done
    fi
    hostname "$1"
    echo "$1" >"$root/etc/hostname"
    ip link set lo up
    cd "$root"
    pivot_root . "mnt"
    umount -l /mnt
    exec env -i container=errand-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        /lib/systemd/systemd --log-target=journal --show-status=no </dev/null >/dev/null 2>&1
}

machine_start() {
    local name=$1 lower=$dir/base layer tree file
    shift
    for layer; do lower=$layer:$lower; done
    mkdir -p "$dir/$name"/{upper,work,root}
    [[ -d $dir/$name/var ]] || cp -a "$dir/base/var" "$dir/$name/var"
    for tree in $(cgroup_trees); do
        mkdir -p "$tree/errand-machine-$$-$name"
        for file in cpuset.cpus cpuset.mems; do # empty ones take no process
            [[ ! -e $tree/$file ]] || cat "$tree/$file" >"$tree/errand-machine-$$-$name/$file"
        done
        echo $BASHPID >"$tree/errand-machine-$$-$name/cgroup.procs"
        echo "$tree/errand-machine-$$-$name"
    done >"$dir/$name/cgroups"
    # in its own mount namespace, so that no mount of the machine is seen here
    unshare --mount --cgroup --uts --ipc --net --pid --fork --kill-child=KILL bash -euc '
        mount --make-rprivate /
        mount -t overlay overlay -o "lowerdir=$2,upperdir=$3/upper,workdir=$3/work" "$3/root"
        mount --bind "$3/var" "$3/root/var"
        source "$0" boot "$1" "${3##*/}"' "${BASH_SOURCE[0]}" "$dir" "$lower" "$dir/$name" \
        </dev/null >"$dir/$name/boot.log" 2>&1 &
    local unshare_pid=$! pid=
    until pid=$(pgrep --parent $unshare_pid); do
        kill -0 $unshare_pid || { cat "$dir/$name/boot.log" >&2; exit 1; }
        sleep 0.05
    done
    echo "$pid" >"$dir/$name/pid"
    echo "$unshare_pid" >"$dir/$name/keeper"
    local deadline=$((SECONDS + 90)) state=
    until state=$(machine_run "$name" systemctl is-system-running 2>/dev/null) || [[ $state == degraded ]]; do
        ((SECONDS < deadline)) && kill -0 $unshare_pid 2>/dev/null || {
            cat "$dir/$name/boot.log" >&2
            echo "machine.sh: $name did not boot: $state" >&2
            exit 1
        }
        sleep 0.1
    done
}

machine_run() {
    local pid
    pid=$(cat "$dir/$1/pid")
    shift
    nsenter --target "$pid" --mount --cgroup --uts --ipc --net --pid --root --wdns=/ \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

machine_stop() {
    local name=$1 group
    [[ -s $dir/$name/pid ]] || return 0
    kill -KILL "$(cat "$dir/$name/pid")" 2>/dev/null || true
    tail --pid="$(cat "$dir/$name/keeper")" --follow /dev/null
    rm "$dir/$name/pid"
    while read -r group; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done <"$dir/$name/cgroups"
}

# A process that keeps the network's namespace.
machine_network() {
    local net=$1 address=$2 pid
    unshare --net sleep infinity </dev/null &>/dev/null &
    pid=$!
    until [[ $(readlink "/proc/$pid/ns/net") != $(readlink /proc/self/ns/net) ]]; do sleep 0.02; done
    echo "$pid" >"$dir/$net.net"
    nsenter --target "$pid" --net ip link set lo up
    nsenter --target "$pid" --net ip link add br0 type bridge
    nsenter --target "$pid" --net ip address add "$address" dev br0
    nsenter --target "$pid" --net ip link set br0 up
}

machine_unnetwork() {
    [[ -s $dir/$1.net ]] || return 0
    kill "$(cat "$dir/$1.net")"
    rm "$dir/$1.net"
}

machine_join() {
    local name=$1 net=$2 address=$3 pid bridge
    pid=$(cat "$dir/$name/pid")
    bridge=$(cat "$dir/$net.net")
    nsenter --target "$bridge" --net ip link add "v-$name" type veth peer name eth0 netns "$pid"
    nsenter --target "$bridge" --net ip link set "v-$name" master br0 up
    nsenter --target "$pid" --net ip address add "$address" dev eth0
    nsenter --target "$pid" --net ip link set eth0 up
}

"machine_$command" "$@"
