# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Runs the step of a composite action as GitHub's runner does: the step's text in a file, for bash
# with the runner's flags, inputs by the step's env, files for outputs and summary.

# github_step ACTION_DIR [INPUT=VALUE...]: GITHUB_OUTPUT and GITHUB_STEP_SUMMARY name the files.
github_step() {
    local action=$1/action.yml dir=$BATS_TEST_TMPDIR name expression given value
    local -a environment=()
    local -A inputs=()
    while IFS=$'\t' read -r name value; do
        inputs[$name]=$(jq --raw-output . <<<"$value")
    done < <(yq --raw-output '.inputs | to_entries[] | [.key, (.value.default // "" | tojson)] | @tsv' "$action")
    for given in "${@:2}"; do
        [[ -v inputs[${given%%=*}] ]] || { echo "no input '${given%%=*}'" >&2; return 99; }
        inputs[${given%%=*}]=${given#*=}
    done
    while IFS=$'\t' read -r name expression; do
        [[ $expression =~ ^'${{ inputs.'([a-z-]+)' }}'$ ]] || { echo "what is $expression?" >&2; return 99; }
        environment+=("$name=${inputs[${BASH_REMATCH[1]}]}")
    done < <(yq --raw-output '.runs.steps[0].env | to_entries[] | [.key, .value] | @tsv' "$action")
    yq --raw-output '.runs.steps[0].run' "$action" >"$dir/step.sh"
    : >"$GITHUB_OUTPUT"
    exec env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$dir" CI=true GITHUB_ACTIONS=true \
        GITHUB_ACTION_PATH="$1" GITHUB_OUTPUT="$GITHUB_OUTPUT" GITHUB_STEP_SUMMARY="$GITHUB_STEP_SUMMARY" \
        GITHUB_RUN_ID="$BATS_TEST_NUMBER$RANDOM" GITHUB_RUN_ATTEMPT=1 GITHUB_JOB=test GITHUB_ACTION=run \
        "${environment[@]}" bash --noprofile --norc -e -o pipefail "$dir/step.sh"
}
