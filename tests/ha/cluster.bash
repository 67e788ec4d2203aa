# SPDX-License-Identifier: Apache-2.0
#
# A cluster on one machine: network namespaces are its hosts, a bridge in one of its own the switch
# between them. Nothing of it is in the machine's own network, so any number stand side by side.
#
#   .11 .12  db1, db2     PostgreSQL, primary and synchronous standby
#   .21 .22  api1, api2   errand-api
#   .31 .32  sched1, 2    errand-scheduler
#   .41      lb           haproxy in front of the API
#   .51 ...  hv1, ...     errand-agent
#   .61      registry     docker-registry
#   .71      client       whoever asks
#
#   cluster_new; cluster_start; ...; cluster_destroy
#
# Exports CLUSTER (its directory), URL (of the load balancer), IMAGE, and after cluster_start TOKEN.
# For root only.

: "${ERRAND_BIN_DIR:?is where the programs are}"
: "${ERRAND_SOURCE_DIR:?is the checkout}"
PATH=$ERRAND_BIN_DIR:$PATH:/usr/sbin:/sbin

readonly NET=10.77.0
readonly -A ADDRESS=(
    [db1]=11 [db2]=12 [api1]=21 [api2]=22 [sched1]=31 [sched2]=32 [lb]=41
    [hv1]=51 [hv2]=52 [hv3]=53 [registry]=61 [client]=71
)

# Who gives up on a silent database soon finds the new primary soon (docs/operations.md).
readonly PATIENCE="connect_timeout=3 tcp_user_timeout=3000 keepalives_idle=2 keepalives_interval=1 keepalives_count=3"
DATABASE="host=$NET.11,$NET.12 port=5432,5432 dbname=errand target_session_attrs=read-write $PATIENCE"

say() { printf '%(%T)T %s\n' -1 "$*" >&2; }

# until_so SECONDS COMMAND...
until_so() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || {
            echo "still not so: $*" >&2
            return 1
        }
        sleep 0.1
    done
}

# on HOST COMMAND...: in the foreground, on that host.
on() {
    local host=$1
    shift
    nsenter --net="/run/netns/$PREFIX-$host" -- "$@"
}

# serve HOST NAME COMMAND...: in the background; its log is $CLUSTER/log/NAME. In a session of its
# own and without the descriptors of whoever starts it.
serve() {
    local host=$1 name=$2
    shift 2
    setsid nsenter --net="/run/netns/$PREFIX-$host" -- "$@" \
        </dev/null >>"$CLUSTER/log/$name" 2>&1 3>&- 4>&- &
    echo $! >"$CLUSTER/pid/$name"
}

# end NAME [SIGNAL]: returns when it is gone.
end() {
    local pid
    pid=$(cat "$CLUSTER/pid/$1" 2>/dev/null) || return 0
    rm -f "$CLUSTER/pid/$1"
    kill "-${2:-TERM}" "$pid" 2>/dev/null || return 0
    timeout 40 tail --pid="$pid" --follow --sleep-interval 0.02 /dev/null || kill -KILL "$pid"
}

lives() { kill -0 "$(cat "$CLUSTER/pid/$1" 2>/dev/null || echo x)" 2>/dev/null; }

cable() { ip -netns "$PREFIX-switch" link set "$1" "$2"; }

make_hosts() {
    local host
    ip netns add "$PREFIX-switch"
    ip -netns "$PREFIX-switch" link add br0 type bridge
    ip -netns "$PREFIX-switch" link set br0 up
    for host in "${!ADDRESS[@]}"; do
        ip netns add "$PREFIX-$host"
        ip -netns "$PREFIX-switch" link add "$host" type veth peer name eth0 netns "$PREFIX-$host"
        ip -netns "$PREFIX-switch" link set "$host" master br0 up
        ip -netns "$PREFIX-$host" addr add "$NET.${ADDRESS[$host]}/24" dev eth0
        ip -netns "$PREFIX-$host" link set lo up
        ip -netns "$PREFIX-$host" link set eth0 up
    done
}

