# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What may go wrong. Each fault_NAME does it, waits a while and puts it right again; RANDOM, which the
# caller seeds, decides the rest. Wants a stack (tests/support/stack.bash) with a second hypervisor
# "far" behind a bad wire: start_wire and start_far.

readonly -a ALL_FAULTS=(api scheduler database agent far_agent shim freeze wire_cut wire_unplugged registry far_disk)

# a_while MIN MAX: in tenths of a second.
a_while() {
    local tenths=$(($1 + RANDOM % ($2 - $1 + 1)))
    sleep "$((tenths / 10)).$((tenths % 10))"
}

start_wire() {
    node "$ERRAND_SOURCE_DIR/tests/chaos/wire.mjs" --to "${DIRECT_URL##*:}" \
        --port-file "$STACK/wire.port" &>>"$STACK/wire.log" 3>&- 4>&- &
    echo $! >"$STACK/wire.pid"
    eventually 20 test -s "$STACK/wire.port"
}

# Its data is on a small disk of its own. The first time it joins, later it comes back.
start_far() {
    if ! mountpoint --quiet "$STACK/far"; then
        mkdir "$STACK/far"
        mount -t tmpfs -o size=192m,mode=711 chaos "$STACK/far"
    fi
    DIRECT_URL=http://127.0.0.1:$(cat "$STACK/wire.port") add_hypervisor far --disk_floor_mb 0 --labels zone=far
}

end_far() {
    stack_end_process "$STACK/far.pid"
    umount "$STACK/far"
}

restart_far() {
    errand-agent --api_url "http://127.0.0.1:$(cat "$STACK/wire.port")" --data_dir "$STACK/far" \
        --name far --disk_floor_mb 0 --labels zone=far &>>"$DATA/log/far.log" 3>&- 4>&- &
    echo $! >"$STACK/far.pid"
}

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
    restart_far
}

# The run's fate is known before: it is excused for ending with `internal`.
fault_shim() {
    local pids pid run
    mapfile -t pids < <(pgrep --full "errand-shim ($STACK|$(readlink --canonicalize "$DATA/state"))/")
    ((${#pids[@]} > 0)) || return 0
    pid=${pids[RANDOM % ${#pids[@]}]}
    run=$(tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | sed -n 's|.*/runs/\([^/]*\)/.*|\1|p') || return 0
    [[ -n $run ]] || return 0
    echo "$run killed_shim" >>"$STACK/excuses"
    kill -KILL "$pid" 2>/dev/null || true
}

fault_freeze() {
    local programs=(errand-api errand-scheduler errand-agent) pid
    pid=$(pid_of "${programs[RANDOM % 3]}")
    kill -STOP "$pid"
    a_while 10 60
    kill -CONT "$pid"
}

fault_wire_cut() { kill -USR1 "$(cat "$STACK/wire.pid")"; }

fault_wire_unplugged() {
    kill -USR2 "$(cat "$STACK/wire.pid")"
    a_while 10 60
    kill -USR2 "$(cat "$STACK/wire.pid")"
}

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

# break_things SECONDS: prints each fault as it does it.
break_things() {
    local end=$((SECONDS + $1)) fault
    local -a faults=("${ALL_FAULTS[@]}")
    [[ -z ${CHAOS_FAULTS-} ]] || read -ra faults <<<"$CHAOS_FAULTS"
    while ((SECONDS < end)); do
        a_while 2 20
        fault=${faults[RANDOM % ${#faults[@]}]}
        echo "# $fault" >&3
        "fault_$fault"
    done
}
