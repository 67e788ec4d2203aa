#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Servers that `errand login` remembers.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

setup() {
    export HOME=$BATS_TEST_TMPDIR
    url=$ERRAND_URL token=$ERRAND_TOKEN
    unset ERRAND_URL ERRAND_TOKEN XDG_CONFIG_HOME
    cd "$HOME"
}

@test "without a login it says what to do" {
    run errand runner list
    [ "$status" -eq 125 ]
    [[ "$output" == *"errand login"* ]]
}

@test "a login is remembered, privately, and a logout forgets it" {
    run errand login "$url" <<<"$token"
    [ "$status" -eq 0 ]
    [[ "$output" != *"$token"* ]]
    [ "$(stat -c %a .config/errand/config.json)" = 600 ]
    [ "$(stat -c %a .config/errand)" = 700 ]
    errand runner list

    errand logout
    ! grep -q "$token" .config/errand/config.json
    run errand runner list
    [ "$status" -eq 125 ]
}

@test "a token that the server does not know is not kept" {
    run errand login "$url" <<<err_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    [ "$status" -eq 125 ]
    [ ! -e .config/errand/config.json ]
    run errand login "$url" </dev/null
    [ "$status" -eq 125 ]
    [[ "$output" == *"standard input"* ]]
}

@test "of several contexts one is current, and each can be asked for" {
    errand login "$url" --name first <<<"$token"
    errand login "${url/127.0.0.1/localhost}" --name second <<<"$token"
    errand context list | grep -q '^\* *second'
    errand context use first
    errand context list | grep -q '^\* *first'
    errand context list --json | jq --exit-status --slurp 'map(select(.current)) | map(.name) == ["first"]'
    [ "$(errand context list --quiet | sort | tr '\n' ' ')" = "first second " ]
    errand runner list --context second
    ERRAND_CONTEXT=second errand runner list
    run errand runner list --context secnd
    [ "$status" -eq 125 ]
    [[ "$output" == *"did you mean 'second'"* ]]
}

@test "a context that is named beats the environment, the environment beats the current one" {
    errand login "$url" <<<"$token"
    export ERRAND_URL=http://127.0.0.1:1
    run errand runner list
    [ "$status" -eq 125 ]
    errand runner list --context default
}

@test "a remembered token goes to its own server only" {
    errand login "$url" <<<"$token"
    run errand runner list --url "${url/127.0.0.1/localhost}"
    [ "$status" -eq 125 ]
    [[ "$output" == *oken* ]]
}

@test "a file that is no configuration is told, and left as it is" {
    mkdir -p .config/errand
    echo '{"contexts":' >.config/errand/config.json
    run errand runner list
    [ "$status" -eq 125 ]
    [[ "$output" == *config.json* ]]
    [ "$(cat .config/errand/config.json)" = '{"contexts":' ]
}