cluster_new() {
    CLUSTER=$(mktemp -d /tmp/errand-ha.XXXXXX)
    PREFIX=eh$$
    chmod 755 "$CLUSTER"
    mkdir "$CLUSTER/log" "$CLUSTER/pid"
    PG_BIN=$(pg_config --bindir)
    [[ -x $PG_BIN/initdb ]] || PG_BIN=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    PG_USER=$(id -un postgres 2>/dev/null || echo nobody)
    URL=http://$NET.41:8080
    REGISTRY=$NET.61:5000
    IMAGE=$REGISTRY/test/busybox
    export CLUSTER PREFIX PG_BIN PG_USER URL REGISTRY IMAGE
    make_hosts
}

# --- the database ---------------------------------------------------------------------------------

as_postgres() (
    cd /
    exec setpriv --reuid="$PG_USER" --regid="$(id -g "$PG_USER")" --clear-groups env HOME=/ LC_ALL=C "$@"
)

# pg_serve HOST
pg_serve() {
    local dir=$CLUSTER/$1
    serve "$1" "$1" setpriv --reuid="$PG_USER" --regid="$(id -g "$PG_USER")" --clear-groups \
        env HOME=/ LC_ALL=C "$PG_BIN/postgres" -D "$dir"
    until_so 30 on "$1" "$PG_BIN/pg_isready" --quiet --host="$NET.${ADDRESS[$1]}" --username=owner
}

sql() {
    on client psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
        "$DATABASE user=owner" --command "$1"
}

make_primary() {
    local dir=$CLUSTER/db1
    install -d -o "$PG_USER" -m 700 "$dir"
    as_postgres "$PG_BIN/initdb" --pgdata="$dir" --username=owner --auth=trust --encoding=UTF8 \
        --locale=C --no-sync --no-instructions >/dev/null
    cat >>"$dir/postgresql.conf" <<CONF
listen_addresses = '*'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 32MB
fsync = off
wal_level = replica
hot_standby = on
jit = off
CONF
    echo "host all,replication all $NET.0/24 trust" >>"$dir/pg_hba.conf"
    pg_serve db1
    on db1 "$PG_BIN/createdb" --host="$NET.11" --username=owner errand
}

# What is committed is on both, or the loss of one could lose what somebody was told is done.
make_standby() {
    local dir=$CLUSTER/db2
    install -d -o "$PG_USER" -m 700 "$dir"
    nsenter --net="/run/netns/$PREFIX-db2" -- setpriv --reuid="$PG_USER" \
        --regid="$(id -g "$PG_USER")" --clear-groups env HOME=/ LC_ALL=C \
        "$PG_BIN/pg_basebackup" --pgdata="$dir" --write-recovery-conf --checkpoint=fast --no-sync \
        --dbname="host=$NET.11 user=owner application_name=db2"
    pg_serve db2
    sql "ALTER SYSTEM SET synchronous_standby_names = 'db2'" && sql 'SELECT pg_reload_conf()' >/dev/null
    until_so 20 is_synchronous
}

