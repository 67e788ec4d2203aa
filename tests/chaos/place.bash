# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The place in which things are broken: a stack (stack.bash), each of its programs with a clock of its
# own (clocks.bash), and a second hypervisor "far" in a network namespace, at the end of a cable
# (cable.bash) and a wire (wire.mjs), with its data on a small disk.

# A hypervisor that is silent for 20 s is lost, after 26 s its runs are given up. Whatever is broken for
# a while only is put right after 6 s, and connections need as long again to notice.
export ERRAND_LOST_AFTER_SECONDS=20 ERRAND_LOST_GRACE_SECONDS=6 ERRAND_HEARTBEAT_SECONDS=1
export FAR_LOST_SECONDS=34

stack_prepare() {
    clocks_make
    export ERRAND_BIN_DIR=$STACK/bin
}

place_start() {
    stack_start
    finish "$(make_runner)" '{"argv": ["true"]}' # the only hypervisor there is gets the image
    PLACE_STATE=$(readlink --canonicalize "$DATA/state")
    export PLACE_STATE FAR_BRIDGE=errf$$
    wire_start
    cable_lay "$(cat "$STACK/wire.port")" "${REGISTRY##*:}"
    echo "rm -rf /run/errand/net/$FAR_BRIDGE" >>"$STACK/undo"
    mkdir "$STACK/far"
    mount -t tmpfs -o size=192m,mode=711 chaos "$STACK/far"
    far_join
    finish "$(make_runner '{"hypervisor_labels": {"zone": "far"}}')" '{"argv": ["true"]}'
}

wire_start() {
    node "$ERRAND_SOURCE_DIR/tests/chaos/wire.mjs" --to "${DIRECT_URL##*:}" \
        --port-file "$STACK/wire.port" &>>"$STACK/wire.log" 3>&- 4>&- &
    echo $! >"$STACK/wire.pid"
    eventually 20 test -s "$STACK/wire.port"
}

# far_agent ARGUMENTS…: becomes it.
far_agent() {
    exec nsenter --net="/run/netns/$NETNS" "$STACK/bin/errand-agent-far" --disk_floor_mb 0 \
        --labels zone=far --network_bridge "$FAR_BRIDGE" "$@"
}

far_url() { echo "http://$CABLE_NET.1:$(cat "$STACK/wire.port")"; }

# The first time it joins, later it comes back.
far_join() {
    errand-agent() { far_agent "$@"; }
    DIRECT_URL=$(far_url) add_hypervisor far
    unset -f errand-agent
}

far_start() {
    far_agent --api_url "$(far_url)" --data_dir "$STACK/far" --name far &>>"$DATA/log/far.log" 3>&- 4>&- &
    echo $! >"$STACK/far.pid"
}

far_end() {
    stack_end_process "$STACK/far.pid"
    umount "$STACK/far"
}

# Whatever goes on there; the guard of a stack that is killed leaves the disk to the machine.
far_kill() {
    stack_end_process "$STACK/far.pid" KILL
    pkill --full --signal KILL "errand-shim $STACK/far/" || true
    ! mountpoint --quiet "$STACK/far" || eventually 10 umount --quiet "$STACK/far"
}

# What is in far's namespace beside its cable, loopback and bridge.
far_leftovers() {
    eventually 10 far_has_no_ports
    over_there ip -oneline link | grep --invert-match --extended-regexp "^[0-9]+: (lo|eth0@.*|$FAR_BRIDGE):"
    over_there nft list tables | grep --invert-match --extended-regexp "(cable|$FAR_BRIDGE)\$"
    over_there tc qdisc | grep --invert-match noqueue
    find "/run/errand/net/$FAR_BRIDGE" -mindepth 1 -printf 'address %p\n' 2>/dev/null
    ip netns pids "$NETNS" | sed 's/^/process in the namespace: /'
}

far_has_no_ports() { [[ -z $(over_there ip -oneline link show master "$FAR_BRIDGE") ]]; }

# What of ours has an address, a table or a device on this side, beside the stack's own bridge.
near_leftovers() {
    ip netns list | grep --fixed-strings "$NETNS"
    ip -oneline link | grep --extended-regexp "$CABLE|$FAR_BRIDGE"
    nft list tables | grep --extended-regexp "$CABLE|$FAR_BRIDGE"
}

# --- what long-lived programs hold --------------------------------------------------------------------

# "NAME N" of open descriptors, and of the sessions at the database.
place_holdings() {
    local program
    for program in errand-api errand-scheduler errand-agent; do
        echo "$program $(find "/proc/$(pid_of "$program")/fd" -mindepth 1 | wc -l)"
    done
    echo "far $(find "/proc/$(cat "$STACK/far.pid")/fd" -mindepth 1 | wc -l)"
    echo "sessions $(pgrep --parent "$(pid_of postgres)" | wc -l)"
}

# place_holds_no_more FILE: than when that was written, give or take what comes and goes.
place_holds_no_more() {
    place_holdings | awk -v slack=8 'NR == FNR { then[$1] = $2; next }
        $2 > then[$1] + slack { print $1 ": " then[$1] " -> " $2; more = 1 }
        END { exit more }' "$1" -
}
