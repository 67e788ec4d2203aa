#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A wrong setting stops a program at its start with one line that names the setting, the value and
# what it must be; for every setting that --help lists: settings.sh BIN_DIR
set -euo pipefail

readonly bin=$1
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "settings.sh: $*" >&2
    failures=$((failures + 1))
}

# What is right, so that only the setting in question is wrong.
readonly database='host=/nowhere dbname=errand user=errand_api'
readonly cert=$work/cert.pem key=$work/key.pem ring=$work/ring.json
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
    -keyout "$key" -out "$cert" 2>"$work/openssl"
"$bin/errand-api" --key_ring="$ring" keys init
echo text >"$work/text"
declare -A right=(
    [errand-api]="database_url=$database|key_ring=$ring|listen=127.0.0.1:0"
    [errand-scheduler]="database_url=$database"
    [errand-agent]="api_url=http://127.0.0.1:1|data_dir=$work/agent|network_bridge=none"
)

# program|setting|wrong value|what the message says besides; a value of "-" says that any text is right.
# `secret` in front of the message: the value must not be in it.
table() {
    cat <<TABLE
errand-api|listen|8080|must be HOST:PORT
errand-api|listen|127.0.0.1:65536|0 to 65535
errand-api|listen|http://127.0.0.1:80|must be HOST:PORT
errand-api|listen|::1:80|must be HOST:PORT
errand-api|port_file|/no/such/folder/port|must be in a directory
errand-api|database_url|errand:hunter2@db|secret must be like host=HOST
errand-api|database_url|host=db port=http password=hunter2|secret must have a port
errand-api|database_url|postgresql://u:hunter2@db/x?sslmode=yes|secret must have an sslmode
errand-api|database_url|host=db pasword=hunter2|secret must be like host=HOST
errand-api|key_ring|/no/such/ring|errand-api keys init
errand-api|key_ring|$work/text|errand-api keys init
errand-api|tls_certificate|/no/such/cert|PEM
errand-api|tls_certificate|$work/text|PEM
errand-api|tls_key|/no/such/key|PEM
errand-api|tls_key|$cert|PEM
errand-api|threads|many|between 0 and 256
errand-api|max_connections|0|between 1 and 1000000
errand-api|requests_per_second|-1|between 0 and 1000000
errand-api|keys_settle_seconds|1.5|between 0 and 86400
errand-api|drain_seconds|10s|between 0 and 3600
errand-api|replica_url|https://api.example.net|must be http://HOST:PORT
errand-api|replica_url|http://api.example.net|must be http://HOST:PORT
errand-api|log_wait_seconds|0|between 1 and 604800
errand-api|idle_seconds|forever|must be an integer
errand-api|log_level|loud|must be one of error
errand-scheduler|database_url|db:hunter2|secret must be like host=HOST
errand-scheduler|log_level|2|must be one of error
errand-scheduler|lost_after_seconds|0|between 1 and 86400
errand-scheduler|lost_grace_seconds|-1|between 0 and 86400
errand-scheduler|log_retention_days|never|between 0 and 36500
errand-scheduler|placement|random|must be one of pack
errand-scheduler|cpu_overcommit_percent|99|between 100 and 100000
errand-scheduler|hold_after_seconds|0|between 1 and 86400
errand-agent|api_url|errand.example.net|must be http://HOST:PORT
errand-agent|api_url|ftp://errand.example.net|must be http://HOST:PORT
errand-agent|api_url|https://|must be http://HOST:PORT
errand-agent|api_url|https://me:hunter2@errand.example.net|must be http://HOST:PORT
errand-agent|api_ca_file|/no/such/ca|PEM certificates
errand-agent|api_ca_file|$work/text|PEM certificates
errand-agent|join_token_file|/no/such/token|token create --kind join
errand-agent|join_token_file|/dev/null|must hold a join token
errand-agent|data_dir|/proc/errand|must be a directory
errand-agent|data_dir|$work/text|must be a directory
errand-agent|name|$(printf 'n%.0s' {1..64})|at most 63 characters
errand-agent|region|Europe West|slug of a region
errand-agent|labels|disk=ssd,fast|must be key=value
errand-agent|mem_total_mb|2G|between 0 and
errand-agent|cpu|all|between 0 and 65536
errand-agent|driver|lxc|must be one of oci
errand-agent|driver|process|allow_process_driver
errand-agent|docker_socket|docker.sock|absolute path
errand-agent|allow_process_driver|maybe|must be true or false
errand-agent|runtime|/no/such/crun|program that can be run
errand-agent|runtime|$work/text|program that can be run
errand-agent|start_timeout_seconds|0|between 1 and 3600
errand-agent|usage_seconds|0|between 1 and 3600
errand-agent|shim|/no/such/shim|program that can be run
errand-agent|init|$work|program that can be run
errand-agent|insecure_registries|http://registry:5000|must be HOST:PORT
errand-agent|insecure_registries|registry:port|must be HOST:PORT
errand-agent|network_bridge|a bridge|1 to 15 of
errand-agent|network_subnet|10.0.0.1/8|bits set beyond
errand-agent|network_subnet|fd00::|must be a subnet
errand-agent|registry_ca|$work/text|PEM certificates
errand-agent|disk_floor_mb|-1|between 0 and
errand-agent|image_cache_max_mb|1T|between 0 and
errand-agent|layer_max_mb|0|between 1 and
errand-agent|disk_limit_mb|much|between 0 and
errand-agent|log_level|verbose|must be one of error
TABLE
}

