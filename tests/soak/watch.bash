# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the programs of a stack hold, over time: SAMPLE NAME VALUE a line.

readonly SAMPLES_WANTED=120

pss_kib() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }
open_files() { find "/proc/$1/fd" -mindepth 1 | wc -l; }

sample() {
    local program pid
    for program in errand-api errand-scheduler errand-agent; do
        pid=$(pid_of "$program")
        echo "$1 $program.pss_kib $(pss_kib "$pid")"
        echo "$1 $program.files $(open_files "$pid")"
    done
    echo "$1 run_directories $(leftover_containers | wc -l)"
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
# tenth and 4 MiB of memory, 16 descriptors, as many directories as runs go on at once.
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
            limit = early + (name ~ /pss/ ? early / 10 + 4096 : 16)
            printf "# %-28s %8d -> %8d%s\n", name, early, late, (late > limit ? "  GROWS" : "")
        }
        $2 != name { tell(); name = $2; count = 0 }
        { values[count++] = $3 }
        END { tell() }'
}
