#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The recipes of integrations/cron, as they stand in its README.

load ../support/stack

setup_file() { stack_start; }
teardown_file() { stack_destroy; }

setup() {
    readme=$ERRAND_SOURCE_DIR/integrations/cron/README.md
    RUNNER=$(make_runner '{"argv": ["true"]}')
    export RUNNER HOME=$BATS_TEST_TMPDIR
    paste 1
}

# block LANGUAGE N: the N-th block in that language.
block() {
    awk -v opening="\`\`\`$1" -v n="$2" '
        $0 == "```" { inside = 0 }
        inside { print }
        $0 == opening { inside = ++seen == n }' "$readme"
}

paste() {
    block sh "$1" | bash -eu
}

# cron_line: the crontab's line, run as cron does: sh, a bare environment, \% for %.
cron_line() {
    block crontab 1 | sed -n 's/^\([^ ]* \)\{5\}//p' | sed 's/\\%/%/g' >"$HOME/line"
    env -i HOME="$HOME" PATH=/usr/bin:/bin ERRAND_URL="$ERRAND_URL" RUNNER="$RUNNER" sh "$HOME/line"
}

runs_of() {
    api GET "/v1/runners/$RUNNER/runs" | jq .meta.pagination.total_objects
}

@test "the token's file is for its owner only" {
    [ "$(stat -c %a "$HOME/.config/errand/curl")" = 600 ]
}

@test "curl alone starts a run and waits for its end" {
    run paste 2
    [ "$status" -eq 0 ]
    [ "$(jq -r .run.status <<<"$output")" = succeeded ]
}

@test "the same day starts one run" {
    paste 2
    paste 2
    [ "$(runs_of)" = 1 ]
}

@test "the crontab line is silent when all is well" {
    run cron_line
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [ "$(runs_of)" = 1 ]
}

@test "the crontab line speaks up when the run fails, and when Errand refuses" {
    RUNNER=$(make_runner '{"argv": ["false"]}') run cron_line
    [[ "$output" == "run "*" failed: exited" ]]
    RUNNER=0190aaaa-0000-7000-8000-000000000000 run cron_line
    [[ "$output" == *404* ]]
}

@test "the runner keeps a second run from beginning" {
    paste 4 >/dev/null
    first=$(errand run "$RUNNER" --detach -- sleep 300)
    run errand run "$RUNNER"
    [ "$status" -eq 130 ]
    [[ "$output" == *skipped_overlap* ]]
    errand stop "$first"
}

@test "systemd takes the units" {
    mkdir "$HOME/units"
    sed 's|/usr/bin/errand |/bin/true |' "$ERRAND_SOURCE_DIR/integrations/cron/errand-run@.service" \
        >"$HOME/units/errand-run@.service"
    cp "$ERRAND_SOURCE_DIR/integrations/cron/errand-run@.timer" "$HOME/units/"
    run systemd-analyze verify --man=no "$HOME/units/errand-run@backup.service" \
        "$HOME/units/errand-run@backup.timer"
    echo "$output"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$HOME/units/errand-run@.timer")"
}

@test "what the service runs follows the log and fails with the run" {
    line=$(sed -n 's|^ExecStart=/usr/bin/||p' "$ERRAND_SOURCE_DIR/integrations/cron/errand-run@.service")
    run ${line/\%i/$RUNNER}
    [ "$status" -eq 0 ]
    failing=$(make_runner '{"argv": ["sh", "-c", "echo oh; exit 3"]}')
    run ${line/\%i/$failing}
    [ "$status" -eq 3 ]
    [ "$output" = oh ]
}
