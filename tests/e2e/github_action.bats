#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The GitHub action, its step run as GitHub's runner runs it.

load ../support/stack
load ../support/github_step

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

setup() {
    export GITHUB_OUTPUT=$BATS_TEST_TMPDIR/output GITHUB_STEP_SUMMARY=$BATS_TEST_TMPDIR/summary
    action=$ERRAND_SOURCE_DIR/integrations/github-action
    runner=$(make_runner '{"argv": ["true"]}')
}

# step INPUT=VALUE...: with the stack's address and token
step() {
    github_step "$action" "url=$ERRAND_URL" "token=$ERRAND_TOKEN" "runner=$runner" "$@"
}

output_named() {
    sed -n "s/^$1=//p" "$GITHUB_OUTPUT"
}

# What GitHub would show: no commands, no groups.
shown() {
    grep -v '^::' <<<"$output"
}

@test "a run that succeeds: its log, the outputs, the summary" {
    run step argv=$'sh\n-c\necho one; echo "two  words"'
    [ "$status" -eq 0 ]
    [ "$(shown)" = $'one\ntwo  words' ]
    [ "$(output_named status)" = succeeded ]
    [ "$(output_named exit-code)" = 0 ]
    [ "$(output_named reason)" = exited ]
    [ "$(run_json "$(output_named run-id)" | jq -r .status)" = succeeded ]
    grep -q "| succeeded | 0 | exited |" "$GITHUB_STEP_SUMMARY"
    [ "${lines[0]}" = "::add-mask::$ERRAND_TOKEN" ]
}

@test "the container's exit code is the step's" {
    run step command='echo before; exit 7'
    [ "$status" -eq 7 ]
    [ "$(output_named exit-code)" = 7 ]
    [[ "$output" == *"::error title=Errand::"*"exit code 7"* ]]
}

@test "arguments and variables arrive untouched" {
    run step argv=$'sh\n-c\nprintf "[%s]" "$@" "$GREETING"; echo\nsh\na b\n$HOME\n*\n%25' \
        env=$'GREETING=a = b\nEMPTY='
    [ "$status" -eq 0 ]
    [ "$(shown)" = '[a b][$HOME][*][%25][a = b]' ]
}

@test "a name finds the runner; one that is not there is told" {
    name=$(api GET "/v1/runners/$runner" | jq -r .runner.name)
    run step "runner=$name"
    [ "$status" -eq 0 ]
    run step runner=no-such-runner
    [ "$status" -eq 125 ]
    [[ "$output" == *"::error title=Errand::there is no runner 'no-such-runner'"* ]]
}

@test "what is wrong with an input is told" {
    run step token=err_p_wrong
    [ "$status" -eq 125 ]
    [[ "$output" == *"::error"*token* ]]
    run step env=nonsense
    [ "$status" -eq 125 ]
    [[ "$output" == *"KEY=VALUE"* ]]
    run step timeout=soon
    [ "$status" -eq 125 ]
    run step command=true argv=true
    [ "$status" -eq 125 ]
    [[ "$output" == *"Argv must be empty"* ]]
    run step url=
    [ "$status" -eq 125 ]
    [[ "$output" == *"'url' is empty"* ]]
}

@test "a line of the log cannot give GitHub a command" {
    run step command='echo "::error::not ours"; echo "::set-output name=status::hacked"'
    [ "$status" -eq 0 ]
    guard=$(sed -n 's/^::stop-commands:://p' <<<"$output")
    [ -n "$guard" ]
    between=$(sed -n "/^::stop-commands::$guard$/,/^::$guard::$/p" <<<"$output")
    [[ "$between" == *"::error::not ours"* ]]
    [ "$(grep -c '^::error' <<<"$output")" = 1 ]
}

@test "the run's deadline is 124" {
    run step command='echo on; sleep 100' timeout=1
    [ "$status" -eq 124 ]
    [ "$(output_named reason)" = timeout ]
}

@test "a job that is canceled cancels the run" {
    (step command='echo going; sleep 300') >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    step=$!
    eventually 20 grep -q '^going$' "$BATS_TEST_TMPDIR/log"
    id=$(sed -n 's/^::group::Errand run //p' "$BATS_TEST_TMPDIR/log")
    kill -INT "$step" 2>/dev/null || true
    kill -TERM "$step"
    wait "$step" || status=$?
    [ "$status" -eq 130 ]
    eventually 20 run_is "$id" canceled
}

run_is() {
    [ "$(run_json "$1" | jq -r .status)" = "$2" ]
}

@test "a log that is cut is neither lost nor repeated" {
    (step command='i=0; while [ $i -lt 40 ]; do echo "line $i"; i=$((i + 1)); sleep 0.1; done') \
        >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    step=$!
    for line in 5 15 25; do
        eventually 20 grep -q "^line $line$" "$BATS_TEST_TMPDIR/log"
        stack_start_recorder
    done
    wait "$step"
    diff <(seq -f 'line %.0f' 0 39) <(grep '^line' "$BATS_TEST_TMPDIR/log")
}

@test "without waiting the run is started and left alone" {
    run step wait=false command='sleep 1'
    [ "$status" -eq 0 ]
    [ "$(output_named status)" = pending ]
    eventually 20 run_is "$(output_named run-id)" succeeded
}
