#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A private, throw-away PostgreSQL cluster for tests.
#
#   postgres.sh start DIR          make and start it (again: nothing happens); prints a conninfo
#   postgres.sh createdb DIR NAME  make an empty database (again: nothing happens); prints a conninfo
#   postgres.sh crash DIR          kill every process of it at once, and start it again
#   postgres.sh stop DIR           stop it and remove all of it
#
# DIR only holds a note of where the cluster is. The cluster itself lives in a short directory below
# /tmp, because a socket's path is at most 107 bytes and because PostgreSQL refuses to run as root:
# for root it runs as `postgres` or `nobody`, who may not be able to enter DIR. It listens on a Unix
# socket only; the directory's mode is its access control.
#
# With OWNER_PID in the environment of `start`, the cluster goes when that process is gone, so that a
# test that is killed leaves nothing behind.
set -euo pipefail

readonly SUPERUSER=errand_owner

fail() {
    echo "postgres.sh: $*" >&2
    exit 1
}

usage() {
    fail "usage: postgres.sh start DIR | createdb DIR NAME | crash DIR | stop DIR"
}

# Debian keeps each major version's programs in a folder of its own, off the PATH.
find_bindir() {
    local bindir
    for bindir in "$(pg_config --bindir 2>/dev/null || true)" \
        $(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort --reverse); do
        if [[ -x $bindir/initdb && -x $bindir/pg_ctl ]]; then
            echo "$bindir"
            return
        fi
    done
    fail "no PostgreSQL server found; install the package postgresql"
}

unprivileged_user() {
    id -un postgres 2>/dev/null || echo nobody
}

# Run a program as a user PostgreSQL accepts, from a directory that user can enter.
as_server() (
    cd /
    if ((EUID != 0)); then
        exec "$@"
    fi
    user=$(unprivileged_user)
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups \
        env HOME=/ LC_ALL=C "$@"
)

conninfo() {
    echo "host=$1 user=$SUPERUSER dbname=$2"
}

is_running() {
    [[ -n $1 && -d $1 ]] && as_server "$BINDIR/pg_ctl" status -D "$1/data" >/dev/null 2>&1
}

make_cluster() {
    local home=$1
    if ((EUID == 0)); then
        chown "$(unprivileged_user):" "$home"
    fi
    as_server "$BINDIR/initdb" --pgdata="$home/data" --username="$SUPERUSER" --auth=trust \
        --encoding=UTF8 --locale=C --no-sync --no-instructions >/dev/null
    cat >>"$home/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$home'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 32MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
jit = off
CONF
}

start_cluster() {
    local home=$1
    as_server "$BINDIR/pg_ctl" start --wait --timeout=60 --silent \
        -D "$home/data" -l "$home/log" >/dev/null &&
        as_server "$BINDIR/pg_isready" --quiet --host="$home" --username="$SUPERUSER"
}

# Leaves neither process nor file, or says that it could not.
destroy_cluster() {
    local home=$1
    if is_running "$home"; then
        as_server "$BINDIR/pg_ctl" stop --wait --timeout=30 --mode=fast --silent -D "$home/data" ||
            as_server "$BINDIR/pg_ctl" stop --wait --timeout=30 --mode=immediate --silent \
                -D "$home/data" ||
            fail "the server in $home does not stop"
    fi
    rm -rf "$home"
}

command_start() {
    local note=$1/postgres-home home
    home=$(cat "$note" 2>/dev/null || true)
    if ! is_running "$home"; then
        mkdir -p "$1"
        home=$(mktemp -d /tmp/errand-pg.XXXXXX)
        echo "$home" >"$note"
        if ! make_cluster "$home" || ! start_cluster "$home"; then
            tail -n 20 "$home/log" >&2 2>/dev/null || true
            destroy_cluster "$home"
            rm -f "$note"
            fail "the server did not start"
        fi
        if [[ -n ${OWNER_PID-} ]]; then
            setsid "${BASH_SOURCE[0]}" stop-after "$OWNER_PID" "$1" </dev/null &>/dev/null &
        fi
    fi
    conninfo "$home" postgres
}

running_home() {
    local home
    home=$(cat "$1/postgres-home" 2>/dev/null || true)
    is_running "$home" || fail "no server was started for $1"
    echo "$home"
}

command_createdb() {
    local home
    home=$(running_home "$1")
    [[ $2 =~ ^[a-z][a-z0-9_]{0,62}$ ]] || fail "\"$2\" is no plain database name"
    if ! as_server "$BINDIR/createdb" --host="$home" --username="$SUPERUSER" "$2" 2>/dev/null; then
        as_server "$BINDIR/psql" --quiet --host="$home" --username="$SUPERUSER" --dbname="$2" \
            --command='' || fail "database $2 cannot be made"
    fi
    conninfo "$home" "$2"
}

command_crash() {
    local home postmaster
    home=$(running_home "$1")
    postmaster=$(head -n 1 "$home/data/postmaster.pid")
    # the postmaster first, so that it starts no new ones; then what it has started
    local children
    kill -STOP "$postmaster"
    mapfile -t children < <(pgrep --parent "$postmaster")
    kill -KILL "$postmaster" "${children[@]}" 2>/dev/null || true
    tail --pid="$postmaster" --follow --sleep-interval 0.02 /dev/null
    for child in "${children[@]}"; do
        tail --pid="$child" --follow --sleep-interval 0.02 /dev/null
    done
    start_cluster "$home" || fail "the server did not recover: $(tail -n 5 "$home/log")"
}

command_stop() {
    local note=$1/postgres-home home
    home=$(cat "$note" 2>/dev/null || true)
    if [[ -n $home ]]; then
        destroy_cluster "$home"
        rm -f "$note"
    fi
}

# Internal: what OWNER_PID starts.
command_stop_after() {
    tail --pid="$1" --follow --sleep-interval 0.02 /dev/null
    command_stop "$2"
}

umask 077
BINDIR=$(find_bindir)
readonly BINDIR
case "${1-}:$#" in
start:2) command_start "$2" ;;
createdb:3) command_createdb "$2" "$3" ;;
crash:2) command_crash "$2" ;;
stop:2) command_stop "$2" ;;
stop-after:3) command_stop_after "$2" "$3" ;;
*) usage ;;
esac
