#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The one step of the action: start a run, follow its log over every cut, exit as the container did.
# Needs curl and jq, which GitHub's runners have. Exit status: the container's own, 124 at the
# run's deadline, 125 when it never ran and for failures of our own.
set -euo pipefail
shopt -s inherit_errexit

readonly OURS=125 RETRIES=60 IDLE_SECONDS=45
readonly UUID='^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

# One line, as a workflow command wants it.
escape() {
    local text=${1//'%'/'%25'}
    text=${text//$'\r'/'%0D'}
    printf '%s' "${text//$'\n'/'%0A'}"
}

fail() {
    echo "::error title=Errand::$(escape "$1")" >&2
    exit $OURS
}

# The token goes by a file descriptor: arguments are seen by every process of the machine.
call() {
    curl --silent --show-error --connect-timeout 10 --config <(
        printf 'header = "Authorization: Bearer %s"\n' "$ERRAND_TOKEN"
        [[ -z ${ERRAND_PROJECT:-} ]] || printf 'header = "X-Errand-Project: %s"\n' "$ERRAND_PROJECT"
    ) "$@"
}

# api METHOD PATH [CURL ARGUMENT...]: prints the answer; a refusal ends the step with its reason.
api() {
    local method=$1 path=$2 answer status
    shift 2
    answer=$(call --request "$method" --max-time 60 --retry 8 --retry-connrefused --retry-max-time 120 \
        --write-out '\n%{http_code}' "$@" "$ERRAND_URL$path") || fail "$method $path: no answer from $ERRAND_URL"
    status=${answer##*$'\n'}
    answer=${answer%$'\n'*}
    if ((status >= 300)); then
        fail "$method $path: $(jq -r '(.errors // [.message // .error]) | join("; ")' <<<"$answer" 2>/dev/null || echo "HTTP $status")"
    fi
    printf '%s\n' "$answer"
}

find_runner() {
    local page=1 answer id
    if [[ $ERRAND_RUNNER =~ $UUID ]]; then
        echo "$ERRAND_RUNNER"
        return
    fi
    while [[ $page != null ]]; do
        answer=$(api GET "/v1/runners?per_page=100&page=$page")
        id=$(jq -r --arg name "$ERRAND_RUNNER" 'first(.runners[] | select(.name == $name).id) // ""' <<<"$answer")
        if [[ -n $id ]]; then
            echo "$id"
            return
        fi
        page=$(jq -r '.meta.pagination.pages.next' <<<"$answer")
    done
    fail "there is no runner '$ERRAND_RUNNER'"
}

# What the inputs say, as the body of a trigger.
body() {
    # shellcheck disable=SC2016 # $ENV is jq's
    jq -n '
        def lines: split("\n") | map(rtrimstr("\r")) | if .[-1] == "" then .[:-1] else . end;
        ($ENV.ERRAND_ARGV // "") as $argv | ($ENV.ERRAND_COMMAND // "") as $command
        | ($ENV.ERRAND_ENV // "") as $env | ($ENV.ERRAND_TIMEOUT // "") as $timeout
        | if $argv == "" then {} else {argv: $argv | lines} end
        + if $command == "" then {} else {command: $command} end
        + if $timeout == "" then {} else {timeout_seconds: ($timeout | tonumber)} end
        + if $env == "" then {} else {env_variables: [$env | lines[] | select(. != "")
            | capture("^(?<env_key>[^=]+)=(?<env_val>.*)$")]} end'
}

check_inputs() {
    local line
    ERRAND_URL=${ERRAND_URL%/}
    for name in URL TOKEN RUNNER; do
        line=ERRAND_$name
        [[ -n ${!line:-} ]] || fail "the input '${name,,}' is empty"
    done
    [[ ${ERRAND_TIMEOUT:-} =~ ^[0-9]*$ ]] || fail "the input 'timeout' must be a number of seconds, not '$ERRAND_TIMEOUT'"
    while IFS= read -r line; do
        [[ -z $line || $line == [!=]*=* ]] || fail "the input 'env' has a line that is not KEY=VALUE"
    done <<<"${ERRAND_ENV:-}"
}

# Log lines are not ours: while they are printed, nothing in them is a command to GitHub.
begin_log() {
    guard=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "::group::Errand run $run_id"
    echo "::stop-commands::$guard"
}
end_log() {
    echo "::$guard::"
    echo "::endgroup::"
}

# One connection's events: lines to stdout, the last id and the final state to files.
print_events() {
    jq --unbuffered --raw-input --raw-output --null-input '
        foreach (inputs, null) as $line ({event: "", data: null, out: null};
            if $line == null then .out = null
            elif $line == "" then .out = {event, data} | .event = "" | .data = null
            elif ($line | startswith("event: ")) then .event = $line[7:] | .out = null
            elif ($line | startswith("data: ")) then .data = $line[6:] | .out = null
            else .out = null end;
            .out | select(. != null and .data != null)
            | if .event == "log" then (.data | fromjson)
                  | (if .partial then "P" else "L" end) + "\(.id) " + (.msg // (.msg_base64 | @base64d | gsub("\n"; " ")))
              elif .event == "state" then "S" + .data
              else empty end)' |
        {
            local last_id=
            while IFS= read -r line; do
                case $line in
                L*) printf '%s\n' "${line#* }" ;;
                P*) printf '%s' "${line#* }" ;;
                S*)
                    printf '%s\n' "${line#S}" >"$work/state"
                    continue
                    ;;
                esac
                last_id=${line%% *}
            done
            [[ -z $last_id ]] || echo "${last_id#?}" >"$work/last_id"
        }
}

follow() {
    local tries=0 before
    echo 0 >"$work/last_id"
    until [[ -s $work/state ]]; do
        before=$(<"$work/last_id")
        call --no-buffer --fail --speed-limit 1 --speed-time $IDLE_SECONDS --header 'Accept: text/event-stream' \
            "$ERRAND_URL/v1/runs/$run_id/logs/stream?after_id=$before" 2>"$work/error" | print_events || true
        [[ $(<"$work/last_id") == "$before" ]] || tries=0
        if [[ ! -s $work/state ]]; then
            ((++tries < RETRIES)) || fail "the log broke off: $(<"$work/error")"
            sleep $((tries < 5 ? 1 : 5))
        fi
    done
}

# The job was canceled: so is the run. GitHub gives a step some seconds for this.
on_cancel() {
    trap '' INT TERM
    [[ -z ${guard:-} ]] || end_log
    if [[ -n ${run_id:-} ]]; then
        echo "::notice title=Errand::canceling run $run_id"
        call --request POST --max-time 5 "$ERRAND_URL/v1/runs/$run_id/stop" >/dev/null || true
    fi
    jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true
    exit 130
}

# report STATUS EXIT_CODE REASON
report() {
    {
        echo "run-id=$run_id"
        echo "status=$1"
        echo "exit-code=$2"
        echo "reason=$3"
    } >>"${GITHUB_OUTPUT:-/dev/null}"
    {
        echo "### Errand: \`${ERRAND_RUNNER//'`'/}\` $1"
        echo
        echo '| run | status | exit code | reason |'
        echo '|---|---|---|---|'
        echo "| \`$run_id\` | $1 | ${2:-–} | ${3:-–} |"
    } >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
}

main() {
    local runner_id trigger state status code= reason
    echo "::add-mask::${ERRAND_TOKEN:-}"
    check_inputs
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap on_cancel INT TERM

    runner_id=$(find_runner)
    # a step that GitHub repeats by itself starts no second run; a job run again does
    trigger=$(api POST "/v1/runners/$runner_id/runs" --header 'Content-Type: application/json' \
        --header "Idempotency-Key: github-${GITHUB_RUN_ID:-$$-$RANDOM}-${GITHUB_RUN_ATTEMPT:-1}-${GITHUB_JOB:-}-${GITHUB_ACTION:-}" \
        --data-binary @<(body))
    run_id=$(jq -r .run.id <<<"$trigger")
    if [[ ${ERRAND_WAIT:-true} != true ]]; then
        echo "started run $run_id"
        report "$(jq -r .run.status <<<"$trigger")" '' ''
        return 0
    fi

    begin_log
    follow &
    wait $! || code=$?
    end_log
    guard=
    [[ -z $code ]] || exit "$code"

    state=$(<"$work/state")
    status=$(jq -r .status <<<"$state")
    code=$(jq -r '.exit_code // ""' <<<"$state")
    reason=$(jq -r '.termination_reason // ""' <<<"$state")
    report "$status" "$code" "$reason"
    [[ $status == succeeded ]] || echo "::error title=Errand::run $run_id $status: $reason${code:+, exit code $code}"
    if [[ $status != succeeded && ${code:-0} == 0 ]]; then
        code=$OURS
    fi
    return "${code:-0}"
}

main
