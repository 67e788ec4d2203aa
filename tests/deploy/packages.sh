#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The packages of build/package/packages on machines with systemd, in namespaces (machine.sh): their
# life on one machine, then docs/operations.md, pasted, on three. Needs root. MACHINES is where their
# roots live (build/machines); making the first one takes a minute or two. STAGES: some of them only.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly machines=${MACHINES:-$PWD/build/machines} packages=build/package/packages
readonly registry_port=5000 control=10.77.0.10
[[ $EUID == 0 ]] || exec sudo --preserve-env=MACHINES,STAGES "$0" "$@"
mkdir -p "$machines"
work=$(mktemp -d)
readonly work
running=()

machine() { tests/deploy/machine.sh "$1" "$machines" "${@:2}"; }
on() { machine run "$@"; }
say() { printf 'packages: %s\n' "$*"; }

fail() {
    echo "packages.sh: $*" >&2
    exit 1
}

# shellcheck disable=SC2317 # at the end
clean_up() {
    local name
    for name in "${running[@]}"; do
        machine stop "$name"
        rm -rf "${machines:?}/$name"
    done
    local file
    for file in "$work"/{registry,web}.pid; do
        [[ ! -s $file ]] || kill "$(cat "$file")" || true
    done
    machine unnetwork lan
    rm -rf "$work"
}
trap clean_up EXIT

boot() {
    running+=("$1")
    rm -rf "${machines:?}/$1"
    machine start "$1"
    machine join "$1" lan "$2/24"
    mkdir -p "$machines/$1/var/packages"
    cp "$packages"/*.deb "$machines/$1/var/packages/"
    on "$1" sh -c "printf '127.0.0.1 localhost\n$control control.example.net\n' >/etc/hosts"
}

# A registry for all of them, and an image in it, on the bridge between them.
start_registry() {
    machine network lan 10.77.0.1/24
    local net
    net=$(cat "$machines/lan.net")
    cat >"$work/registry.yml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "10.77.0.1:$registry_port"}
YAML
    nsenter --target "$net" --net docker-registry serve "$work/registry.yml" &>"$work/registry.log" &
    echo $! >"$work/registry.pid"
    until nsenter --target "$net" --net curl -fsS "http://10.77.0.1:$registry_port/v2/" >/dev/null 2>&1; do
        kill -0 "$(cat "$work/registry.pid")" || { cat "$work/registry.log" >&2; exit 1; }
        sleep 0.1
    done
    readonly image=10.77.0.1:$registry_port/test/busybox:1
    nsenter --target "$net" --net tests/support/make_image.sh "$work" "$image" >/dev/null
}

# eventually SECONDS COMMAND...
eventually() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || fail "still not so: $*"
        sleep 0.2
    done
}

# The code of docs/operations.md for one kind of machine, for who runs it in the packages' folder.
script_of() {
    echo 'set -eu; export HOME=/root; cd /var/packages'
    awk -v kind="$1" '$0 == "```sh " kind { inside = 1; next } $0 == "```" { inside = 0 } inside' docs/operations.md |
        sed "s,docker.io/library/busybox:1,$image,; s,^cd\$,cd /var/packages,"
}

# errand as root on the machine, against its own API.
client() {
    on "$1" sh -c 'export ERRAND_URL=http://127.0.0.1:8080 ERRAND_TOKEN=$(cat /root/user.token); exec "$@"' - "${@:2}"
}

is_up() { on "$1" systemctl --quiet is-active "$2"; }
main_pid() { on "$1" systemctl show --property MainPID --value "$2"; }
is_other_pid() { local now; now=$(main_pid "$1" "$2"); [[ $now != 0 && $now != "$3" ]]; }

# The same packages as another version.
repack() {
    local deb tree=$work/repack
    mkdir -p "$work/newer"
    for deb in "$packages"/*.deb; do
        rm -rf "$tree"
        dpkg-deb --raw-extract "$deb" "$tree"
        sed -i 's/^Version: .*/Version: 9.9.9-1/; s/liberrand0 (= [^)]*)/liberrand0 (= 9.9.9-1)/' "$tree/DEBIAN/control"
        dpkg-deb --root-owner-group -Znone --build "$tree" "$work/newer" >/dev/null
    done
}

