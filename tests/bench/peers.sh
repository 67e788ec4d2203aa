#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One container of `true`, from asking for it until its end is known: Errand, bare crun and runc, the
# Docker Engine API, `docker run`, a replicated job of Docker Swarm, and what a user would build
# instead: BullMQ on Redis, or graphile-worker on PostgreSQL, behind an HTTP server that runs
# containers through the Docker Engine API. All on this machine, no network in the containers.
# ROUNDS one at a time, in turn; then RATE_SECONDS with four in flight, three times.
#
# dockerd keeps its data in memory here, which flatters it; Redis syncs each write, as PostgreSQL does.
source tests/bench/lib.sh

# Everything is in the engine's own network namespace, which has no way out.
if [[ -z ${ERRAND_TEST_ENGINE_SOCKET:-} ]]; then
    trap - EXIT
    rm -rf "$work"
    (cd tests/bench/peers && npm install --omit=optional --no-save --ignore-scripts --no-audit --no-fund \
        --loglevel=error) >&2
    exec tests/support/with_engine.sh docker bash "$0"
fi

readonly socket=$ERRAND_TEST_ENGINE_SOCKET
export DOCKER_HOST=unix://$socket
subjects={}

# subject NAME JSON
subject() { subjects=$(jq --arg name "$1" --argjson it "$2" '. + {($name): $it}' <<<"$subjects"); }

command_subject() {
    local name=$1 numbered=$2
    shift 2
    subject "$name" "$(jq --null-input --argjson numbered "$numbered" \
        '{kind: "command", $numbered, argv: $ARGS.positional}' --args -- "$@")"
}

missing() { echo "peers.sh: $1 is left out: $2" >&2; }

wait_for_file() {
    local n
    for ((n = 0; n < 200; n++)); do
        [[ ! -s $1 ]] || return 0
        sleep 0.1
    done
    echo "peers.sh: $1 did not come" >&2
    return 1
}

add_errand() {
    bench_stack
    local runner
    runner=$(jq --null-input --arg image "${image%:*}" '{name: "bench", image_name: $image, image_tag: "1",
        argv: ["/bin/true"], network: "none"}' |
        curl --silent --fail --header "Authorization: Bearer $ERRAND_TOKEN" --data @- \
            --header 'Content-Type: application/json' "$ERRAND_URL/v1/runners" | jq --raw-output .runner.id)
    subject errand "$(jq --null-input --arg url "$ERRAND_URL" --arg token "$ERRAND_TOKEN" \
        --arg runner "$runner" '{kind: "errand", $url, $token, $runner}')"
}

add_bare() {
    local runtime
    bench_bundle "$work/bundle" /bin/true
    for runtime in crun runc; do
        # crun refuses a cgroup2 mount beside cgroup v1
        command_subject "$runtime" true unshare --mount --propagation slave sh -c \
            'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh \
            "$(command -v $runtime)" run --bundle "$work/bundle"
    done
}

add_docker() {
    docker pull --quiet "$image" >&2
    subject docker-api "$(jq --null-input --arg socket "$socket" --arg image "$image" '{kind: "engine", $socket, $image}')"
    command_subject docker-run false docker run --rm --network none "$image" /bin/true
}

add_swarm() {
    if ! docker swarm init --advertise-addr 127.0.0.1 >/dev/null 2>"$work/swarm.err"; then
        missing docker-swarm "$(tail -1 "$work/swarm.err")"
        return
    fi
    command_subject docker-swarm false docker service create --quiet --mode replicated-job \
        --restart-condition none --no-resolve-image "$image" /bin/true
}

add_composed() {
    local kind conninfo at
    if command -v redis-server >/dev/null; then
        redis-server --port 6399 --bind 127.0.0.1 --appendonly yes --appendfsync always \
            --dir "$work" --save '' --logfile "$work/redis.log" --daemonize yes >&2
    else
        missing bullmq 'no redis-server; apt-get install redis-server'
    fi
    mkdir "$work/pg"
    tests/support/postgres.sh start "$work/pg" >/dev/null
    bench_cluster=$work/pg
    conninfo=$(tests/support/postgres.sh createdb "$work/pg" peers)
    at=${conninfo#host=} at=${at%% *}
    for kind in bullmq graphile; do
        [[ $kind != bullmq ]] || command -v redis-server >/dev/null || continue
        REDIS_PORT=6399 DATABASE_URL="postgres://errand_owner@/peers?host=$at" ENGINE_SOCKET=$socket IMAGE=$image \
            node tests/bench/peers/composed.mjs "$kind" "$work/$kind.port" >"$work/$kind.log" 2>&1 &
        wait_for_file "$work/$kind.port"
        subject "$kind" "{\"kind\": \"composed\", \"url\": \"http://127.0.0.1:$(cat "$work/$kind.port")\"}"
    done
}

# PSS of all processes of a name, in MiB.
memory_row() {
    local subject=$1 kib=0 pid
    shift
    for pid in $(pgrep --full "$(IFS='|'; echo "$*")"); do
        kib=$((kib + $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)))
    done
    jq --null-input --arg subject "$subject" --argjson kib "$kib" \
        '{$subject, metric: "idle_memory", value: ($kib / 102.4 | round / 10), unit: "MiB", n: 1, spread: 0}'
}

bench_image
add_errand
add_bare
add_docker
add_composed
add_swarm
{
    memory_row errand '^errand-(api|scheduler|agent)'
    memory_row docker '^dockerd' 'containerd --config' '^containerd'
    memory_row bullmq-with-docker '^redis-server' 'composed.mjs bullmq' '^dockerd' '^containerd'
} | jq --slurp . >"$work/memory.json"
jq --null-input --argjson rounds "${ROUNDS:-30}" --argjson seconds "${RATE_SECONDS:-5}" --argjson subjects "$subjects" \
    '{$rounds, $seconds, concurrency: 4, $subjects}' >"$work/config.json"
node tests/bench/peers/peers.mjs "$work/config.json" >"$work/rows.json"
mapfile -t servers < <(jobs -p)
kill "${servers[@]}"
jq --slurp add "$work/rows.json" "$work/memory.json"
