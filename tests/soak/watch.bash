# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the programs of a stack hold, over time: SAMPLE NAME VALUE a line.

readonly SAMPLES_WANTED=120

pss_kib() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }
open_files() { find "/proc/$1/fd" -mindepth 1 | wc -l; }

# Rows that runs leave for as long as their history is kept; all others are of what there is now. Of
# those the chunks of logs are told by their bytes: how many there are is a matter of moments.
readonly HISTORY="relname ~ '^(runs|run_attempts|run_env|run_traces|run_usage|idempotency_keys|log_heads|audit_events)\$'"
readonly CHUNKS="relname ~ '^log_chunks'"

# "NAME VALUE" a line, of what the database holds.
database_holds() {
    psql --quiet --no-psqlrc --tuples-only --no-align --field-separator ' ' \
        "host=$DATA/state/run dbname=errand user=errand_owner" --command "
        WITH t AS (SELECT sum(n_live_tup) FILTER (WHERE $HISTORY) AS history,
                          sum(n_live_tup) FILTER (WHERE NOT $HISTORY AND NOT $CHUNKS) AS others,
                          greatest(1, max(n_live_tup) FILTER (WHERE relname = 'runs')) AS runs
                   FROM pg_stat_user_tables)
        SELECT 'database.rows_per_1000_runs', (history * 1000 / runs)::bigint FROM t UNION ALL
        SELECT 'database.other_rows', others FROM t UNION ALL
        SELECT 'database.bytes_per_run', (pg_database_size(current_database()) / runs)::bigint FROM t UNION ALL
        SELECT 'database.sessions', count(*) FROM pg_stat_activity WHERE datname = current_database()"
}

sample() {
    local program pid
    for program in errand-api errand-scheduler errand-agent; do
        pid=$(pid_of "$program")
        echo "$1 $program.pss_kib $(pss_kib "$pid")"
        echo "$1 $program.files $(open_files "$pid")"
    done
    echo "$1 errand-agent.disk_kib $(du --summarize --block-size=1K "$DATA/state/agent/" 2>/dev/null | cut -f1)"
    echo "$1 run_directories $(leftover_containers | wc -l)"
    database_holds | sed "s/^/$1 /"
}

# watch_for SECONDS FILE
watch_for() {
    local end=$((SECONDS + $1)) every=$(($1 / SAMPLES_WANTED + 1)) n=0
    while ((SECONDS < end)); do
        sample $((n++)) >>"$2"
        sleep "$every"
    done
}

# growth FILE: the median of the second quarter beside that of the last. What is noise is forgiven: a
# tenth, and 4 MiB of memory or disk, 16 of what is counted.
growth() {
    sort --key=2,2 --key=1n,1 "$1" | awk '
        function median(from, to,    i, j, t, n, v) {
            n = 0
            for (i = from; i <= to; i++)
                v[n++] = values[i]
            for (i = 1; i < n; i++)
                for (j = i; j > 0 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
            return v[int(n / 2)]
        }
        function tell(    early, late, limit) {
            if (count < 8)
                return
            early = median(int(count / 4), int(count / 2))
            late = median(int(count * 3 / 4), count - 1)
            limit = early + early / 10 + (name ~ /_kib$/ ? 4096 : 16)
            printf "# %-28s %8d -> %8d%s\n", name, early, late, (late > limit ? "  GROWS" : "")
        }
        $2 != name { tell(); name = $2; count = 0 }
        { values[count++] = $3 }
        END { tell() }'
}