# What else a row's setting needs to be looked at.
companions() {
    case $1 in
    tls_certificate) echo "tls_key=$key" ;;
    tls_key) echo "tls_certificate=$cert" ;;
    docker_socket) echo driver=docker ;;
    esac
}

# The setting in a configuration file, as those who run it as a service have it.
write_config() {
    local program=$1 setting=$2 value=$3
    {
        tr '|' '\n' <<<"${right[$program]}" | grep -v "^$setting=" || true
        companions "$setting"
        echo "$setting=$value"
    } >"$work/config"
}

refuses() {
    local program=$1 setting=$2 value=$3 said=$4 status=0
    write_config "$program" "$setting" "$value"
    timeout 20 "$bin/$program" --config="$work/config" >"$work/out" 2>"$work/err" || status=$?
    [[ $status == 2 ]] || fail "$program with $setting=$value ended with $status: $(cat "$work/err")"
    [[ $(wc -l <"$work/err") == 1 && ! -s $work/out ]] ||
        fail "$program with $setting=$value said more than one line: $(cat "$work/out" "$work/err")"
    grep --quiet --fixed-strings --regexp "$setting" "$work/err" && grep --quiet --fixed-strings --regexp "${said#secret }" "$work/err" ||
        fail "$program with $setting=$value said: $(cat "$work/err")"
    if [[ $said == secret* ]]; then
        ! grep --quiet hunter2 "$work/err" || fail "$program told the secret in $setting"
    else
        grep --quiet --fixed-strings --regexp "$value" "$work/err" || fail "$program did not say $value: $(cat "$work/err")"
    fi
}

table >"$work/table"
while IFS='|' read -r program setting value said; do
    refuses "$program" "$setting" "$value" "$said"
done <"$work/table"

# Settings without a row must at least refuse what is neither number, word of a list nor path.
for program in errand-api errand-scheduler errand-agent; do
    "$bin/$program" --help | sed -n 's/^  --\([a-z_]*\)=.*/\1/p' | grep -v '^config$' >"$work/settings"
    while read -r setting; do
        grep --quiet "^$program|$setting|" "$work/table" || refuses "$program" "$setting" 'no such: value' "$setting"
    done <"$work/settings"
done

# a name that is no setting's, a file that is not there, what is required and not given
write_config errand-api listn 127.0.0.1:0
"$bin/errand-api" --config="$work/config" 2>"$work/err" && fail "an unknown setting is taken"
grep --quiet "$work/config:[0-9]*: unknown setting 'listn'" "$work/err" || fail "unknown setting: $(cat "$work/err")"
for program in errand-api errand-scheduler errand-agent; do
    status=0
    "$bin/$program" 2>"$work/err" || status=$?
    [[ $status == 2 && $(wc -l <"$work/err") == 1 ]] && grep --quiet 'is not set: give --' "$work/err" ||
        fail "$program without settings: $(cat "$work/err")"
done

if ((failures > 0)); then
    echo "settings.sh: $failures failed" >&2
    exit 1
fi
