#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One container of `true`, from asking for it until its end is known: Errand, with and without a pool;
# bare crun and runc; the Docker Engine API, `docker run`, a replicated job of Docker Swarm; podman;
# Slurm, whose job is crun with the same bundle; and what a user would build instead: BullMQ on Redis,
# or graphile-worker on PostgreSQL, behind an HTTP server that runs containers through the Docker
# Engine API. All on this machine, no network in the containers. ROUNDS of all, in turn, the quick ones
# four times each; then RATE_SECONDS with four in flight, three times; then COLD_ROUNDS images that
# nobody has, where a subject can pull.
#
# dockerd and podman keep their data in memory here, which flatters them; Redis syncs each write, as
# both PostgreSQLs do.
source tests/bench/lib.sh
# shellcheck source=tests/bench/peers/peers.bash
source tests/bench/peers/peers.bash

# Everything is in the engine's own network namespace, which has no way out.
if [[ -z ${ERRAND_TEST_ENGINE_SOCKET:-} ]]; then
    trap - EXIT
    rm -rf "$work"
    bench_npm
    exec tests/support/with_engine.sh docker bash "$0"
fi

# podman leaves the control group of its containers
[[ -z $(find /sys/fs/cgroup -maxdepth 2 -name libpod_parent) ]] && had_podman= || had_podman=yes
clean_up() {
    bench_cleanup
    [[ -n $had_podman ]] || find /sys/fs/cgroup -depth -maxdepth 4 -path '*/libpod_parent*' -type d -exec rmdir {} \; 2>/dev/null || true
}
trap clean_up EXIT

readonly socket=$ERRAND_TEST_ENGINE_SOCKET
export DOCKER_HOST=unix://$socket
subjects={}

# subject NAME METHOD JSON [JSON...]
subject() {
    subjects=$(jq --slurp --arg name "$1" --arg method "$2" --argjson subjects "$subjects" \
        '$subjects + {($name): ({$method} + add)}' <<<"${*:3}")
}

# command_subject NAME METHOD JSON ARGV...
command_subject() {
    subject "$1" "$2" "$3" "$(jq --null-input '{kind: "command", argv: $ARGS.positional}' --args -- "${@:4}")"
}

readonly asked='POST …/runs, then the stream of its log until its state event'

api() {
    curl --silent --fail --header "Authorization: Bearer $ERRAND_TOKEN" \
        --header 'Content-Type: application/json' --data @- "$ERRAND_URL$1"
}

add_errand() {
    bench_stack
    local definition runner
    definition=$(jq --null-input --arg image "${image%:*}" '{name: "bench", image_name: $image, image_tag: "1",
        argv: ["/bin/true"], network: "none"}')
    runner=$(api /v1/runners <<<"$definition" | jq --raw-output .runner.id)
    pooled=$(jq '.name = "bench-pool"' <<<"$definition" | api /v1/runners | jq --raw-output .runner.id)
    at=$(jq --null-input --arg url "$ERRAND_URL" --arg token "$ERRAND_TOKEN" '{kind: "errand", $url, $token, repeat: 4}')
    subject errand "$asked" "$at" "{\"runner\": \"$runner\", \"definition\": $definition}"
}

# Last: its boxes are no part of the idle stack.
add_pool() {
    api "/v1/runners/$pooled/warmup" >/dev/null <<<'{"pool": 4}'
    subject errand-pool "a runner with a pool of four sandboxes that wait: $asked" "$at" \
        "{\"runner\": \"$pooled\", \"rated\": false}"
}

add_bare() {
    local runtime
    bench_bundle "$work/bundle" /bin/true
    for runtime in crun runc; do
        # crun refuses a cgroup2 mount beside cgroup v1
        command_subject "$runtime" "$runtime run of the same files: no queue, no log, no overlay, no filter" \
            '{"numbered": true, "repeat": 4}' unshare --mount --propagation slave sh -c \
            'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh \
            "$(command -v $runtime)" run --bundle "$work/bundle"
    done
}

