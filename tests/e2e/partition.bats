#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A hypervisor in a network namespace, and its cable pulled: what ran there ends by itself before it
# may run elsewhere, and never runs twice.

load ../support/stack
load ../support/cable

# Lost after 6 s, given up after 10: a start is leased for 4 s, a run that is tried again for 8.
export ERRAND_LOST_AFTER_SECONDS=6 ERRAND_LOST_GRACE_SECONDS=4 ERRAND_HEARTBEAT_SECONDS=1

setup_file() {
    stack_start
    cable_lay "${DIRECT_URL##*:}" "${REGISTRY##*:}"
}

teardown_file() { stack_destroy; }

# The same as add_hypervisor, on the other end of the cable.
add_far_hypervisor() {
    errand-agent() { exec nsenter --net="/run/netns/$NETNS" "$ERRAND_BIN_DIR/errand-agent" "$@"; }
    DIRECT_URL=http://$CABLE_NET.1:${DIRECT_URL##*:} add_hypervisor far --labels zone=far --network_bridge none
    unset -f errand-agent
}

# How often the command runs on this machine, wherever.
running() { pgrep --full --count "^sleep $1\$" || true; }

far_runner() {
    make_runner "{\"network\": \"none\", \"hypervisor_labels\": {\"zone\": \"far\"}$1}"
}

@test "a hypervisor in a namespace joins with its labels and takes a run" {
    add_far_hypervisor
    run=$(finish "$(far_runner "")" '{"argv": ["true"]}')
    echo "$run"
    jq --exit-status '.status == "succeeded" and .hypervisor.name == "far"' <<<"$run"
}

@test "cut off, a run that is tried again ends by itself before it runs elsewhere" {
    runner=$(far_runner ', "retry": {"max_attempts": 2, "delay_seconds": 0, "on": ["hypervisor_lost"]}')
    run=$(trigger "$runner" '{"argv": ["sleep", "77001"]}')
    eventually 20 has_status "$run" running
    once() { [ "$(running 77001)" -eq 1 ]; }
    eventually 10 once
    add_hypervisor near --labels zone=far
    cable_pull
    gone=
    for ((i = 0; i < 500; i++)); do
        n=$(running 77001)
        [ "$n" -le 1 ]
        [ "$n" -eq 1 ] || gone=yes
        [ "$(run_json "$run" | jq '.attempt')" -eq 1 ] || break
        # the second attempt may only be given when the first is over
        sleep 0.1
    done
    [ "$gone" = yes ]
    eventually 30 has_status "$run" running
    [ "$(hypervisor_of "$run")" = near ]
    api GET "/v1/runs/$run/attempts" | jq --exit-status '.attempts | length == 2
        and .[0].termination_reason == "hypervisor_lost" and .[0].hypervisor.name == "far"
        and .[1].status == "running"'
    eventually 5 once
    api POST "/v1/runs/$run/stop"
    wait_final "$run" | jq --exit-status '.status == "canceled"'
}

@test "the cable plugged in again, it is ready and has nothing that is not its own" {
    cable_plug
    eventually 30 hypervisor_is_ready far
    none() { [ "$(running 77001)" -eq 0 ] && [ -z "$(ls "$STACK/far/runs" 2>/dev/null)" ]; }
    eventually 90 none
}

@test "cut off, a run that nobody takes the place of goes on, and is killed when its end is known" {
    api GET /v1/hypervisors | jq --raw-output '.hypervisors[] | select(.name == "near").id' >"$STACK/near.id"
    api POST "/v1/hypervisors/$(cat "$STACK/near.id")/drain"
    run=$(trigger "$(far_runner "")" '{"argv": ["sleep", "77002"]}')
    eventually 20 has_status "$run" running
    cable_pull
    wait_final "$run" | jq --exit-status '.status == "failed" and .termination_reason == "hypervisor_lost"'
    [ "$(running 77002)" -eq 1 ]
    cable_plug
    # the connections of before must be noticed to be dead first
    gone() { [ "$(running 77002)" -eq 0 ]; }
    eventually 90 gone
}

@test "nothing is left" {
    stack_finish
    cable_take_away
}
