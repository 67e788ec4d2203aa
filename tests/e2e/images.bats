#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Images from a registry that wants a password, a registry that is away, and warm-up.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

readonly PASSWORD=planted-e2e-registry-password

# guarded_registry: the same images behind Basic; its address goes to $GUARDED.
guarded_registry() {
    mkdir -p "$STACK/guarded"
    htpasswd -Bbn robot "$PASSWORD" >"$STACK/guarded/htpasswd"
    ln -sfn "$STACK/registry/data" "$STACK/guarded/data"
    without_bats env REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=guarded \
        REGISTRY_AUTH_HTPASSWD_PATH="$STACK/guarded/htpasswd" \
        "$ERRAND_SOURCE_DIR/scripts/registry.sh" start "$STACK/guarded"
}

# make_registry HOST PASSWORD: prints its id.
make_registry() {
    jq --null-input --arg host "$1" --arg password "$2" '{registry_type: "custom", name: "guarded",
        hostname: $host, username: "robot", password: $password}' >"$STACK/body"
    api POST /v1/container_registries "@$STACK/body" | jq --raw-output .container_registry.id
}

is_warm() {
    api GET "/v1/runners/$1" | jq --exit-status '.runner.warmed_at != null' >/dev/null
}

@test "a private image runs with its registry's password, and not without" {
    guarded=$(eventually 10 guarded_registry)
    right=$(make_registry "$guarded" "$PASSWORD")
    wrong=$(make_registry "$guarded" guess)
    nobody=$(make_runner "{\"image_name\": \"$guarded/test/busybox\"}")
    finish "$nobody" | jq --exit-status '.status == "failed" and
        .termination_reason == "registry_auth_failed"'

    member=$(make_runner "{\"image_name\": \"test/busybox\", \"container_registry_id\": \"$wrong\"}")
    finish "$member" | jq --exit-status '.termination_reason == "registry_auth_failed"
        and (.termination_message | contains("credentials"))'
    api PATCH "/v1/runners/$member" "{\"container_registry_id\": \"$right\"}"
    run=$(trigger "$member" '{"command": "echo private"}')
    wait_final "$run" | jq --exit-status --arg image "$guarded/test/busybox:1" \
        '.status == "succeeded" and .image == $image'
    [ "$(log_text "$run")" = private ]
    grep --recursive --quiet "$guarded/test/busybox" "$DATA/state/agent/images"
    run ! grep --recursive --quiet "$PASSWORD" "$DATA/log"
    run ! grep --recursive --quiet "$PASSWORD" "$DATA/state/agent"
    without_bats "$ERRAND_SOURCE_DIR/scripts/registry.sh" stop "$STACK/guarded"
}

@test "what the registry does not have, and a registry that is not there, are told apart" {
    finish "$(make_runner '{"image_tag": "none"}')" | jq --exit-status \
        '.termination_reason == "image_not_found" and .exit_code == null'
    finish "$(make_runner '{"image_name": "127.0.0.1:9/tool", "pull_timeout_seconds": 20}')" |
        jq --exit-status '.termination_reason == "image_pull_failed"'
    finish "$(make_runner '{"pull_policy": "never", "image_name": "127.0.0.1:9/tool"}')" |
        jq --exit-status '.termination_reason == "image_not_found"'
}

@test "a warm runner needs no registry, also after the agent was killed" {
    skopeo --insecure-policy copy --quiet --src-tls-verify=false --dest-tls-verify=false \
        "docker://$IMAGE:1" "docker://$IMAGE:warm"
    runner=$(make_runner '{"image_tag": "warm"}')
    api POST "/v1/runners/$runner/warmup" '{}' | jq --exit-status '.runner.warmed_at == null'
    eventually 20 is_warm "$runner"
    without_bats "$ERRAND_SOURCE_DIR/scripts/registry.sh" stop "$STACK/registry"
    finish "$runner" | jq --exit-status '.status == "succeeded"'
    finish "$(make_runner '{"image_tag": "warm", "pull_policy": "always"}')" |
        jq --exit-status '.termination_reason == "image_pull_failed"'

    kill_hard errand-agent
    stack_up
    finish "$runner" | jq --exit-status '.status == "succeeded"'
    without_bats "$ERRAND_SOURCE_DIR/scripts/registry.sh" start "$STACK/registry"
}

boxes() {
    grep --files-with-matches '"waiting"' "$DATA"/state/agent/boxes/*/status.json 2>/dev/null | wc --lines
}

has_boxes() { [ "$(boxes)" -eq "$1" ]; }

@test "a run of a runner with a pool has only to be executed, in a sandbox of its own" {
    runner=$(make_runner '{"network": "bridge"}')
    api POST "/v1/runners/$runner/env_variables" '{"env_key": "WORD", "env_val": "planted-pool-word"}'
    api POST "/v1/runners/$runner/warmup" '{"pool": 2}' >/dev/null
    eventually 20 has_boxes 2
    run ! grep --recursive --quiet planted-pool-word "$DATA/state/agent"
    for ((i = 0; i < 3; i++)); do
        run=$(trigger "$runner" '{"command": "test ! -e /mine && echo $WORD >/mine && wc -c </mine"}')
        wait_final "$run" | jq --exit-status '.status == "succeeded"'
        [ "$(log_text "$run")" = 18 ]
        eventually 20 has_boxes 2
        grep --quiet "run.started run=$run .*box=.*-0" "$DATA"/log/*agent*
    done
    run=$(trigger "$runner" '{"command": "sleep 60"}')
    eventually 20 has_status "$run" running
    state=$(readlink --canonicalize "$DATA/state")
    pgrep --full "errand-shim $state"
    stack_down
    run ! pgrep --full "errand-shim $state"
    stack_up
    eventually 20 has_boxes 2
}

@test "nothing is left and every answer kept the contract" {
    stack_finish
}
