#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A private container registry on loopback, without a service of the machine's.
#
#   registry.sh start DIR   start it, or find it running; prints HOST:PORT
#   registry.sh stop DIR    stop it; its images stay in DIR
#
# It takes a free port once and keeps it, so that image names stay valid.
set -euo pipefail

readonly command=${1:?usage: registry.sh start|stop DIR} dir=${2:?usage: registry.sh start|stop DIR}

# The pid file counts only while that pid is still a registry with our configuration.
running_pid() {
    local pid
    pid=$(cat "$dir/pid" 2>/dev/null) || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$dir/config.yml" && echo "$pid"
}

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000)) # below what the kernel hands out itself
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

start() {
    mkdir -p "$dir/data"
    [[ -s $dir/port ]] || free_port >"$dir/port"
    local port log=$dir/registry.log
    port=$(cat "$dir/port")
    if ! running_pid >/dev/null; then
        cat >"$dir/config.yml" <<CONFIG
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: $dir/data}
  delete: {enabled: true}
http: {addr: "127.0.0.1:$port"}
CONFIG
        setsid docker-registry serve "$dir/config.yml" </dev/null >>"$log" 2>&1 &
        echo $! >"$dir/pid"
        until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
            kill -0 "$(cat "$dir/pid")" 2>/dev/null || {
                rm -f "$dir/port" # taken by somebody else: another one next time
                tail -n 3 "$log" >&2
                echo "registry.sh: docker-registry did not start; try again" >&2
                exit 1
            }
            read -rt 0.02 <> <(:) || true
        done
    fi
    echo "127.0.0.1:$port"
}

stop() {
    local pid
    pid=$(running_pid) || return 0
    kill -KILL "$pid" # asked nicely it takes two seconds; what it has is in files
    tail --pid="$pid" --follow --sleep-interval 0.02 /dev/null
    rm -f "$dir/pid"
}

case $command in
start | stop) "$command" ;;
*)
    echo "registry.sh: unknown command '$command'" >&2
    exit 2
    ;;
esac
