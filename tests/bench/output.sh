#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 80-byte lines out of a container: to the spool, through the store to a follower; beside a bare pipe,
# `docker attach` (docker run), `docker logs -f`, Slurm's srun, and the stack that a user would build:
# BullMQ's worker attached to the container, a stream of Redis, server-sent events. How old a line is
# when its follower has it, quiet and under load. LINES sets how many, ROUNDS_LOGS how often.
source tests/bench/lib.sh
# shellcheck source=tests/bench/peers/peers.bash
source tests/bench/peers/peers.bash

[[ -n ${BENCH_IS_ALONE:-} ]] || bench_npm
bench_alone

readonly lines=${LINES:-1000000} rounds=${ROUNDS_LOGS:-3} name=errand-bench-output

api() {
    curl --silent --fail --header "Authorization: Bearer $ERRAND_TOKEN" \
        --header 'Content-Type: application/json' "$@"
}

# start ARGV...: the id of a new run.
start() {
    jq --null-input '{argv: $ARGS.positional}' --args "$@" |
        api --data @- "$ERRAND_URL/v1/runners/$runner/runs" | jq --raw-output .run.id
}

# took SUBJECT FILE: what log_reader counted.
took() { bench_sample "$1" 'container to reader' "$(jq .lines_s "$2")" lines/s "$(jq .n "$2")"; }

# What a pipe takes: bare crun into the same reader.
round_pipe() {
    bench_bare "$(command -v crun)" run --bundle "$work/bundle" $name | "$bin/log_reader" pipe >"$work/took"
    took pipe "$work/took"
}

# From the time the first line was read by the shim to the last one's.
spool_rate() {
    local page="$ERRAND_URL/v1/runs/$1/logs"
    jq --slurp --argjson n "$lines" 'map(.logs[0].ts | (.[0:19] + "Z" | fromdate) + (.[20:23] | tonumber) / 1000)
        | (($n - 1) / (.[1] - .[0] + 0.0005) | round)' <(api "$page?limit=1") <(api "$page?tail=1")
}

round_errand() {
    local run
    run=$(start /bin/log_writer "$lines")
    "$bin/log_reader" run "$run" >"$work/took"
    took errand "$work/took"
    bench_sample errand 'container to spool' "$(spool_rate "$run")" lines/s "$lines"
}

round_docker() {
    docker run --rm --network none $name /bin/log_writer "$lines" | "$bin/log_reader" pipe >"$work/took"
    took docker-attach "$work/took"
    docker run --detach --network none --name $name $name /bin/log_writer "$lines" >/dev/null
    docker logs --follow $name | "$bin/log_reader" pipe >"$work/took"
    took docker-logs "$work/took"
    docker rm --force $name >/dev/null
}

# bullmq ARGV...: a job of the composed stack, its log read by the same reader.
bullmq() {
    local id
    id=$(jq --null-input --compact-output '{argv: $ARGS.positional, log: true}' --args -- "$@" |
        curl --silent --fail --data @- "$composed_url/runs" | jq --raw-output .id)
    # curl waits: the stream is of what is there already, too
    curl --silent --no-buffer "$composed_url/runs/$id/logs" | "$bin/log_reader" sse >"$work/took"
    curl --silent --fail --output /dev/null "$composed_url/runs/$id"
}

round_bullmq() {
    bullmq /bin/log_writer "$lines"
    took bullmq "$work/took"
}

round_slurm() {
    srun --quiet "$work/job.sh" | "$bin/log_reader" pipe >"$work/took"
    took slurm-srun "$work/took"
}

# ages SUBJECT WHEN: of what log_reader counted.
ages() {
    bench_sample "$1" "age of a line, $2, p50" "$(jq .age_p50_ms "$work/took")" ms "$(jq .n "$work/took")"
    bench_sample "$1" "age of a line, $2, p99" "$(jq .age_p99_ms "$work/took")" ms "$(jq .n "$work/took")"
}

measure_ages() {
    local loud
    "$bin/log_reader" run "$(start /bin/log_writer 300 20000)" >"$work/took"
    ages errand quiet
    loud=$(start /bin/log_writer 20000000)
    "$bin/log_reader" run "$(start /bin/log_writer 300 20000)" >"$work/took"
    api --request POST "$ERRAND_URL/v1/runs/$loud/stop" >/dev/null
    ages errand 'beside a run at full speed'
    [[ " ${peers[*]} " != *' bullmq '* ]] || { bullmq /bin/log_writer 300 20000; ages bullmq quiet; }
}

peers=(pipe errand)
add_peers() {
    if bench_docker; then
        peers+=(docker)
        tar --create --directory "$work/bundle/rootfs" . | docker import - $name >/dev/null
        if bench_redis && ENGINE_SOCKET=${DOCKER_HOST#unix://} IMAGE=$name bench_composed bullmq; then
            peers+=(bullmq)
        else
            bench_missing bullmq 'it did not start; apt-get install redis-server'
        fi
    else
        bench_missing docker 'no dockerd; apt-get install docker.io'
    fi
    if bench_slurm; then
        peers+=(slurm)
        cat >"$work/job.sh" <<JOB
#!/bin/bash
exec unshare --mount --propagation slave sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "\$@"' sh \
    $(command -v crun) run --bundle $work/bundle slurm-\$SLURM_JOB_ID </dev/null
JOB
        chmod 0755 "$work/job.sh"
    else
        bench_missing slurm "$slurm_why"
    fi
}

bench_stack
bench_image "$bin/log_writer"
bench_bundle "$work/bundle" /bin/log_writer "$lines"
cp "$bin/log_writer" "$work/bundle/rootfs/bin/"
runner=$("$bin/errand" runner create bench-output --image "$image" -- /bin/true)
add_peers
for ((i = 0; i < rounds; i++)); do
    for peer in "${peers[@]}"; do "round_$peer"; done
done
measure_ages
bench_missing nomad 'not in Debian'
jq --slurp '.[0] + .[1] + .[2:]' <(bench_rows) <("$bin/bench_masker") "$work/missing"