add_docker() {
    docker pull --quiet "$image" >&2
    subject docker-api 'Docker Engine API: create, start, wait, remove; not a queue: accepted is created' \
        "$(jq --null-input --arg socket "$socket" --arg image "$image" '{kind: "engine", $socket, $image}')"
    command_subject docker-run 'docker run --rm, the program included' {} docker run --rm --network none "$image" /bin/true
}

add_podman() {
    local dir=$ERRAND_TEST_ENGINE_DIR/podman
    bench_has podman || { bench_missing podman 'no podman; apt-get install podman'; return; }
    # runc, because podman's crun refuses a cgroup2 mount beside cgroup v1
    command_subject podman-run 'podman run --rm with runc, the program included' "{\"image\": \"$image\"}" \
        podman --root "$dir/data" --runroot "$dir/run" --tmpdir "$dir/tmp" --runtime runc --cgroup-manager cgroupfs \
        --events-backend file --storage-driver overlay run --rm --network none --tls-verify=false --log-driver none \
        --ulimit nofile=1024 --ulimit nproc=1024 --quiet "$image" /bin/true
}

add_swarm() {
    if ! docker swarm init --advertise-addr 127.0.0.1 >/dev/null 2>"$work/swarm.err"; then
        bench_missing docker-swarm "$(tail -1 "$work/swarm.err")"
        return
    fi
    command_subject docker-swarm 'docker service create --mode replicated-job, which waits for its end' {} \
        docker service create --quiet --mode replicated-job --restart-condition none --no-resolve-image \
        "$image" /bin/true
}

# Slurm starts no containers here: its job is crun with the bundle that crun alone starts.
add_slurm() {
    bench_slurm || { bench_missing slurm "$slurm_why"; return; }
    mkdir "$work/ends"
    cat >"$work/job.sh" <<JOB
#!/bin/bash
unshare --mount --propagation slave sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "\$@"' sh \
    $(command -v crun) run --bundle $work/bundle slurm-\$SLURM_JOB_ID </dev/null
code=\$?
[[ \${1:-} != batch ]] || { echo \$code >$work/\$SLURM_JOB_ID.end && mv $work/\$SLURM_JOB_ID.end $work/ends/\$SLURM_JOB_ID; }
exit \$code
JOB
    chmod 0755 "$work/job.sh"
    command_subject slurm-srun "srun of crun run of the same files: its state is on the disk within seconds, no log" \
        '{"repeat": 4}' srun --quiet "$work/job.sh"
    subject slurm-sbatch 'sbatch of the same, 64 in flight, until the last command of the job itself; accepted is submitted' \
        "$(jq --null-input --arg dir "$work/ends" '{kind: "batch", $dir, concurrency: 64, argv: $ARGS.positional}' \
            --args -- sbatch --parsable --output /dev/null "$work/job.sh" batch)"
}

add_composed() {
    local conninfo at queues=(graphile)
    export ENGINE_SOCKET=$socket IMAGE=$image
    if bench_redis; then queues+=(bullmq); else bench_missing bullmq 'no redis-server; apt-get install redis-server'; fi
    bench_cluster=$work/pg
    tests/support/postgres.sh start "$bench_cluster" >/dev/null
    conninfo=$(tests/support/postgres.sh createdb "$bench_cluster" peers)
    psql -qX -d "$conninfo" -c 'ALTER SYSTEM SET fsync = on' -c 'ALTER SYSTEM SET synchronous_commit = on' \
        -c 'ALTER SYSTEM SET full_page_writes = on' -c 'SELECT pg_reload_conf()' >/dev/null
    at=${conninfo#host=} at=${at%% *}
    export DATABASE_URL="postgres://errand_owner@/peers?host=$at"
    local kind
    for kind in "${queues[@]}"; do
        bench_composed "$kind"
        subject "$kind" "POST /runs to a server of Node.js: $kind, a worker, the Docker Engine API; then GET until it ended" \
            "{\"kind\": \"composed\", \"url\": \"$composed_url\"}"
    done
}

add_missing() {
    bench_missing nomad 'not in Debian'
    bench_missing kubernetes 'no server in Debian'
}

# PSS, in MiB: memory_row SUBJECT METRIC METHOD PID...
memory_row() {
    local subject=$1 metric=$2 method=$3 kib=0 pid
    for pid in "${@:4}"; do
        kib=$((kib + $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)))
    done
    jq --null-input --arg subject "$subject" --arg metric "$metric" --arg method "PSS of $method" --argjson kib "$kib" \
        '{$subject, $metric, value: ($kib / 102.4 | round / 10), unit: "MiB", n: 1, spread: 0, $method}'
}
named() { pgrep --full "$(IFS='|'; echo "$*")" || true; }
with_children() {
    echo "$1"
    pgrep --parent "$1"
}

