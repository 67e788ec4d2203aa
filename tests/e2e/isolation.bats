#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What an operator is promised about containers, through the API.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

doctor() {
    errand-agent --api_url "$DIRECT_URL" --disk_floor_mb 1 "$@"
}

# level_of NAME: of a check in the JSON on stdin.
level_of() {
    jq --raw-output --arg name "$1" '.checks[] | select(.name == $name).status'
}

@test "the doctor finds a hypervisor that runs in good health" {
    run -0 doctor --data_dir "$DATA/state/agent" doctor
    [[ $output == *"ok    api "* && $output == *"ok    credential "* && $output == *"ok    clock "* ]]
    [[ $output != *"fail  "* ]]
    doctor --data_dir "$DATA/state/agent" doctor --json | jq --exit-status .ok
}

@test "the doctor tells a credential and a join token that the API does not know" {
    mkdir "$STACK/stranger"
    echo err_h_0000000000000000000000000000000000000000000 >"$STACK/stranger/credential"
    run -1 --separate-stderr doctor --data_dir "$STACK/stranger" doctor --json
    [[ $(level_of credential <<<"$output") == fail ]]
    rm "$STACK/stranger/credential"
    echo err_j_0000000000000000000000000000000000000000000 >"$STACK/stranger.token"
    run -1 --separate-stderr doctor --data_dir "$STACK/stranger" \
        --join_token_file "$STACK/stranger.token" doctor --json
    [[ $(level_of "join token" <<<"$output") == fail ]]
}

@test "the doctor tries a join token without using it up" {
    install --mode 600 "$DATA/state/keys/ring.json" "$STACK/doctor.ring"
    ERRAND_DATABASE_URL="host='$DATA/state/run' dbname=errand user=errand_api" \
        ERRAND_KEY_RING=$STACK/doctor.ring \
        errand-api token create --kind join --name doctor >"$STACK/doctor.token"
    for _ in 1 2; do
        run -0 --separate-stderr doctor --data_dir "$STACK/new" \
            --join_token_file "$STACK/doctor.token" doctor --json
        [[ $(level_of "join token" <<<"$output") == ok ]]
    done
    [[ $(api GET /v1/hypervisors | jq '.hypervisors | length') == 1 ]]
}

@test "a command that the agent does not know is refused" {
    run -2 doctor surgeon
}

# capabilities RUNNER_FIELDS: what the command of such a runner holds.
capabilities() {
    local run
    run=$(finish "$(make_runner "$1")" '{"argv": ["grep", "-E", "^Cap(Eff|Bnd)", "/proc/self/status"]}' |
        jq --raw-output .id)
    log_text "$run" | tr '\n\t' '  '
}

@test "a runner's sandbox decides what its runs may do" {
    [[ $(capabilities '{}') == "CapEff: 00000000a80425fb CapBnd: 00000000a80425fb " ]]
    [[ $(capabilities '{"sandbox": "untrusted"}') == "CapEff: 0000000000000000 CapBnd: 0000000000000000 " ]]
    [[ $(capabilities '{"sandbox": "trusted"}') == "CapEff: 00000000a80c75fb CapBnd: 00000000a80c75fb " ]]
}

@test "a sandbox nobody knows is refused" {
    run -22 api POST /v1/runners "{\"name\": \"none\", \"image_name\": \"$IMAGE\", \"sandbox\": \"privileged\"}"
    [[ $output == *"Sandbox must be"* ]]
}

@test "an untrusted container has a network, and neither the API nor the machine in it" {
    local runner run port=${DIRECT_URL##*:}
    runner=$(make_runner '{"sandbox": "untrusted"}')
    run=$(finish "$runner" "$(jq --null-input --arg port "$port" '{command:
        ("ip -o -4 addr show eth0 | wc -l; gw=$(ip route | grep ^default | cut -d\" \" -f3); " +
        "for at in 127.0.0.1 $gw 169.254.169.254; do nc -w 1 $at " + $port +
        " </dev/null >/dev/null 2>&1 && echo reached $at; done; echo done")}')" |
        jq --raw-output .id)
    [[ $(log_text "$run") == $'1\ndone' ]]
}

@test "a read-only root is read-only, as any user, in any sandbox" {
    local sandbox runner run
    for sandbox in default untrusted; do
        runner=$(make_runner "{\"sandbox\": \"$sandbox\", \"read_only\": true, \"user\": \"1000:1000\"}")
        run=$(finish "$runner" '{"command": "id -u; touch /tmp/x 2>/dev/null || echo refused"}' |
            jq --raw-output .id)
        [[ $(log_text "$run") == $'1000\nrefused' ]]
    done
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
