#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# deploy/compose, built and run by a Docker of its own (tests/support/with_engine.sh docker). BASE is made
# from the machines' root (machine.sh), because nothing can be fetched in there. Needs root and the
# packages of build/package/packages.
set -euo pipefail
cd "$(dirname "$0")/../.."

[[ $EUID == 0 ]] || exec sudo --preserve-env=MACHINES "$0" "$@"
readonly machines=${MACHINES:-$PWD/build/machines}
if [[ -z ${ERRAND_TEST_ENGINE_SOCKET-} ]]; then
    tests/deploy/machine.sh root "$machines"
    ERRAND_TEST_ENGINE_SIZE=6g exec tests/support/with_engine.sh docker "$0"
fi

work=$(mktemp -d)
readonly work
export DOCKER_HOST=unix://$ERRAND_TEST_ENGINE_SOCKET BASE=errand-test-base ERRAND_PORT=18080 COMPOSE_PROJECT_NAME=errand
export DOCKER_BUILDKIT=0
compose() { docker-compose --file "$work/checkout/deploy/compose/compose.yaml" --file "$PWD/tests/deploy/compose.test.yaml" "$@"; }
say() { printf 'compose: %s\n' "$*"; }

wait_ready() {
    local deadline=$((SECONDS + 60))
    until curl --silent --fail http://127.0.0.1:$ERRAND_PORT/readyz >/dev/null; do
        ((SECONDS < deadline)) || { curl --silent http://127.0.0.1:$ERRAND_PORT/readyz >&2; exit 1; }
        sleep 0.2
    done
}

# errand, as who has the user's token.
client() {
    # shellcheck disable=SC2016 # for the shell in the container
    compose exec -T -e ERRAND_URL=http://127.0.0.1:8080 api \
        sh -c 'ERRAND_TOKEN=$(cat /state/user.token) exec errand "$@"' - "$@"
}

# shellcheck disable=SC2317 # at the end
clean_up() {
    local status=$?
    if ((status != 0)); then compose logs --no-color --tail=30 >&2 || true; fi
    compose down --volumes --timeout 5 >"$work/down" 2>&1 || true
    if [[ -s $work/registry.pid ]]; then kill "$(cat "$work/registry.pid")" || true; fi
    rm -rf "$work"
}
trap clean_up EXIT

say "base image"
tar --create --directory "$machines/base" --exclude=./dev --exclude=./proc --exclude=./sys --exclude=./etc/apt/sources.list \
    --exclude=./usr/share/doc --exclude=./usr/share/locale --exclude=./var/lib/apt/lists --exclude=./var/lib/postgresql \
    . | docker import - errand-test-base >"$work/log"

say "build"
mkdir -p "$work/checkout/build/package"
cp -r deploy "$work/checkout/"
cp -r build/package/packages "$work/checkout/build/package/"
install -d -m 0700 "$work/checkout/deploy/compose/secrets"
openssl rand -hex 24 >"$work/checkout/deploy/compose/secrets/database_password"
chmod 0444 "$work/checkout/deploy/compose/secrets/database_password"
# Debian's docker-compose does not know it; the engine of this test has it so by itself
sed -i '/^ *cgroup: host/d' "$work/checkout/deploy/compose/compose.yaml"
compose build >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; exit 1; }

say "up"
gateway=$(ip -4 -oneline address show docker0 | awk '{ sub("/.*", "", $4); print $4; exit }')
cat >"$work/registry.yml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "$gateway:5000"}
YAML
docker-registry serve "$work/registry.yml" &>"$work/registry.log" &
echo $! >"$work/registry.pid"
export ERRAND_INSECURE_REGISTRIES=$gateway:5000
compose up --detach >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
tests/support/make_image.sh "$work" "$gateway:5000/test/busybox:1" >/dev/null

say "a run"
wait_ready
client runner create hello --image "$gateway:5000/test/busybox:1" >/dev/null
[[ $(client run hello -- echo hello from compose) == 'hello from compose' ]]
status=0
client run hello -- sh -c 'exit 7' || status=$?
[[ $status == 7 ]]

say "no secret in what Docker tells of the containers"
mapfile -t containers < <(compose ps --quiet)
! docker inspect "${containers[@]}" | grep --quiet --file "$work/checkout/deploy/compose/secrets/database_password"

say "down and up again: everything is still there"
compose down --timeout 20 >"$work/log" 2>&1
compose up --detach >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
wait_ready
[[ $(client run hello -- echo still there) == 'still there' ]]
say "all is well"