is_synchronous() {
    [[ $(sql "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1 ]]
}

promote_standby() {
    on db2 psql --no-psqlrc --quiet --tuples-only "host=$NET.12 user=owner dbname=errand" \
        --command 'SELECT pg_promote()' >/dev/null
}

# --- Errand ---------------------------------------------------------------------------------------

# start_api N
start_api() {
    local ip=$NET.${ADDRESS[api$1]}
    serve "api$1" "api$1" env ERRAND_DATABASE_URL="$DATABASE user=errand_api" \
        ERRAND_KEY_RING="$CLUSTER/ring.json" "${API_BIN:-errand-api}" --listen "$ip:8080" \
        --replica_url "http://$ip:8080" --threads 1 --drain_seconds 2
}

start_scheduler() {
    serve "sched$1" "sched$1" env ERRAND_DATABASE_URL="$DATABASE user=errand_scheduler" \
        "${SCHEDULER_BIN:-errand-scheduler}"
}

# start_agent N
start_agent() {
    serve "hv$1" "hv$1" "${AGENT_BIN:-errand-agent}" --api_url "$URL" \
        --join_token_file "$CLUSTER/join.token" --data_dir "$CLUSTER/hv$1" --name "hv$1" \
        --mem_total_mb 4096 --cpu 16 --network_bridge none --insecure_registries "$REGISTRY"
}

start_registry() {
    cat >"$CLUSTER/registry.yml" <<CONFIG
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: $CLUSTER/registry}
http: {addr: "$REGISTRY"}
CONFIG
    serve registry registry docker-registry serve "$CLUSTER/registry.yml"
    until_so 20 on client bash -c "exec 3<>/dev/tcp/${REGISTRY/://}" 2>/dev/null
    mkdir "$CLUSTER/image"
    on client "$ERRAND_SOURCE_DIR/tests/support/make_image.sh" "$CLUSTER/image" "$IMAGE:1" >/dev/null
}

# A replica is used while /readyz says that it can reach the database and somebody schedules; of a
# request that came to none, another replica is asked.
start_balancer() {
    cat >"$CLUSTER/haproxy.cfg" <<CONFIG
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    retries 3
    option redispatch
    retry-on conn-failure empty-response
frontend errand
    bind $NET.41:8080
    default_backend api
backend api
    balance leastconn
    option httpchk GET /readyz
    default-server check inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
    server api1 $NET.21:8080
    server api2 $NET.22:8080
CONFIG
    serve lb haproxy haproxy -db -f "$CLUSTER/haproxy.cfg"
}

make_token() {
    on client env ERRAND_DATABASE_URL="$DATABASE user=errand_api" ERRAND_KEY_RING="$CLUSTER/ring.json" \
        errand-api token create --kind "$1" --name ha
}

# api METHOD PATH [JSON]
api() {
    local body=()
    (($# < 3)) || body=(--header 'Content-Type: application/json' --data-binary "$3")
    on client curl --silent --show-error --fail-with-body --max-time 30 --request "$1" \
        --header "Authorization: Bearer $TOKEN" "${body[@]}" "$URL$2"
}

hypervisors_are_ready() {
    [[ $(api GET /v1/hypervisors 2>/dev/null | jq '[.hypervisors[] | select(.status == "ready")] | length') == "$1" ]]
}

cluster_start() {
    start_registry
    make_primary
    [[ ${STANDBY:-yes} == no ]] || make_standby
    on client env ERRAND_DATABASE_URL="$DATABASE user=owner" errand-api migrate
    ERRAND_KEY_RING=$CLUSTER/ring.json errand-api keys init
    TOKEN=$(make_token user)
    export TOKEN
    make_token join >"$CLUSTER/join.token"
    start_api 1
    start_api 2
    start_scheduler 1
    start_scheduler 2
    start_balancer
    for n in 1 2 3; do start_agent "$n"; done
    until_so 40 hypervisors_are_ready 3
}

# The name of the scheduler that leads.
leading_scheduler() {
    local holder
    holder=$(sql "SELECT split_part(holder, ':', 2) FROM leases WHERE role = 'scheduler'")
    for name in sched1 sched2; do
        [[ $(cat "$CLUSTER/pid/$name" 2>/dev/null) != "$holder" ]] || echo "$name"
    done
}

# --- and away -------------------------------------------------------------------------------------

# Everything at once: shims, too, which outlive their agents, and PostgreSQL's children.
kill_all() {
    local host pids
    pids=$(for host in "${!ADDRESS[@]}"; do ip netns pids "$PREFIX-$host" 2>/dev/null; done)
    [[ -n $pids ]] || return 0
    # shellcheck disable=SC2086 # many
    kill -KILL $pids 2>/dev/null
    return 1
}

cluster_destroy() {
    local host
    until_so 10 kill_all || true
    for host in "${!ADDRESS[@]}" switch; do ip netns delete "$PREFIX-$host"; done
    cluster_containers_gone
    rm -rf "$CLUSTER"
}

# An agent's control groups are named after its data directory (hypervisor-agent/leftovers.c).
groups_of() {
    local name
    name=$(printf %s "$1" | b2sum --length=128 | cut --characters=1-16)
    find /sys/fs/cgroup -depth -type d -path "*/errand/$name*" 2>/dev/null
}

no_process_is_left() { ! pgrep --full "$CLUSTER/hv" >/dev/null; }

# Containers are in namespaces of their own, and go with their shims.
cluster_containers_gone() {
    local n group
    until_so 10 no_process_is_left || true
    umount --recursive "$CLUSTER"/hv*/* 2>/dev/null || true
    for n in 1 2 3; do
        for group in $(groups_of "$CLUSTER/hv$n"); do rmdir "$group"; done
    done
}
