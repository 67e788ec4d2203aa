#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What three shells offer while somebody types.

load ../support/stack

setup_file() {
    stack_start
    errand runner create nightly-backup --image "$IMAGE" -- true >"$BATS_FILE_TMPDIR/id"
    errand runner create nightly-report --image "$IMAGE" -- true >>"$BATS_FILE_TMPDIR/id"
}
teardown_file() { stack_destroy; }

# bash_offers WORD...: what bash would offer for the last one
bash_offers() {
    bash -c 'source <(errand completion bash)
        COMP_WORDS=(errand "$@") COMP_CWORD=$#
        _errand
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

zsh_offers() {
    zsh -fc 'compdef() { :; }; _files() { print files; }
        _describe() { print -l -- ${(P)2}; }
        source <(errand completion zsh)
        words=(errand "$@") CURRENT=$(($# + 1))
        _errand' zsh "$@"
}

fish_offers() {
    local HOME=$BATS_TEST_TMPDIR
    fish --no-config -c 'errand completion fish | source; complete -C "$argv"' "errand $*"
}

@test "bash offers commands, their second words, flags" {
    [ "$(bash_offers sto)" = stop ]
    [ "$(bash_offers runner s)" = show ]
    [ "$(bash_offers run --det)" = --detach ]
    [ "$(bash_offers runner create x --im)" = --image ]
}

@test "bash offers the runners of the server, and nothing behind them" {
    [ "$(bash_offers run nightly-b)" = nightly-backup ]
    [ "$(bash_offers run --env A=b nightly- | sort | paste -sd,)" = nightly-backup,nightly-report ]
    [ -z "$(bash_offers run nightly-backup nightly)" ]
    [ -z "$(bash_offers run nightly-backup -- nightly)" ]
}

@test "bash offers runs where a run is wanted" {
    run=$(errand run nightly-backup --detach)
    [ "$(bash_offers logs "${run:0:12}" | grep -c "^$run$")" = 1 ]
}

@test "zsh offers with descriptions" {
    [[ "$(zsh_offers run nightly-r)" == nightly-report:* ]]
    [[ "$(zsh_offers runner sh)" == show:describe* ]]
    [ "$(zsh_offers runner create x)" = files ]
}

@test "fish offers with descriptions" {
    [[ "$(fish_offers run nightly-r)" == nightly-report$'\t'* ]]
    [[ "$(fish_offers runner sh)" == show$'\t'describe* ]]
}

@test "a server that is away costs no more than silence" {
    export ERRAND_URL=http://127.0.0.1:1
    [ -z "$(bash_offers run n)" ]
}

@test "an unknown shell is told which there are" {
    run errand completion tcsh
    [ "$status" -eq 125 ]
    [[ "$output" == *"bash, zsh and fish"* ]]
}
