#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 80-byte lines out of a container: to the spool, through the store to a follower; beside a bare pipe
# and, where there is a dockerd, `docker attach` (docker run) and `docker logs -f`. How old a line is
# when its follower has it, quiet and under load. LINES sets how many.
source tests/bench/lib.sh

readonly lines=${LINES:-2000000} rounds=${ROUNDS_LOGS:-3}

bench_stack
bench_image "$bin/log_writer"
bench_bundle "$work/bundle" /bin/log_writer "$lines"
cp "$bin/log_writer" "$work/bundle/rootfs/bin/"
runner=$("$bin/errand" runner create bench-output --image "$image" -- /bin/true)

api() {
    curl --silent --fail --header "Authorization: Bearer $ERRAND_TOKEN" \
        --header 'Content-Type: application/json' "$@"
}

# start ARGV...: the id of a new run.
start() {
    jq --null-input '{argv: $ARGS.positional}' --args "$@" |
        api --data @- "$ERRAND_URL/v1/runners/$runner/runs" | jq --raw-output .run.id
}

# What a pipe takes: bare crun into the same reader.
pipe_once() {
    bench_bare "$(command -v crun)" run --bundle "$work/bundle" errand-bench-output |
        "$bin/log_reader" pipe
}


# From the time the first line was read by the shim to the last one's.
spool_of() {
    local page="$ERRAND_URL/v1/runs/$1/logs"
    jq --slurp --compact-output --argjson n "$lines" 'map(.logs[0].ts
            | (.[0:19] + "Z" | fromdate) + (.[20:23] | tonumber) / 1000)
        | {n: $n, lines_s: (($n - 1) / (.[1] - .[0] + 0.0005) | round)}' \
        <(api "$page?limit=1") <(api "$page?tail=1")
}

# rows SUBJECT METRIC FILE: the median of `lines_s`, its ratio to the pipe's.
rows() {
    jq --slurp --arg subject "$1" --arg metric "$2" --slurpfile pipe "$work/pipe" '
        (map(.lines_s) | sort) as $all | ($all[length / 2 | floor]) as $median
        | ($pipe | map(.lines_s) | sort | .[length / 2 | floor]) as $floor
        | {subject: $subject, metric: $metric, value: $median, unit: "lines/s", n: .[0].n,
           spread: ($all[-1] - $all[0]), ratio_to: {pipe: ($median / $floor * 1000 | round / 1000)}}' \
        "$3"
}

# ages SUBJECT FILE
ages() {
    jq --arg subject "$1" '{subject: "errand", metric: ("age of a line, " + $subject + ", p50"),
            value: .age_p50_ms, unit: "ms", n, spread: 0},
        {subject: "errand", metric: ("age of a line, " + $subject + ", p99"),
            value: .age_p99_ms, unit: "ms", n, spread: 0}' "$2"
}

has_docker=
if bench_docker; then
    has_docker=yes
    tar --create --directory "$work/bundle/rootfs" . | docker import - errand-bench-output >/dev/null
fi
readonly has_docker

for ((i = 0; i < rounds; i++)); do
    pipe_once >>"$work/pipe"
    run=$(start /bin/log_writer "$lines")
    "$bin/log_reader" run "$run" >>"$work/follow"
    spool_of "$run" >>"$work/spool"
    if [[ -n $has_docker ]]; then
        docker run --rm --network none errand-bench-output /bin/log_writer "$lines" | "$bin/log_reader" pipe \
            >>"$work/attach"
        docker run --detach --network none --name errand-bench-output errand-bench-output /bin/log_writer "$lines" \
            >/dev/null
        docker logs --follow errand-bench-output | "$bin/log_reader" pipe >>"$work/docker_logs"
        docker rm --force errand-bench-output >/dev/null
    fi
done

"$bin/log_reader" run "$(start /bin/log_writer 300 20000)" >"$work/quiet"
loud=$(start /bin/log_writer 20000000)
"$bin/log_reader" run "$(start /bin/log_writer 300 20000)" >"$work/loaded"
api --request POST "$ERRAND_URL/v1/runs/$loud/stop" >/dev/null

{
    rows pipe 'container to reader' "$work/pipe"
    rows errand 'container to spool' "$work/spool"
    rows errand 'container to stored to follower' "$work/follow"
    [[ ! -s $work/attach ]] || rows 'docker run (attach)' 'container to reader' "$work/attach"
    [[ ! -s $work/docker_logs ]] || rows 'docker logs -f' 'container to reader' "$work/docker_logs"
    ages 'quiet' "$work/quiet"
    ages 'beside a run at full speed' "$work/loaded"
    "$bin/bench_masker" | jq '.[]'
} | jq --slurp .
