# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Peers that more than one bench starts; sourced after lib.sh by benches that called bench_alone, so
# that fixed ports are theirs. bench_peer_pids are ended with the bench.
#
# shellcheck disable=SC2034 # variables are set for the bench

export REDIS_PORT=6399

# bench_missing SUBJECT WHY: a row of its own, so that nobody thinks it was forgotten.
bench_missing() {
    echo "bench: $1 is left out: $2" >&2
    jq --null-input --compact-output --arg subject "$1" --arg why "$2" \
        '{$subject, metric: "left_out", value: null, unit: "", n: 0, spread: 0, method: $why}' >>"$work/missing"
}

bench_has() { command -v "$1" >/dev/null; }

# Each write of Redis is on the disk before it is answered, as with PostgreSQL. False without Redis.
bench_redis() {
    bench_has redis-server || return
    mkdir -p "$work/redis"
    redis-server --port $REDIS_PORT --bind 127.0.0.1 --appendonly yes --appendfsync always --dir "$work/redis" \
        --save '' --logfile "$work/redis.log" &
    bench_peer_pids+=($!)
    until (exec 3<>"/dev/tcp/127.0.0.1/$REDIS_PORT") 2>/dev/null; do read -rt 0.05 <> <(:) || true; done
}

# The packages of the composed stacks, once: before the bench has a network of its own.
bench_npm() {
    (cd tests/bench/peers && { [[ node_modules/.package-lock.json -nt package-lock.json ]] ||
        npm install --no-save --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error; }) >&2
}

# bench_composed KIND [WORKERS]: the stack of composed.mjs over ENGINE_SOCKET and IMAGE, or with 0
# workers the queue alone; sets $composed_url. DATABASE_URL for KIND graphile.
bench_composed() {
    local port_file=$work/$1.port pid
    WORKERS=${2:-8} node tests/bench/peers/composed.mjs "$1" "$port_file" \
        >"$work/$1.log" 2>&1 &
    pid=$!
    bench_peer_pids+=("$pid")
    until [[ -s $port_file ]]; do
        kill -0 "$pid" 2>/dev/null || { tail -n 3 "$work/$1.log" >&2; return 1; }
        read -rt 0.05 <> <(:) || true
    done
    composed_url=http://127.0.0.1:$(<"$port_file")
}

# bench_slurm: munged, slurmctld and slurmd of our own on loopback, one node of 64 slots; exports
# SLURM_CONF. Its scheduler is set to act as often as it can. False, with the reason said, where it
# cannot run.
bench_slurm() {
    local program host dir=$work/slurm
    for program in munged slurmctld slurmd srun sbatch; do
        bench_has "$program" || { slurm_why="no $program; apt-get install slurmctld slurmd slurm-client munge"; return 1; }
    done
    host=$(hostname --short)
    chmod 0755 "$work"
    mkdir -p "$dir"/{munge,state,spool}
    # for us alone: the bench has its own mounts, and nobody to ask for names
    { cat /etc/hosts; echo "127.0.0.1 $host"; } >"$dir/hosts"
    mount --bind "$dir/hosts" /etc/hosts
    # without any address but 127.0.0.1, getaddrinfo with AI_ADDRCONFIG finds none at all
    ip address add 192.0.2.1/32 dev lo
    head -c 1024 /dev/urandom >"$dir/munge/key"
    chmod 0400 "$dir/munge/key"
    cat >"$dir/slurm.conf" <<CONF
ClusterName=bench
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,default_queue_depth=1000,sched_interval=1
MinJobAge=10
MaxJobCount=50000
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=64 RealMemory=2000 State=UNKNOWN
PartitionName=bench Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF=$dir/slurm.conf
    # --force: the folders above are this bench's, below /tmp
    munged --foreground --force --socket "$dir/munge/socket" --key-file "$dir/munge/key" \
        --pid-file "$dir/munge/pid" --log-file "$dir/munge/log" --seed-file "$dir/munge/seed" 2>"$dir/munged.err" &
    bench_peer_pids+=($!)
    slurm_pids=($!)
    until [[ -S $dir/munge/socket ]]; do
        kill -0 "${slurm_pids[0]}" 2>/dev/null || { slurm_why=$(tail -n 1 "$dir/munged.err"); return 1; }
        read -rt 0.05 <> <(:) || true
    done
    for program in slurmctld slurmd; do
        "$program" -D >"$dir/$program.out" 2>&1 &
        bench_peer_pids+=($!)
        slurm_pids+=($!)
    done
    local until=$((SECONDS + 30))
    while ((SECONDS < until)) && kill -0 "${slurm_pids[@]}" 2>/dev/null; do
        [[ $(timeout 2 sinfo --noheader --format %T 2>/dev/null) != idle ]] || return 0
        read -rt 0.1 <> <(:) || true
    done
    slurm_why="its node does not become idle: $(cat "$dir"/slurm*.log | tail -n 1)"
    return 1
}
