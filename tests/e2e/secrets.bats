#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A value that was planted in an environment is found nowhere but in the container's own.

load ../support/stack

setup_file() {
    stack_start
    export SECRET=planted-$RANDOM$RANDOM$RANDOM
}
teardown_file() { stack_destroy; }

# A run that holds the secret in its environment, from its runner and of its own, and stays.
trigger_with_secrets() {
    local runner
    runner=$(make_runner)
    api POST "/v1/runners/$runner/env_variables" "{\"env_key\": \"FIRST\", \"env_val\": \"$SECRET-one\"}" \
        >"$STACK/answer-1"
    api POST "/v1/runners/$runner/runs" "{\"command\": \"echo up; exec sleep 54321\",
        \"env_variables\": [{\"env_key\": \"SECOND\", \"env_val\": \"$SECRET-two\"}]}" >"$STACK/answer-2"
    jq --raw-output .run.id "$STACK/answer-2"
}

# Fixed-string search that reports, for files and what they become in base64 or hex.
found_in() {
    grep --recursive --files-with-matches --no-messages --text \
        --regexp "$SECRET" --regexp "$(printf %s "$SECRET" | base64 | cut -c1-16)" -- "$@"
}

# Programs of ours that know the secret by arguments or environment; the container's own may.
processes_that_tell() {
    local proc
    for proc in /proc/[0-9]*; do
        case $(readlink "$proc/exe") in
        */errand-* | */errand | */crun | */runc | */postgres)
            if grep --quiet --text --no-messages "$SECRET" "$proc/cmdline" "$proc/environ"; then
                echo "$proc $(tr '\0' ' ' <"$proc/cmdline")"
            fi
            ;;
        esac
    done
}

@test "a secret is in the container" {
    run=$(trigger_with_secrets)
    wait_line "$run" up
    tr '\0' '\n' <"/proc/$(pgrep --full '^sleep 54321')/environ" >"$STACK/environ"
    grep --quiet "FIRST=$SECRET-one" "$STACK/environ"
    grep --quiet "SECOND=$SECRET-two" "$STACK/environ"
    rm "$STACK/environ"
    echo "$run" >"$STACK/run"
}

@test "while it runs the secret is in no file of ours: no log, no run directory, no database" {
    run ! found_in "$DATA" "$(readlink --canonicalize "$DATA/state")"
}

@test "while it runs the secret is in no argument and no environment of our programs" {
    [ "$(pgrep --count errand-shim)" -ge 1 ]
    [ -z "$(processes_that_tell)" ]
}

@test "no answer repeats the secret" {
    run_json "$(cat "$STACK/run")" >"$STACK/answer-3"
    runner=$(jq --raw-output .runner_id "$STACK/answer-3")
    api GET "/v1/runners/$runner/env_variables" >"$STACK/answer-4"
    jq --exit-status '.env_variables[0].env_val == null' "$STACK/answer-4"
    run ! found_in "$STACK"/answer-?
}

@test "afterwards the secret is in no file of ours" {
    errand stop "$(cat "$STACK/run")"
    wait_final "$(cat "$STACK/run")"
    run ! found_in "$DATA" "$(readlink --canonicalize "$DATA/state")"
}

@test "tokens are in no log and no process shows them" {
    run ! grep --recursive --files-with-matches --extended-regexp 'err_[uphj]_[A-Za-z0-9_-]{20,}' "$DATA/log"
    run ! grep --files-with-matches --no-messages --text "$ERRAND_TOKEN" \
        "/proc/$(pid_of errand-api)/environ" "/proc/$(pid_of errand-agent)/environ" \
        "/proc/$(pid_of errand-api)/cmdline" "/proc/$(pid_of errand-agent)/cmdline"
}

@test "the key ring and the agent's credential are for their owners only" {
    [ "$(stat -c %a "$DATA/state/keys/ring.json")" = 600 ]
    [ -n "$(find -L "$DATA/state/agent" -maxdepth 1 -type f)" ]
    [ -z "$(find -L "$DATA/state/agent" -maxdepth 1 -type f -perm /077)" ]
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
