#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Whom a client believes, and what it shows: against openssl's own server, with and without a client's
# certificate. PROGRAM is tls_client.c.
#   tls.sh PROGRAM
set -euo pipefail

readonly program=$1
work=$(mktemp -d)
readonly work
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

# certificate NAME ISSUER: NAME.pem and NAME.key, by an authority of the same script
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/CN=$1" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 2 -out "$1.pem" \
        -extfile <(echo 'subjectAltName=IP:127.0.0.1') 2>/dev/null
}
for authority in ours theirs; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $authority.key \
        -out $authority.pem -days 2 -subj "/CN=$authority" 2>/dev/null
done
certificate server ours
certificate client ours
mkdir directory
cp ours.pem directory/
openssl rehash directory

# serve FLAGS…: sets url
serve() {
    local log
    log=$(mktemp "$work/log.XXXXXX")
    openssl s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -www "$@" &>"$log" &
    until port=$(sed -n 's/^ACCEPT 127.0.0.1:\([0-9]*\).*/\1/p' "$log") && [[ -n $port ]]; do
        kill -0 $! || { cat "$log" >&2 && exit 1; }
        sleep 0.02
    done
    url=https://127.0.0.1:$port
}

# expect CODE [ca_file=F] [ca_directory=D] [certificate_file=F] [key_file=F] [insecure=1]
expect() {
    local wanted=$1 said
    shift
    said=$("$program" "$url" "$@")
    [[ $said == "$wanted" ]] || {
        echo "tls.sh: $*: said $said, not $wanted" >&2
        exit 1
    }
}

serve
expect ok ca_file=ours.pem
expect ok ca_directory=directory
expect ok insecure=1
expect invalid
expect invalid ca_file=theirs.pem
expect invalid ca_file=nonexistent.pem
url=${url/127.0.0.1/localhost}
expect invalid ca_file=ours.pem

serve -Verify 1 -CAfile ours.pem -verify_return_error
expect ok ca_file=ours.pem certificate_file=client.pem key_file=client.key
cat client.pem client.key >both.pem
expect ok ca_file=ours.pem certificate_file=both.pem
expect unavailable ca_file=ours.pem
expect invalid ca_file=ours.pem certificate_file=nonexistent.pem
