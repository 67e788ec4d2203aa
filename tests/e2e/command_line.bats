#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The commands of errand beside run, logs and stop: what they print, what they refuse, how they exit.

load ../support/stack

setup_file() {
    stack_start
    errand runner create backup --image "$IMAGE:1" --command 'echo "for $STAGE"; echo bad >&2; exit 3'
}
teardown_file() { stack_destroy; }

# manifest: $STACK/runners.yaml from stdin, with the image filled in
manifest() {
    sed "s|IMAGE|$IMAGE|" >"$STACK/runners.yaml"
}

@test "run --wait prints how it ended instead of its log, and exits as it did" {
    run --separate-stderr errand run backup --wait
    [ "$status" -eq 3 ]
    [[ "$output" == *"  failed  exited  "* ]]
    [[ "$output" != *for* ]]
    run --separate-stderr errand run backup --wait --json
    [ "$(jq .exit_code <<<"$output")" = 3 ]
    run --separate-stderr errand run backup --wait --quiet
    [ "$status" -eq 3 ]
    [ -z "$output$stderr" ]
    run errand run backup --wait --detach
    [ "$status" -eq 125 ]
}

@test "run takes variables from flags, files and errand's own environment; the last one wins" {
    printf '# a comment\n\nSTAGE=file\nQUOTED="as = it is"\r\nOURS\n' >"$STACK/env"
    OURS=environment run --separate-stderr errand run backup --env-file "$STACK/env" --env STAGE=flag \
        --command 'echo ${#STAGE} ${#QUOTED} ${#OURS}'
    [ "$output" = "4 12 11" ]
    run errand run backup --env NO_SUCH_VARIABLE
    [ "$status" -eq 125 ]
    [[ "$output" == *NO_SUCH_VARIABLE* ]]
    run errand run backup --env-file "$STACK/none"
    [ "$status" -eq 125 ]
}

@test "run --stdin takes none only" {
    errand run backup --stdin none --command true
    run errand run backup --stdin pipe
    [ "$status" -eq 125 ]
    [[ "$output" == *"no standard input"* ]]
}

@test "run --label, --priority and --instance-type are the run's" {
    id=$(errand run backup --detach --label a=b --label c= --priority 0 --instance-type standard-s)
    wait_final "$id" | jq --exit-status '.labels == {"a": "b", "c": ""} and .priority == 0'
    run errand run backup --label nonsense
    [ "$status" -eq 125 ]
    [[ "$output" == *key=value* ]]
}

@test "run --dry-run says where and starts nothing" {
    before=$(errand runs -q -n 1000 | wc -l)
    run --separate-stderr errand run backup --dry-run
    [ "$status" -eq 0 ]
    [[ "$output" == "would start on"* ]]
    [ "$(errand runs -q -n 1000 | wc -l)" = "$before" ]
}

@test "runs are filtered, and counted out in ids" {
    ok=$(errand run backup --detach --label team=x --command true)
    wait_final "$ok"
    [ "$(errand runs --label team=x -q)" = "$ok" ]
    [ "$(errand runs backup --status succeeded --label team=x --since 10m -q)" = "$ok" ]
    [ -z "$(errand runs --label team=x --status failed -q)" ]
    [ -z "$(errand runs --label team=x --until 2020-01-01 -q)" ]
    errand runs --label team=x --json | jq --exit-status '.status == "succeeded"'
    run errand runs --status fialed
    [ "$status" -eq 125 ]
    [[ "$output" == *"did you mean 'failed'"* ]]
    run errand runs --since yesterday
    [ "$status" -eq 125 ]
}

@test "show describes a run, by id or by the name of its runner" {
    id=$(errand run backup --detach --command 'exit 9')
    wait_final "$id"
    errand show "$id" | grep -Eq '^exit code +9$'
    errand show "$id" | grep -Eq '^runner +backup \('
    errand runs -n 1 | grep -Eq "^$id  backup  failed +9 "
    [ "$(errand show backup -q)" = "$id" ]
    errand show backup --json | jq --exit-status '.exit_code == 9'
}

@test "logs: by the runner's name, searched, from a time on, the last lines" {
    id=$(errand run backup --detach --command 'seq 1 2500')
    wait_final "$id"
    [ "$(errand logs backup | wc -l)" = 2500 ]
    [ "$(errand logs "$id" --tail 3 | tr '\n' ' ')" = '2498 2499 2500 ' ]
    [ "$(errand logs "$id" --grep 99 | wc -l)" = 43 ]
    diff <(errand logs "$id" --grep 99) <(errand logs -f "$id" --grep 99)
    [ "$(errand logs -f "$id" -n 2 | tr '\n' ' ')" = '2499 2500 ' ]
    [ -z "$(errand logs "$id" --since 2099-01-01T00:00:00Z)" ]
    [ -z "$(errand logs -f "$id" --since 2099-01-01)" ]
    errand logs "$id" -n 1 --timestamps | grep -Eq '^20[0-9-]+T[0-9:.]+Z 2500$'
    run errand logs "$id" --since soon
    [ "$status" -eq 125 ]
}