one_machine() {
    boot one 10.77.0.20
    local run pid log=$work/log
    say "install: nothing is started"
    on one sh -c 'apt-get install -y /var/packages/*.deb' >"$work/apt" 2>&1 || { cat "$work/apt" >&2; exit 1; }
    for unit in errand-api errand-scheduler errand-agent; do
        ! is_up one $unit || fail "$unit was started by its installation"
        on one systemd-analyze verify --man=no "/lib/systemd/system/$unit.service"
    done
    on one stat --format '%a %U:%G %n' /etc/errand/{api,scheduler,agent}.conf /var/lib/errand-api |
        diff - <(printf '%s\n' '640 root:errand_api /etc/errand/api.conf' '640 root:errand_scheduler /etc/errand/scheduler.conf' \
            '600 root:root /etc/errand/agent.conf' '700 errand_api:errand_api /var/lib/errand-api')

    say "a wrong setting: one line in the journal, no second try"
    ! on one systemctl start errand-api 2>/dev/null || fail "the API starts without a key ring"
    on one journalctl --unit errand-api --output cat --grep 'errand-api: /etc/errand/api.conf:[0-9]*: key_ring' >/dev/null
    [[ $(on one systemctl show --property NRestarts --value errand-api) == 0 ]] || fail "systemd tried again"

    say "start"
    on one runuser -u postgres -- createdb errand
    on one runuser -u postgres -- errand-api --database_url='host=/run/postgresql dbname=errand' migrate 2>/dev/null
    on one runuser -u errand_api -- errand-api --config=/etc/errand/api.conf keys init
    on one systemctl enable --quiet --now errand-api errand-scheduler
    on one sh -c 'token() { runuser -u errand_api -- errand-api --config=/etc/errand/api.conf token create "$@"; }
        token --kind user >/root/user.token; token --kind join >/etc/errand/join.token
        echo api_url = http://127.0.0.1:8080 >>/etc/errand/agent.conf
        echo ERRAND_INSECURE_REGISTRIES='"${image%%/*}"' >/etc/errand/agent.env
        systemctl enable --quiet --now errand-agent'
    client one errand runner create test --image "$image" >/dev/null
    [[ $(client one errand run test -- echo hello) == hello ]] || fail "no hello"

    say "priorities reach the journal"
    on one journalctl --unit errand-scheduler --priority 6..6 --output cat --grep scheduler.leads >/dev/null

    say "a signal of life that does not come: restarted by the watchdog"
    for unit in errand-api errand-scheduler errand-agent; do
        on one sh -c "mkdir -p /run/systemd/system/$unit.service.d
            printf '[Service]\nWatchdogSec=3\n' >/run/systemd/system/$unit.service.d/watchdog.conf"
    done
    on one systemctl daemon-reload
    on one systemctl restart errand-api errand-scheduler errand-agent
    sleep 5
    for unit in errand-api errand-scheduler errand-agent; do
        [[ $(on one systemctl show --property NRestarts --value $unit) == 0 ]] || fail "$unit gave no sign of life"
        pid=$(main_pid one $unit)
        on one kill -STOP "$pid"
        eventually 30 is_other_pid one $unit "$pid"
        on one journalctl --unit $unit --output cat --grep "Watchdog timeout" >/dev/null
    done
    on one sh -c 'rm -r /run/systemd/system/errand-*.service.d; systemctl daemon-reload; systemctl restart errand-api errand-scheduler errand-agent'

    say "a restart and an upgrade of everything leave a container alone"
    repack
    mkdir "$machines/one/var/newer"
    cp "$work"/newer/*.deb "$machines/one/var/newer/"
    echo '# mine' >"$work/mine"
    on one sh -c 'echo "# mine" >>/etc/errand/api.conf'
    run=$(client one errand run test --detach --command 'for i in $(seq 1 80); do echo $i; sleep 0.2; done; exit 9')
    eventually 30 sh -c "tests/deploy/machine.sh run '$machines' one pgrep errand-shim >/dev/null"
    pid=$(on one pgrep errand-shim)
    on one systemctl restart errand-agent
    script_of upgrade | sed 's,/var/packages,/var/newer,' >"$work/upgrade.sh"
    on one env DEBIAN_FRONTEND=noninteractive bash -s <"$work/upgrade.sh" >"$work/apt" 2>&1 || { cat "$work/apt" >&2; exit 1; }
    [[ $(on one dpkg-query --show --showformat '${Version} ' errand-server errand-agent) == '9.9.9-1 9.9.9-1 ' ]] || fail "not upgraded"
    on one sh -c 'apt-get install -y /var/newer/*.deb' >"$work/apt" 2>&1 || { cat "$work/apt" >&2; exit 1; }
    [[ $(on one pgrep errand-shim) == "$pid" ]] || fail "the container did not outlive the upgrade"
    for unit in errand-api errand-scheduler errand-agent; do
        is_up one $unit || fail "$unit does not run after the upgrade"
    done
    on one grep --quiet '^# mine$' /etc/errand/api.conf
    client one errand logs --follow "$run" >"$log"
    cmp "$log" <(seq 1 80)

    say "an untrusted container in a unit"
    client one sh -c 'curl -fsS -H "Authorization: Bearer $ERRAND_TOKEN" -H "Content-Type: application/json" \
        "$ERRAND_URL/v1/runners" -d "{\"name\": \"strange\", \"image_name\": \"'"${image%:*}"'\", \"image_tag\": \"1\", \"sandbox\": \"untrusted\"}"' >/dev/null
    [[ $(client one errand run strange -- sh -c 'ls -d /proc/1 && id -u') == $'/proc/1\n0' ]] || fail "no untrusted container"

    say "reinstall, remove, install again"
    on one sh -c 'apt-get install -y --reinstall /var/newer/*.deb && apt-get remove -y errand-server errand-agent' >"$work/apt" 2>&1 || { cat "$work/apt" >&2; exit 1; }
    ! on one pgrep -af '^/usr/sbin/errand-' || fail "a program outlived its package"
    on one test -e /etc/errand/api.conf -a -e /var/lib/errand-agent/credential -a -e /var/lib/errand-api/keys.json
    on one bash -c 'apt-get install -y /var/newer/errand-{server,agent}_*.deb' >"$work/apt" 2>&1 || { cat "$work/apt" >&2; exit 1; }
    on one systemctl start errand-api errand-scheduler errand-agent
    [[ $(client one errand run test -- echo again) == again ]] || fail "no run after the second installation"

    say "purge: nothing is left but the keys"
    on one apt-get purge -y errand-server errand-agent errand-cli liberrand0 liberrand-dev >"$work/apt" 2>&1 || { cat "$work/apt" >&2; exit 1; }
    on one find / -xdev -name '*errand*' ! -path '/var/*' ! -path '/sys/*' >"$work/left"
    on one find /var -xdev -name '*errand*' ! -path '/var/packages*' ! -path '/var/newer*' ! -path '/var/log/*' ! -path '/var/lib/postgresql/*' >>"$work/left"
    diff "$work/left" <(echo /var/lib/errand-api) || fail "files outlived the packages"
    [[ $(on one ls /var/lib/errand-api) == keys.json ]] || fail "the keys are gone"
    [[ -z $(on one dpkg-query --show '*errand*' 2>/dev/null) ]] || fail "dpkg remembers a package"
    [[ $(on one systemctl is-system-running) == running ]] || fail "$(on one systemctl --failed)"
    machine stop one
}

three_machines() {
    local name
    boot control $control
    boot hv1 10.77.0.11
    boot hv2 10.77.0.12
    say "docs/operations.md: the control machine"
    script_of control >"$work/control.sh"
    on control bash -s <"$work/control.sh" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
    for name in hv1 hv2; do
        say "docs/operations.md: $name"
        cp "$machines"/control/upper/etc/errand/tls/ca.crt "$machines/control/var/packages/join.token" "$machines/$name/var/packages/"
        on $name sh -c "mkdir -p /etc/errand; echo ERRAND_INSECURE_REGISTRIES=${image%%/*} >/etc/errand/agent.env"
        script_of hypervisor >"$work/hypervisor.sh"
        on $name bash -s <"$work/hypervisor.sh" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
    done
    say "docs/operations.md: the client"
    script_of client >"$work/client.sh"
    on control bash -s <"$work/client.sh" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; exit 1; }
    grep --quiet '^hello from ' "$work/out" || fail "the run said: $(cat "$work/out" "$work/err")"
    for name in hv1 hv2; do
        grep --quiet --perl-regexp "^$name\tready\t" "$work/out" || fail "$name is not there: $(cat "$work/out")"
    done

    say "runs go on when one hypervisor is switched off"
    machine stop hv2
    on control env HOME=/root errand run hello -- echo still >"$work/out"
    [[ $(cat "$work/out") == still ]] || fail "no run with one hypervisor: $(cat "$work/out")"
    machine stop control
    machine stop hv1
}

# What deploy/terraform renders, by Debian's cloud-init: two control nodes, a database, a hypervisor.
rendered_machines() {
    command -v terraform >/dev/null || {
        say "cloud-init: skipped: terraform is not installed"
        return
    }
    local name net address root=$work/terraform/any-machines
    local -A addresses=([control1]=10.77.0.30 [control2]=10.77.0.31 [database]=10.77.0.32 [hv1]=10.77.0.33)
    net=$(cat "$machines/lan.net")
    mkdir "$work/web"
    cp "$packages"/*.deb "$work/web/"
    nsenter --target "$net" --net busybox httpd -f -p 10.77.0.1:8000 -h "$work/web" &
    echo $! >"$work/web.pid"

    say "cloud-init: render"
    cp -r deploy/terraform "$work/terraform"
    "$work/terraform/secrets.sh" control.example.net >"$work/secrets.json"
    cp "$work/secrets.json" "$root/secrets.auto.tfvars.json"
    jq --null-input --arg server "$(basename "$packages"/errand-server_*)" --arg agent "$(basename "$packages"/errand-agent_*)" \
        --arg server_sum "$(sha256sum <"$(echo "$packages"/errand-server_*)" | cut -d ' ' -f 1)" \
        --arg agent_sum "$(sha256sum <"$(echo "$packages"/errand-agent_*)" | cut -d ' ' -f 1)" '{
            api_host: "control.example.net", private_cidr: "10.77.0.0/24",
            control_nodes: {control1: "10.77.0.30", control2: "10.77.0.31"}, hypervisors: {hv1: {labels: {disk: "ssd"}}},
            database: {kind: "node", address: "10.77.0.32"},
            packages: {server: {url: "http://10.77.0.1:8000/\($server)", sha256: $server_sum},
                agent: {url: "http://10.77.0.1:8000/\($agent)", sha256: $agent_sum}}}' >"$root/test.auto.tfvars.json"
    (
        cd "$root"
        export TF_CLI_CONFIG_FILE=$work/terraformrc TF_IN_AUTOMATION=1
        echo 'disable_checkpoint = true' >"$TF_CLI_CONFIG_FILE"
        terraform init -no-color && terraform apply -auto-approve -no-color
        terraform output -json user_data >"$work/user_data.json"
    ) >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

    for name in database control1 control2 hv1; do
        boot "$name" "${addresses[$name]}"
        on "$name" sh -c ': >/etc/hosts' # what it needs, the setup writes
        mkdir -p "$machines/$name/var/lib/cloud/seed/nocloud"
        jq --raw-output ".$name" "$work/user_data.json" >"$machines/$name/var/lib/cloud/seed/nocloud/user-data"
        echo "instance-id: $name" >"$machines/$name/var/lib/cloud/seed/nocloud/meta-data"
        on "$name" sh -c 'printf "datasource_list: [NoCloud]\nnetwork: {config: disabled}\n" >/etc/cloud/cloud.cfg.d/99_test.cfg'
        on "$name" cloud-init schema --config-file /var/lib/cloud/seed/nocloud/user-data 2>&1 |
            grep --quiet 'Valid cloud-config' || fail "cloud-init refuses the text of $name"
    done
    on hv1 sh -c "mkdir -p /etc/errand; echo ERRAND_INSECURE_REGISTRIES=${image%%/*} >/etc/errand/agent.env"
    # all at once, in no order, as a provider would
    for name in hv1 control2 control1 database; do
        on "$name" sh -c 'cloud-init init --local; cloud-init init; cloud-init modules --mode config; cloud-init modules --mode final' \
            >"$work/cloud-init.$name" 2>&1 &
        echo $! >"$work/cloud-init.$name.pid"
    done
    for name in hv1 control2 control1 database; do
        wait "$(cat "$work/cloud-init.$name.pid")" || true
        on "$name" grep --quiet --line-regexp 'errand-setup: done' /var/log/errand-setup.log || {
            cat "$work/cloud-init.$name" >&2
            fail "cloud-init did not set up $name"
        }
        say "cloud-init: $name is set up"
    done
    jq --raw-output .secrets.ca_certificate "$work/secrets.json" >"$machines/control1/var/ca.crt"
    (umask 077 && jq --raw-output .secrets.admin_token "$work/secrets.json" >"$machines/control1/var/token")
    on control1 sh -c 'dpkg -i /var/packages/errand-cli_* >/dev/null'
    for address in 10.77.0.30 10.77.0.31; do
        on control1 sh -c "grep -v control.example.net /etc/hosts >/etc/hosts.new; echo $address control.example.net >>/etc/hosts.new; cat /etc/hosts.new >/etc/hosts"
        [[ $(on control1 env HOME=/root ERRAND_URL=https://control.example.net ERRAND_CA_FILE=/var/ca.crt IMAGE="$image" sh -c '
            export ERRAND_TOKEN=$(cat /var/token)
            errand runner show cloud >/dev/null 2>&1 || errand runner create cloud --image "$IMAGE" >/dev/null
            errand run cloud -- echo from the cloud') == "from the cloud" ]] || fail "no run through $address"
    done
    for name in control1 control2; do
        [[ $(on "$name" stat --format '%a %U' /etc/errand/tls/api.key /var/lib/errand-api/keys.json) == $'640 root\n600 errand_api' ]] || fail "rights on $name"
        ! on "$name" ls /etc/errand/setup/admin.token 2>/dev/null || fail "$name keeps the token"
    done
    ! on hv1 ls /etc/errand/join.token 2>/dev/null || fail "hv1 keeps the join token"
    say "cloud-init: again changes nothing"
    on control1 bash /etc/errand/setup/setup.sh >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "a second setup"; }
    for name in control1 control2 database hv1; do machine stop "$name"; done
}

[[ -n $(find "$packages" -name '*.deb' 2>/dev/null) ]] || fail "make packages first"
machine root
start_registry
for stage in ${STAGES:-one_machine three_machines rendered_machines}; do
    "$stage"
done
say "all is well"
