#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# with_engine.sh docker|podman COMMAND...: run COMMAND with a container engine of its own, whose
# socket's path is in ERRAND_TEST_ENGINE_SOCKET. Needs root.
#
# The engine has its own data, network namespace and process namespace: nothing of the machine's
# engines is touched, and all of it, containers too, is gone with this script, however that ends.
set -euo pipefail

readonly ENGINE=$1
shift

if [[ -z ${ERRAND_TEST_ENGINE_DIR:-} ]]; then
    ERRAND_TEST_ENGINE_DIR=$(mktemp -d /tmp/errand-engine.XXXXXX)
    export ERRAND_TEST_ENGINE_DIR
    status=0
    setpriv --pdeathsig KILL \
        unshare --net --mount --pid --mount-proc --fork --kill-child "$0" "$ENGINE" "$@" || status=$?
    # what the engine mounted went with its mount namespace
    rm -rf "$ERRAND_TEST_ENGINE_DIR"
    exit $status
fi

readonly DIR=$ERRAND_TEST_ENGINE_DIR
export ERRAND_TEST_ENGINE_SOCKET=$DIR/engine.sock
export ERRAND_DOCKER_SOCKET=$ERRAND_TEST_ENGINE_SOCKET # for an errand-agent below

# crun 1.8 refuses the hybrid control group layout, and there is no journal for podman to log to.
start_engine() {
    case $ENGINE in
    docker)
        exec dockerd --host "unix://$ERRAND_TEST_ENGINE_SOCKET" --data-root "$DIR/data" \
            --exec-root "$DIR/exec" --pidfile "$DIR/pid" --config-file "$DIR/daemon.json" \
            --iptables=false --ip6tables=false --ip-masq=false --log-level error
        ;;
    podman)
        exec podman --root "$DIR/data" --runroot "$DIR/run" --tmpdir "$DIR/tmp" --runtime runc \
            --cgroup-manager cgroupfs --events-backend file --storage-driver overlay \
            system service --time 0 "unix://$ERRAND_TEST_ENGINE_SOCKET"
        ;;
    esac
}

answers() {
    [[ -S $ERRAND_TEST_ENGINE_SOCKET ]] &&
        curl --silent --fail --max-time 5 --unix-socket "$ERRAND_TEST_ENGINE_SOCKET" \
            http://engine/_ping >/dev/null
}

# in memory: an engine waits for the disk several times a container
mount -t tmpfs -o "size=${ERRAND_TEST_ENGINE_SIZE:-1g},mode=0755" errand-engine "$DIR"
ip link set lo up
echo '{}' >"$DIR/daemon.json"
start_engine >"$DIR/log" 2>&1 &
engine=$!
for _ in {1..300}; do
    answers && break
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.05
done
if ! answers; then
    echo "with_engine.sh: $ENGINE does not answer:" >&2
    tail -20 "$DIR/log" >&2
    exit 1
fi

status=0
"$@" || status=$?
if ((status != 0)) && [[ -n ${ERRAND_TEST_VERBOSE:-} ]]; then
    tail -40 "$DIR/log" >&2
fi
kill "$engine" 2>/dev/null || true
wait "$engine" 2>/dev/null || true
exit $status
