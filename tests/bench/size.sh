#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How large the programs are, without what only a debugger reads, beside those of the peers that are
# installed; and with every shared library that they load, each once.
source tests/bench/lib.sh
# shellcheck source=tests/bench/peers/peers.bash
source tests/bench/peers/peers.bash

# Copies without symbols, as a package has them.
mkdir "$work/stripped"
stripped() {
    local program
    for program; do
        strip --strip-unneeded -o "$work/stripped/$(basename "$program")" "$program"
        echo "$work/stripped/$(basename "$program")"
    done
}

mib() { awk '{ n += $1 } END { printf "%.2f", n / 1048576 }'; }
sizes() { xargs --no-run-if-empty --delimiter '\n' stat --dereference --format %s; }

# sample SUBJECT FILE...: programs, and what they load as they are; what is no program counts as it is.
sample() {
    local subject=$1 file magic
    shift
    printf '%s\n' "$@" | sizes | mib >"$work/programs"
    {
        realpath "$@"
        for file; do
            LC_ALL=C read -rN 4 magic <"$file" || true
            [[ $magic != $'\177ELF' ]] || { ldd "$file" 2>/dev/null || true; } | awk '$3 ~ /^\// { print $3 }' | xargs --no-run-if-empty realpath
        done
    } | sort -u | sizes | mib >"$work/loaded"
    bench_sample "$subject" 'programs' "$(<"$work/programs")" MiB $#
    bench_sample "$subject" 'programs and what they load' "$(<"$work/loaded")" MiB $#
}

# peer SUBJECT FILE...: those of them that are there; the first has to be.
peer() {
    local subject=$1 file found=()
    shift
    [[ -e $1 ]] || { bench_missing "$subject" "no $1"; return; }
    for file; do [[ ! -e $file ]] || found+=("$file"); done
    sample "$subject" "${found[@]}"
}

bench_npm
ours=(errand errand-api errand-scheduler errand-agent errand-shim errand-init)
mapfile -t files < <(stripped "${ours[@]/#/$bin/}")
sample errand "${files[@]}" /usr/bin/crun
for file in "${files[@]}"; do
    bench_sample errand "$(basename "$file")" "$(echo "$file" | sizes | mib)" MiB 1
done
peer docker /usr/sbin/dockerd /usr/sbin/docker-proxy /usr/bin/docker /usr/bin/docker-init /usr/bin/containerd \
    /usr/bin/containerd-shim-runc-v2 /usr/sbin/runc
peer podman /usr/bin/podman /usr/bin/conmon /usr/sbin/runc
mapfile -t plugins < <(find /usr/lib/*/slurm-wlm -name '*.so' 2>/dev/null)
peer slurm /usr/sbin/slurmctld /usr/sbin/slurmd /usr/sbin/slurmstepd /usr/bin/srun /usr/bin/sbatch /usr/bin/squeue \
    /usr/bin/scancel /usr/sbin/munged "${plugins[@]}"
mapfile -t modules < <(find "$PWD/tests/bench/peers/node_modules" -type f)
peer bullmq-without-docker "$(command -v redis-server || echo /usr/bin/redis-server)" "$(command -v node)" "${modules[@]}"
peer crun /usr/bin/crun
peer runc /usr/sbin/runc
bench_missing nomad 'not in Debian'
jq --slurp '.[0] + .[1:]' <(bench_rows) "$work/missing"
