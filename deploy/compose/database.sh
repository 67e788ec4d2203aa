#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# PostgreSQL in a container of its own: a cluster when there is none, one role a program, all with the
# password in POSTGRES_PASSWORD_FILE.
set -eu

data=/var/lib/postgresql/data
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort | tail -n 1)

# What was begun and not finished is begun anew: only a whole cluster gets the name.
if [ ! -e "$data" ]; then
    new=/var/lib/postgresql/new
    rm -rf "$new"
    "$bin/initdb" --pgdata="$new" --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" \
        --auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    echo 'host errand all all scram-sha-256' >>"$new/pg_hba.conf"
    "$bin/pg_ctl" --pgdata="$new" --options="-c listen_addresses=''" --wait --silent start
    # by standard input: arguments can be seen by others
    psql --quiet --set=ON_ERROR_STOP=1 <<SQL
\set password '$(cat "$POSTGRES_PASSWORD_FILE")'
CREATE ROLE errand_owner LOGIN CREATEROLE PASSWORD :'password';
CREATE ROLE errand_api LOGIN PASSWORD :'password';
CREATE ROLE errand_scheduler LOGIN PASSWORD :'password';
CREATE DATABASE errand OWNER errand_owner;
SQL
    "$bin/pg_ctl" --pgdata="$new" --wait --silent stop
    mv "$new" "$data"
fi
exec "$bin/postgres" -D "$data" -c listen_addresses='*' -c logging_collector=off