@test "runner edit changes what is named and nothing else" {
    errand runner create editable --image "$IMAGE:1" -- echo one
    errand runner edit editable --timeout 77 --set priority=80 --set 'labels={"a":"b"}' \
        --set stop_signal=SIGINT
    errand runner show editable --json | jq --exit-status \
        '.timeout_seconds == 77 and .priority == 80 and .labels == {"a": "b"} and .stop_signal == "SIGINT"
         and .argv == ["echo", "one"]'
    errand runner edit editable --command 'echo two'
    [ "$(errand run editable)" = two ]
    errand runner edit editable -- echo three
    [ "$(errand run editable)" = three ]
    run errand runner edit editable
    [ "$status" -eq 125 ]
    run errand runner edit editable --set nosuchfield=1
    [ "$status" -eq 125 ]
    [[ "$output" == *osuchfield* ]]
}

@test "runner warmup --wait returns when the image is there" {
    errand runner warmup backup --wait --quiet
    errand runner show backup | grep -q '^warmed'
}

@test "env set: plain, secret, from a file, from errand's own environment" {
    printf 'FROM_FILE=f\n' >"$STACK/env"
    errand env set backup STAGE=test --plain --env-file "$STACK/env"
    OURS=ours errand env set backup OURS
    [ "$(errand env list backup --json | jq --compact-output '[.env_key, .env_val, .secret]' | sort |
        tr '\n' ' ')" = '["FROM_FILE","f",false] ["OURS",null,true] ["STAGE","test",false] ' ]
    [ "$(errand run backup --command 'echo ${#OURS} $STAGE')" = "4 test" ]
    errand env rm backup OURS FROM_FILE
    [ "$(errand env list backup --quiet)" = STAGE ]
}

@test "apply makes, changes, leaves alone, and shows what it does" {
    manifest <<'YAML'
name: declared
image: IMAGE:1
command: echo "$STAGE $PORT"
timeout_seconds: 60
retry: {max_attempts: 2}
env:
  STAGE: production
  PORT: 0080
  PASSWORD: {secret: true, from: OUR_PASSWORD}
---
runners:
  - {name: second, image: "IMAGE:1", argv: [echo, "1"]}
YAML
    run errand apply -f "$STACK/runners.yaml"
    [ "$status" -eq 125 ]
    [[ "$output" == *OUR_PASSWORD* ]]
    export OUR_PASSWORD=first-password
    run --separate-stderr errand apply -f "$STACK/runners.yaml" --dry-run
    [[ "$output" == *"+ runner declared (new)"*"PORT: \"0080\""*"+ runner second (new)"* ]]
    [[ "$output" != *first-password* ]]
    [ -z "$(errand runner list --json | jq 'select(.name == "declared")')" ]

    errand apply -f "$STACK/runners.yaml"
    [ "$(errand run declared)" = "production 0080" ]
    [ "$(errand apply -f "$STACK/runners.yaml")" = $'= runner declared (unchanged)\n= runner second (unchanged)' ]
    [ "$(errand runner show declared --json | jq .version)" = 1 ]

    sed -i 's/timeout_seconds: 60/timeout_seconds: 61/; s/STAGE: production/STAGE: test/; s/argv: .*\]/command: echo two/' \
        "$STACK/runners.yaml"
    run --separate-stderr errand apply -f "$STACK/runners.yaml"
    [[ "$output" == *"timeout_seconds: 60 -> 61"*'env STAGE: "production" -> "test"'*"~ runner second"* ]]
    [[ "$output" != *PORT* && "$output" != *PASSWORD* && "$output" != *retry* ]]
    [ "$(errand run declared)" = "test 0080" ]
    [ "$(errand run second)" = two ]
    errand apply -f "$STACK/runners.yaml" --set-secrets --json | jq --exit-status --slurp \
        'map(.action) == ["changed", "unchanged"] and .[0].env == ["PASSWORD"]'
}

@test "apply says where a file is wrong, and then changes nothing" {
    wrong() {
        printf '%b' "$1" >"$STACK/wrong.yaml"
        run errand apply -f "$STACK/wrong.yaml"
        [ "$status" -eq 125 ]
        [[ "$output" == *"$2"* ]] || fail "said: $output"
    }
    wrong 'name: abc\nname: abd\n' 'wrong.yaml:2: a key is there twice'
    wrong 'name: abc\nimage: [1' 'wrong.yaml:'
    wrong 'image: x\n' 'has no name'
    wrong 'just text' 'neither a runner nor a list'
    wrong '' 'no runner in it'
    wrong 'a: &a [*a]\n' 'too deep'
    wrong '{"name": "abc", "name": "abd"}' 'wrong.yaml:1: duplicate'
    wrong '- {name: abc, image: x}\n- {name: abc, image: y}\n' 'there twice'
    wrong 'name: abc\nimage: x\nenv: [1]\n' 'env is not a mapping'
    wrong 'name: abc\nimage: x\nenv: {A: {secert: true}}\n' "not 'secert'"
    wrong 'name: abc\nimage: x\ntimeot_seconds: 5\n' 'Timeot seconds'
    [ -z "$(errand runner list --json | jq 'select(.name == "abc")')" ]
}

