# SPDX-License-Identifier: Apache-2.0
#
# A whole Errand for one .bats file: `errand up` in a directory of its own, a registry with one image,
# and the contract recorder between every client and the API.
#
#   setup_file() { stack_start; }      teardown_file() { stack_destroy; }
#   last test of the file:  stack_finish
#
# A file that defines stack_prepare has it called before anything is started. What is in STACK/undo is
# run when all has ended.
#
# Exports STACK (its directory; nothing of ours is outside but what DIR/state leads to), DATA (the
# --data of `errand up`), REGISTRY, IMAGE, ERRAND_URL (the recorder), ERRAND_TOKEN, DIRECT_URL.

if declare -F bats_require_minimum_version >/dev/null; then
    bats_require_minimum_version 1.5.0
fi

: "${ERRAND_BIN_DIR:?is where the programs are; ctest sets it}"
: "${ERRAND_SOURCE_DIR:?is the checkout; ctest sets it}"
PATH=$ERRAND_BIN_DIR:$PATH

# What the agent of `errand up` offers: four runs of 256 MB, or one of 1024.
export ERRAND_MEM_TOTAL_MB=1024 ERRAND_CPU=8

fail() {
    echo "$*" >&2
    return 1
}

# Daemons must not hold bats' own descriptors, or it waits for them.
without_bats() {
    "$@" 3>&- 4>&-
}

# eventually SECONDS COMMAND…: until it succeeds; for what no stream tells.
eventually() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || fail "still not so: $*" || return
        sleep 0.05
    done
}

# The first time on any free port, then on that one.
stack_up() {
    local port=()
    [[ -d $DATA ]] || port=(--port 0)
    without_bats errand up --data "$DATA" "${port[@]}"
}

stack_down() {
    without_bats errand down --data "$DATA"
}

stack_load_env() {
    # shellcheck source=/dev/null
    source "$DATA/env"
    export ERRAND_TOKEN DIRECT_URL=$ERRAND_URL ERRAND_URL
}

# ERRAND_URL becomes the recorder's. Again: the same port, and every connection is cut.
stack_start_recorder() {
    local support=$ERRAND_SOURCE_DIR/tests/support/contract recorder_port=0
    command -v node >/dev/null && [[ -d $support/node_modules ]] || return 0
    if [[ -s $STACK/recorder.pid ]]; then
        stack_end_process "$STACK/recorder.pid"
        recorder_port=$(cat "$STACK/recorder.port")
        rm "$STACK/recorder.port"
    fi
    node "$support/proxy.mjs" --upstream "$DIRECT_URL" --journal "$STACK/journal" \
        --port "$recorder_port" --port-file "$STACK/recorder.port" &>>"$STACK/recorder.log" 3>&- 4>&- &
    echo $! >"$STACK/recorder.pid"
    eventually 20 test -s "$STACK/recorder.port"
    ERRAND_URL=http://127.0.0.1:$(cat "$STACK/recorder.port")
    export ERRAND_URL
}

# stack_end_process PID_FILE [SIGNAL]: returns when it is gone.
stack_end_process() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 0
    rm "$1"
    kill "-${2-TERM}" "$pid" 2>/dev/null || return 0
    tail --pid="$pid" --follow --sleep-interval 0.02 /dev/null
}

stack_start_registry() {
    without_bats "$ERRAND_SOURCE_DIR/scripts/registry.sh" start "$STACK/registry"
}

# Whoever kills bats leaves no stack behind.
stack_guard() {
    # shellcheck disable=SC2016 # for the guard's own shell
    setsid bash -c 'tail --pid="$1" --follow --sleep-interval 0.02 /dev/null; source "$2"; stack_destroy 3>/dev/null' \
        guard $$ "${BASH_SOURCE[0]}" </dev/null &>/dev/null 3>&- 4>&- &
}