memory_rows() {
    local errand docker bullmq graphile
    mapfile -t errand < <(named '^errand-(api|scheduler|agent)')
    mapfile -t docker < <(named '^dockerd' 'containerd --config' '^containerd')
    mapfile -t bullmq < <(named '^redis-server' 'composed.mjs bullmq')
    mapfile -t graphile < <(named 'composed.mjs graphile')
    memory_row errand idle_memory 'errand-api, errand-scheduler, errand-agent' "${errand[@]}"
    memory_row docker idle_memory 'dockerd, containerd' "${docker[@]}"
    ((${#bullmq[@]} == 0)) || memory_row bullmq idle_memory 'Redis, Node.js, dockerd, containerd' "${bullmq[@]}" "${docker[@]}"
    memory_row graphile idle_memory 'Node.js, dockerd, containerd' "${graphile[@]}" "${docker[@]}"
    [[ -z ${slurm_pids:-} ]] || memory_row slurm idle_memory 'munged, slurmctld, slurmd' "${slurm_pids[@]}"
    mapfile -t -O "${#errand[@]}" errand < <(with_children "$(cut -d ' ' -f 1 "$work/stack/pid/postgres.pid")")
    mapfile -t -O "${#graphile[@]}" graphile < <(with_children "$(head -n 1 "$(cat "$bench_cluster/postgres-home")/data/postmaster.pid")")
    memory_row errand idle_memory_with_database 'errand-api, errand-scheduler, errand-agent, PostgreSQL' "${errand[@]}"
    ((${#bullmq[@]} == 0)) ||
        memory_row bullmq idle_memory_with_database 'Redis, Node.js, dockerd, containerd' "${bullmq[@]}" "${docker[@]}"
    memory_row graphile idle_memory_with_database 'Node.js, PostgreSQL, dockerd, containerd' "${graphile[@]}" "${docker[@]}"
}

cold_images() {
    local i
    for ((i = 0; i < ${COLD_ROUNDS:-7}; i++)); do
        head -c 1000000 /dev/urandom >"$work/unique"
        tests/support/make_image.sh "$work/image" "${image%:*}:cold-$i" "$work/unique" >&2
        echo "${image%:*}:cold-$i"
    done
}

bench_image
add_errand
add_bare
add_slurm
add_docker
add_podman
add_composed
add_swarm
add_missing
memory_rows | jq --slurp . >"$work/memory.json"
add_pool
mapfile -t images < <(cold_images)
jq --null-input --argjson rounds "${ROUNDS:-25}" --argjson seconds "${RATE_SECONDS:-3}" --argjson subjects "$subjects" \
    '{$rounds, $seconds, concurrency: 4, images: $ARGS.positional, $subjects}' --args "${images[@]}" >"$work/config.json"
node tests/bench/peers/peers.mjs "$work/config.json" >"$work/rows.json"
jq --slurp '.[1] as $memory | .[0] + ($memory | map(. as $row | if .subject != "errand" then . else .ratio_to = ($memory
        | map(select(.metric == $row.metric and .subject != "errand")
            | {key: .subject, value: ($row.value / .value * 1000 | round / 1000)}) | from_entries) end)) + .[2:]' \
    "$work/rows.json" "$work/memory.json" "$work/missing"
