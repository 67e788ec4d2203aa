# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What may go wrong. Each fault_NAME does it, waits a while and puts it right again; RANDOM, which the
# caller seeds, decides the rest. Wants the place that place.bash makes.

readonly -a ALL_FAULTS=(
    api scheduler agent far_agent shim runtime container freeze
    database database_frozen database_sessions
    wire_cut wire_unplugged loss loss_one_way partition partition_one_way far_lost
    registry far_disk clock clock
)

# What silences the far hypervisor. Between two of these it gets the time to be heard, or they would be
# a loss together that none is alone.
readonly SILENCING=' far_agent wire_cut wire_unplugged loss loss_one_way partition partition_one_way '
readonly HEARD_AFTER_SECONDS=8

# a_while MIN MAX: in tenths of a second.
a_while() {
    local tenths=$(($1 + RANDOM % ($2 - $1 + 1)))
    sleep "$((tenths / 10)).$((tenths % 10))"
}

# pick WORD…: one of them.
pick() {
    local n=$((RANDOM % $#))
    picked=${*:n + 1:1}
}

# excuse RUN WHAT: written before it is done.
excuse() {
    echo "$1 $2" >>"$STACK/excuses"
}

# --- programs ---------------------------------------------------------------------------------------

# kill_and_start PROGRAM: of `errand up`'s.
kill_and_start() {
    kill_hard "$1" || true
    a_while 0 20
    stack_up >>"$STACK/up.log" 2>&1
}

fault_api() { kill_and_start errand-api; }
fault_scheduler() { kill_and_start errand-scheduler; }
fault_database() { kill_and_start postgres; }
fault_agent() { kill_and_start errand-agent; }

fault_far_agent() {
    stack_end_process "$STACK/far.pid" KILL
    a_while 0 20
    far_start
}

fault_freeze() {
    local pid
    pick errand-api errand-scheduler errand-agent
    pid=$(pid_of "$picked")
    kill -STOP "$pid"
    a_while 10 60
    kill -CONT "$pid"
}

# The postmaster first, so that no session begins meanwhile.
fault_database_frozen() {
    local pid sessions
    pid=$(pid_of postgres)
    kill -STOP "$pid"
    mapfile -t sessions < <(pgrep --parent "$pid")
    kill -STOP "${sessions[@]}" 2>/dev/null || true
    a_while 10 60
    kill -CONT "$pid" "${sessions[@]}" 2>/dev/null || true
}

# Every session, or each with even chances.
fault_database_sessions() {
    pick 1 0.5
    psql --quiet --no-psqlrc --output /dev/null --command "SELECT pg_terminate_backend(pid)
        FROM pg_stat_activity WHERE usename IN ('errand_api', 'errand_scheduler') AND random() < $picked" \
        "host=$DATA/state/run dbname=errand user=errand_owner" 2>>"$STACK/up.log" || true
}

# Minutes or hours forth or back. Half of them are put right after a while, which is a step again; the
# others stay, for a clock that is wrong must do no harm either.
fault_clock() {
    local clock seconds
    local -a clocks=("${CLOCKS[@]}")
    [[ -z ${CHAOS_CLOCKS-} ]] || read -ra clocks <<<"$CHAOS_CLOCKS"
    pick "${clocks[@]}"
    clock=$picked
    seconds=$((RANDOM % 2 == 0 ? RANDOM % 600 + 5 : RANDOM % 18000 + 600))
    pick "$seconds" "-$seconds"
    echo "#   $clock $picked s" >&3
    clock_step "$clock" "$picked"
    pick 0 1
    a_while 10 60
    ((picked == 0)) || clock_step "$clock" 0
}

# --- runs -------------------------------------------------------------------------------------------

# "PID RUN" of each shim of our hypervisors; the run is in the path of its directory.
shims() {
    pgrep --full --list-full 'errand-shim ' |
        sed --quiet --regexp-extended "s!^([0-9]+) .* ($STACK|$PLACE_STATE)/.*/runs/([^/]+)/.*!\1 \3!p"
}

# "PID RUN" of each container runtime that makes a container at this moment: a child of a shim.
runtimes() {
    ps -eo pid=,ppid=,args= | awk 'NR == FNR { runs[$1] = $2; next }
        / run --detach / && $2 in runs { print $1, runs[$2] }' <(shims) -
}

# kill_one EXCUSE < lines "PID RUN": false when there is none.
kill_one() {
    local -a found
    local pid run
    mapfile -t found
    ((${#found[@]} > 0)) || return 1
    pick "${found[@]// /:}"
    IFS=: read -r pid run <<<"$picked"
    excuse "$run" "$1"
    kill -KILL "$pid" 2>/dev/null || true
}

fault_shim() {
    kill_one killed_shim < <(shims) || true
}

# It lives for some milliseconds only.
fault_runtime() {
    local tries
    for ((tries = 0; tries < 60; tries++)); do
        ! kill_one killed_runtime < <(runtimes) || return 0
    done
}

# "PID RUN" of the first process, or the second, of every container with a task of the load.
in_containers() {
    local file pid ids group
    while read -r file; do
        pid=${file//[^0-9]/}
        ids=$(sed --quiet 's/^NSpid:.*\t//p' "/proc/$pid/status" 2>/dev/null) || continue
        group=$(grep --only-matching --max-count 1 --extended-regexp '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' \
            "/proc/$pid/cgroup" 2>/dev/null) || continue
        [[ $ids == 2 ]] || continue
        [[ $1 == command ]] || pid=$(sed --quiet 's/^PPid:\t//p' "/proc/$pid/status" 2>/dev/null) || continue
        echo "$pid $group"
    done < <(grep --no-messages --files-with-matches --text "chaos-${STACK##*.}-" /proc/[0-9]*/cmdline)
}

fault_container() {
    pick init command
    kill_one killed_container < <(in_containers "$picked") || true
}

# --- wires ------------------------------------------------------------------------------------------

fault_wire_cut() { kill -USR1 "$(cat "$STACK/wire.pid")"; }

fault_wire_unplugged() {
    kill -USR2 "$(cat "$STACK/wire.pid")"
    a_while 10 60
    kill -USR2 "$(cat "$STACK/wire.pid")"
}

lose_for_a_while() {
    cable_lose "$1" "$2"
    a_while 10 60
    cable_heal
}

# one_way PERCENT: on this side, or that one.
one_way() {
    pick "$1 0" "0 $1"
    # shellcheck disable=SC2086 # two words
    lose_for_a_while $picked
}

fault_loss() {
    local percent=$((RANDOM % 50 + 5))
    lose_for_a_while "$percent" "$percent"
}

fault_loss_one_way() { one_way $((RANDOM % 60 + 10)); }
fault_partition_one_way() { one_way 100; }

fault_partition() {
    cable_pull
    a_while 10 60
    cable_plug
}

# For so long that its runs are given up. Takes too long for a short round, and once is enough.
fault_far_lost() {
    ((SECONDS + FAR_LOST_SECONDS < BREAK_UNTIL)) && [[ ! -e $STACK/far_was_lost ]] || return 0
    touch "$STACK/far_was_lost"
    excuse far "lost $(date +%s%3N)"
    pick cable_pull 'cable_lose 100 100'
    $picked
    sleep "$FAR_LOST_SECONDS"
    excuse far "back $(date +%s%3N)"
    cable_plug
    cable_heal
}

# --- places -----------------------------------------------------------------------------------------

fault_registry() {
    "$ERRAND_SOURCE_DIR/scripts/registry.sh" stop "$STACK/registry"
    a_while 0 30
    stack_start_registry
}

fill_far_disk() { dd if=/dev/zero of="$STACK/far/filler" bs=64k status=none 2>/dev/null || true; }
empty_far_disk() { rm "$STACK/far/filler"; }

fault_far_disk() {
    fill_far_disk
    a_while 10 40
    empty_far_disk
}

# Now and then a clock is stepped while something else is broken.
break_one() {
    local fault=$1
    if [[ $SILENCING == *" $fault "* ]]; then
        ((SECONDS >= heard_at)) || return 0
        heard_at=$((SECONDS + 6 + HEARD_AFTER_SECONDS))
    fi
    echo "# $fault" >&3
    if [[ -n ${CHAOS_FAULTS-} ]] || ((RANDOM % 4 > 0)); then
        "fault_$fault"
        return
    fi
    local seed=$RANDOM broken
    (RANDOM=$seed; "fault_$fault") &
    broken=$!
    a_while 0 10
    fault_clock
    wait "$broken"
}

# break_things SECONDS: prints each fault as it does it.
break_things() {
    local picked heard_at=0 BREAK_UNTIL=$((SECONDS + $1))
    local -a faults=("${ALL_FAULTS[@]}")
    [[ -z ${CHAOS_FAULTS-} ]] || read -ra faults <<<"$CHAOS_FAULTS"
    while ((SECONDS < BREAK_UNTIL)); do
        a_while 2 20
        pick "${faults[@]}"
        break_one "$picked"
    done
}