@test "hypervisors are listed, cordoned, drained and taken back" {
    name=$(errand hypervisors --json | jq --raw-output .name)
    errand hypervisors | grep -q "^$name  *ready"
    errand hypervisors cordon "$name" | grep -q "^$name is cordoned"
    run errand run backup --dry-run
    [ "$status" -eq 125 ]
    errand hypervisors drain "$name" | grep -q "^$name is draining"
    errand hypervisors uncordon "$(errand hypervisors --quiet)" | grep -q "^$name is ready"
    run errand hypervisors drain "${name}x"
    [ "$status" -eq 125 ]
    [[ "$output" == *"did you mean '$name'"* ]]
}

@test "a run that waits says why, and goes on when it may" {
    name=$(errand hypervisors --json | jq --raw-output .name)
    errand hypervisors cordon "$name" --quiet
    errand run backup --command 'echo started' >"$STACK/out" 2>"$STACK/err" &
    pid=$!
    eventually 20 grep -q '^errand: waiting: all_draining: .' "$STACK/err"
    errand hypervisors uncordon "$name" --quiet
    wait "$pid"
    [ "$(cat "$STACK/out")" = started ]
    [ "$(wc -l <"$STACK/err")" = 1 ]
}

@test "a run that is tried again: its attempts are told apart" {
    errand runner create twice --image "$IMAGE:1" --command 'echo one line; exit 1'
    errand runner edit twice --set 'retry={"max_attempts":2,"delay_seconds":0,"jitter":0}'
    run --separate-stderr errand run twice
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"errand: attempt 2"* ]]
    [ "$(errand logs twice --attempt 1)" = "one line" ]
    [ "$(errand logs twice)" = "one line" ]
    [ "$(errand logs -f twice)" = "one line" ]
}

@test "flags of every command may come before it" {
    errand --quiet runs -n 1 | grep -Eq '^[0-9a-f-]{36}$'
    run errand --url http://127.0.0.1:1 --token=x runs
    [ "$status" -eq 125 ]
    [[ "$output" == *"127.0.0.1:1"* ]]
    run errand --url
    [ "$status" -eq 125 ]
}

@test "tokens are made, used, listed and deleted" {
    token=$(errand tokens create ci --scope read)
    ERRAND_TOKEN=$token errand runner list --quiet
    run env ERRAND_TOKEN="$token" errand run backup
    [ "$status" -eq 125 ]
    id=$(errand tokens --json | jq --raw-output 'select(.name == "ci").id')
    errand tokens | grep -q "^$id  *project  *ci  *read  "
    errand tokens delete "$id"
    run env ERRAND_TOKEN="$token" errand runner list
    [ "$status" -eq 125 ]
    [[ $(errand tokens create rack --kind join) == err_j_* ]]
    errand tokens --join | grep -q ' rack '
    run errand tokens delete nonsense
    [ "$status" -eq 125 ]
}

@test "top shows what runs, where and for how long" {
    id=$(errand run backup --detach --command 'echo up; sleep 60')
    wait_line "$id" up
    errand top | grep -Eq "^$id  backup  running  [^ ]+ "
    errand top | grep -q '^1 running, 0 pending$'
    errand stop "$id" --quiet
}

@test "api makes any call" {
    errand api /v1/regions | jq --exit-status '.regions[0].slug == "local"'
    id=$(errand api /v1/runners --data "{\"name\":\"by api\",\"image_name\":\"$IMAGE\",\"image_tag\":\"1\"}" |
        jq --raw-output .runner.id)
    echo '{"priority":7}' | errand api PATCH "/v1/runners/$id" --data @- | jq --exit-status '.runner.priority == 7'
    errand api DELETE "/v1/runners/$id" --quiet
    run errand api "/v1/runners/$id"
    [ "$status" -eq 125 ]
    run errand api 'no path'
    [ "$status" -eq 125 ]
}

@test "what is mistyped gets a suggestion" {
    run errand hypervisor
    [[ "$output" == *"did you mean 'hypervisors'"* ]]
    run errand runner edti backup
    [[ "$output" == *"did you mean 'runner edit'"* ]]
    run errand run bakcup
    [ "$status" -eq 125 ]
    [[ "$output" == *"did you mean 'backup'"* ]]
    run errand runs --labl a=b
    [[ "$output" == *"did you mean '--label'"* ]]
}

@test "on a pipe there are neither colours nor progress, on a terminal there are" {
    errand runs | grep -c $'\033' | grep -qx 0
    script --quiet --return --command "TERM=xterm errand runs" /dev/null | grep -q $'\033\[3[0-9]m'
    script --quiet --return --command "TERM=xterm NO_COLOR=1 errand runs" /dev/null | grep -c $'\033' | grep -qx 0
}

@test "the contract was kept and nothing is left" {
    stack_finish
}
