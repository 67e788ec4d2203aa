#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Logs from the agent's POST to the follower: throughput, latency, fan-out, idle streams, bytes on
# disk; beside PostgreSQL storing the same lines and nginx with nchan passing them on. The agent's
# half is not here: the lines are packed before the clock starts.
source tests/bench/lib.sh

pids=()
stop_all() {
    ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    tests/support/postgres.sh stop "$work/postgres"
    bench_cleanup
}
trap stop_all EXIT
ulimit -n "$(ulimit -Hn)"

# a database that means what it says
tests/support/postgres.sh start "$work/postgres" >/dev/null
owner=$(tests/support/postgres.sh createdb "$work/postgres" errand)
for setting in fsync=on synchronous_commit=on full_page_writes=on shared_buffers=256MB \
    max_wal_size=4GB wal_compression=lz4; do
    psql -qX -d "$owner" -c "ALTER SYSTEM SET ${setting%=*} = '${setting#*=}'"
done
tests/support/postgres.sh crash "$work/postgres"

export ERRAND_DATABASE_URL=$owner ERRAND_KEY_RING=$work/key_ring ERRAND_LOG_LEVEL=error
"$bin/errand-api" migrate >&2
"$bin/errand-api" keys init >&2
token=$("$bin/errand-api" token create --kind user --name bench)
join=$("$bin/errand-api" token create --kind join --name bench)
"$bin/errand-api" --listen 127.0.0.1:0 --port-file "$work/port" >&2 &
api=$!
pids+=("$api")
until [[ -s $work/port ]]; do sleep 0.02; done
port=$(<"$work/port")

api_call() {
    curl -sS --fail-with-body -H "Authorization: Bearer $1" -H 'Content-Type: application/json' \
        "${@:3}" "http://127.0.0.1:$port$2"
}
key=$(head -c 32 /dev/urandom | base64)
agent=$(api_call "$join" /agent/v1/register -d '{"name":"bench","region":"local","cpu":2,
    "mem_total":4096,"disk_free":1000000000,"version":"0","runtimes":["crun"],"labels":{},
    "public_key":"'"$key"'"}')
runner=$(api_call "$token" /v1/runners -d '{"name":"bench","image_name":"bench"}' | jq -r .runner.id)
runs=()
for _ in 1 2 3 4 5 6; do
    runs+=("$(api_call "$token" "/v1/runners/$runner/runs" -X POST | jq -r .run.id)")
done
psql -qX -d "$owner" -c "UPDATE runs SET state = 'running', attempt = 1, assigned_at = now(),
    started_at = now(), hypervisor_id = '$(jq -r .hypervisor.id <<<"$agent")'"

nchan_port=0 nchan_pid=0
module=/usr/lib/nginx/modules/ngx_nchan_module.so
if command -v nginx >/dev/null && [[ -e $module ]]; then
    nchan_port=$((20000 + RANDOM % 10000))
    mkdir "$work/nginx"
    cat >"$work/nginx/conf" <<CONF
load_module $module;
daemon off;
master_process off;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path $work/nginx/body;
  proxy_temp_path $work/nginx/proxy;
  fastcgi_temp_path $work/nginx/fastcgi;
  uwsgi_temp_path $work/nginx/uwsgi;
  scgi_temp_path $work/nginx/scgi;
  keepalive_requests 1000000;
  nchan_max_reserved_memory 512M;
  server {
    listen 127.0.0.1:$nchan_port;
    location ~ /pub/(\w+) { nchan_publisher; nchan_channel_id \$1; nchan_message_buffer_length 10000; }
    location ~ /sub/(\w+) { nchan_subscriber eventsource; nchan_channel_id \$1; }
  }
}
CONF
    nginx -c "$work/nginx/conf" -p "$work/nginx" -e "$work/nginx/error.log" >&2 &
    nchan_pid=$!
    pids+=("$nchan_pid")
fi

"$bin/bench_logs" "$port" "$token" "$(jq -r .credential <<<"$agent")" "$owner" "$api" \
    "$nchan_port" "$nchan_pid" "${runs[@]}"