stack_start() {
    STACK=$(mktemp -d /tmp/errand-e2e.XXXXXX)
    chmod 755 "$STACK"
    export STACK DATA=$STACK/data
    export ERRAND_NETWORK_BRIDGE=errt$$
    export ERRAND_NETWORK_SUBNET=10.$((RANDOM % 64 + 128)).$((RANDOM % 256)).0/24
    stack_guard
    # it chooses a free port, which somebody else may take in the same moment
    eventually 10 stack_start_registry
    REGISTRY=127.0.0.1:$(cat "$STACK/registry/port")
    export REGISTRY IMAGE=$REGISTRY/test/busybox
    mkdir "$STACK/image"
    "$ERRAND_SOURCE_DIR/tests/support/make_image.sh" "$STACK/image" "$IMAGE:1" >"$STACK/image/digest"
    ! declare -F stack_prepare >/dev/null || stack_prepare
    stack_up >"$STACK/up.log" 2>&1 || {
        cat "$STACK/up.log" "$DATA"/log/* >&2
        return 1
    }
    stack_load_env
    stack_start_recorder
}

# --- more hypervisors -------------------------------------------------------------------------------

# add_hypervisor NAME [errand-agent flags]: one more on this machine.
add_hypervisor() {
    local name=$1
    shift
    mkdir -p "$STACK/$name"
    # errand-api takes no key ring of another user's
    install --mode 600 "$DATA/state/keys/ring.json" "$STACK/$name.ring"
    ERRAND_DATABASE_URL="host='$DATA/state/run' dbname=errand user=errand_api" \
        ERRAND_KEY_RING=$STACK/$name.ring \
        errand-api token create --kind join --name "$name" >"$STACK/$name.token"
    errand-agent --api_url "$DIRECT_URL" --join_token_file "$STACK/$name.token" \
        --data_dir "$STACK/$name" --name "$name" "$@" &>>"$DATA/log/$name.log" 3>&- 4>&- &
    echo $! >"$STACK/$name.pid"
    eventually 20 hypervisor_is_ready "$name"
}

hypervisor_is_ready() {
    api GET /v1/hypervisors | jq --exit-status --arg name "$1" \
        'any(.hypervisors[]; .name == $name and .status == "ready")' >/dev/null
}

# hypervisor_of RUN: the name of where it is or was.
hypervisor_of() {
    run_json "$1" | jq --raw-output .hypervisor.name
}

# --- talking to it ----------------------------------------------------------------------------------

# api METHOD PATH [JSON]: prints the answer's body; an HTTP error is a failure.
api() {
    local body=()
    (($# < 3)) || body=(--header 'Content-Type: application/json' --data-binary "$3")
    curl --silent --show-error --fail-with-body --max-time 75 --request "$1" \
        --header "Authorization: Bearer $ERRAND_TOKEN" "${body[@]}" "$ERRAND_URL$2"
}

# make_runner [JSON fields]: prints its id.
make_runner() {
    jq --null-input --arg image "$IMAGE" --arg name "runner $BATS_TEST_NUMBER-$RANDOM" \
        --argjson more "${1:-{\}}" \
        '{name: $name, image_name: $image, image_tag: "1", stop_grace_seconds: 1} + $more' >"$STACK/body"
    api POST /v1/runners "@$STACK/body" | jq --raw-output .runner.id
}

# trigger RUNNER [JSON fields]: prints the run's id.
trigger() {
    api POST "/v1/runners/$1/runs" "${2:-{\}}" | jq --raw-output .run.id
}

# run_json RUN: the run as it is now.
run_json() {
    api GET "/v1/runs/$1" | jq .run
}

# finish RUNNER [JSON fields]: trigger, wait for the end, print the run.
finish() {
    api POST "/v1/runners/$1/runs?wait=60" "${2:-{\}}" | jq .run
}

# wait_final RUN: follow its log to the end, then print the run.
wait_final() {
    api GET "/v1/runs/$1/logs/stream" >"$STACK/wait_final"
    grep --quiet '^event: state' "$STACK/wait_final" || fail "the stream of $1 has no state" || return
    run_json "$1"
}

has_status() {
    [[ $(run_json "$1" | jq --raw-output .status) == "$2" ]]
}

has_pending_reason() {
    [[ $(run_json "$1" | jq --raw-output .pending_reason) == "$2" ]]
}

# wait_line RUN TEXT: until the log has that line.
wait_line() {
    eventually 30 log_has "$1" "$2"
}

log_has() {
    log_entries "$1" | jq --exit-status --slurp --arg text "$2" 'any(.msg == $text)' >/dev/null
}

# log_entries RUN: every entry, one JSON object a line, by GET in pages.
log_entries() {
    local after=0 page
    page=$(mktemp "$STACK/page.XXXXXX")
    while :; do
        api GET "/v1/runs/$1/logs?after_id=$after&limit=1000" >"$page" || return
        jq --compact-output '.logs[]' "$page"
        [[ $(jq '.logs | length' "$page") != 0 ]] || break
        after=$(jq .meta.last_id "$page")
    done
    rm "$page"
}

# log_text RUN: the text of its stdout and stderr.
log_text() {
    log_entries "$1" | jq --raw-output 'select(.stream != "system").msg'
}

# sse_events: whole events on stdin, one a line: EVENT, ID and DATA between tabs. A torn one is left out.
sse_events() {
    awk 'BEGIN { OFS = "\t" }
        sub(/^event: /, "") { event = $0; next }
        sub(/^id: /, "") { id = $0; next }
        sub(/^data: /, "") { data = $0; next }
        $0 == "" { if (data != "") print event, id, data; event = id = data = "" }'
}

# pid_of PROGRAM: of this stack, such as errand-api.
pid_of() {
    local file
    for file in "$DATA"/pid/*; do
        [[ ${file##*/} != *"${1#errand-}"* ]] || cut -d' ' -f1 "$file"
    done
}

