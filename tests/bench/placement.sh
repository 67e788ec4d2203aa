#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Placement: decisions alone, then whole passes over a queue of RUNS runs (100000) with 10,000
# hypervisors, each page committed to a PostgreSQL that syncs.
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/bench/lib.sh
source "$here/lib.sh"

cluster=$work/postgres
stop() {
    tests/support/postgres.sh stop "$cluster" >&2 || true
    bench_cleanup
}
trap stop EXIT
conninfo=$(tests/support/postgres.sh start "$cluster")
psql --quiet --dbname "$conninfo" >&2 <<'SQL'
ALTER SYSTEM SET fsync = on;
ALTER SYSTEM SET synchronous_commit = on;
ALTER SYSTEM SET max_wal_size = '4GB';
SELECT pg_reload_conf();
SQL
conninfo=$(tests/support/postgres.sh createdb "$cluster" bench)
"$bin/bench_placement" "$conninfo" "${RUNS:-100000}" | jq --slurp .