# kill_hard PROGRAM: as if it had crashed; returns when it is gone.
kill_hard() {
    local pid
    pid=$(pid_of "$1")
    kill -KILL "$pid"
    tail --pid="$pid" --follow --sleep-interval 0.02 /dev/null
}

# --- what is left -----------------------------------------------------------------------------------

run_ids() {
    local page=1 ids
    while ids=$(api GET "/v1/runs?per_page=100&page=$page" | jq --raw-output '.runs[].id') &&
        [[ -n $ids ]]; do
        echo "$ids"
        page=$((page + 1))
    done
}

# Processes whose arguments name our directory, or the place DIR/state leads to.
leftover_processes() {
    local files file text
    files=$(grep --no-messages --files-with-matches --text --fixed-strings --regexp="$STACK" \
        --regexp="$(cat "$STACK/state-path")" /proc/[0-9]*/cmdline)
    for file in $files; do
        # that grep itself has gone by now
        { text=$(tr '\0' ' ' <"$file"); } 2>/dev/null || continue
        [[ -z $text ]] || echo "process $file: $text"
    done
}

# In this namespace: what others began meanwhile has copies of its own, and ours end with their processes.
leftover_mounts() {
    grep --fixed-strings "$STACK" /proc/self/mountinfo
}

# leftover_groups RUNS: cgroups that are named after one of the runs in the file.
leftover_groups() {
    find /sys/fs/cgroup -mindepth 1 -type d -path '*errand*' 2>/dev/null |
        grep --fixed-strings --file="$1"
}

# Directories of runs, in every hypervisor's data.
leftover_containers() {
    local runs
    for runs in "$DATA"/state/agent/runs "$STACK"/*/runs; do
        [[ ! -d $runs ]] || find -L "$runs" -mindepth 1 -maxdepth 1 -printf 'run directory %p\n'
    done
}

# Network devices at the stack's bridge go some milliseconds after their containers.
no_network_devices() {
    [[ -z $(ip -oneline link show master "$ERRAND_NETWORK_BRIDGE" 2>/dev/null) ]]
}

leftover_network() {
    eventually 10 no_network_devices 2>&1
    find "/run/errand/net/$ERRAND_NETWORK_BRIDGE" -mindepth 1 -printf 'address %p of %l\n' 2>/dev/null
}

# Agents leave bridge and rules to containers, which outlive them; here nothing does.
stack_remove_network() {
    ip link delete "$ERRAND_NETWORK_BRIDGE"
    nft delete table inet "$ERRAND_NETWORK_BRIDGE"
    rm -rf "/run/errand/net/$ERRAND_NETWORK_BRIDGE"
} 2>/dev/null

# Prints whatever the stack left; nothing is what it should be.
leftovers() {
    leftover_network
    leftover_processes
    leftover_mounts
    [[ ! -s $STACK/runs ]] || leftover_groups "$STACK/runs"
    leftover_containers
}

no_run_directories() {
    [[ -z $(leftover_containers) ]]
}

sanitizer_reports() {
    grep --extended-regexp --after-context 40 --no-filename \
        'ERROR: (Address|Leak)Sanitizer|runtime error:|ThreadSanitizer|Assertion .* failed' "$DATA"/log/*
}

contract_violations() {
    [[ ! -s $STACK/journal ]] || node "$ERRAND_SOURCE_DIR/tests/support/contract/report.mjs" \
        "$STACK/journal"
}

# The last test of every file: the contract was kept, and after `errand down` nothing is left.
stack_finish() {
    run_ids >"$STACK/runs"
    eventually 20 no_run_directories || { leftover_containers; return 1; }
    readlink --canonicalize "$DATA/state" >"$STACK/state-path"
    local file left
    for file in "$STACK"/*.pid; do
        stack_end_process "$file"
    done
    stack_down
    "$ERRAND_SOURCE_DIR/scripts/registry.sh" stop "$STACK/registry"
    left=$(leftovers)
    [[ -z $left ]] || fail "left behind: $left" || return
    if sanitizer_reports; then
        return 1
    fi
    contract_violations
}

# Whatever happened before, end it all. ERRAND_KEEP=1 keeps the files.
stack_destroy() {
    local file
    [[ -n ${STACK-} && -d $STACK ]] || return 0
    for file in "$STACK"/*.pid; do
        stack_end_process "$file"
    done
    stack_down || true
    "$ERRAND_SOURCE_DIR/scripts/registry.sh" stop "$STACK/registry" || true
    stack_remove_network || true
    [[ ! -x $STACK/undo ]] || "$STACK/undo" || true
    if [[ -d $DATA/log ]]; then
        sanitizer_reports | sed 's/^/# /' >&3 || true
    fi
    [[ -z ${ERRAND_KEEP-} ]] || return 0
    [[ ! -L $DATA/state ]] || rm -rf "$(readlink --canonicalize "$DATA/state")"
    rm -rf "$STACK"
}
