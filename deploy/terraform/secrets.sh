#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The variable `secrets` for a cluster whose API is called HOST, on standard output:
#   secrets.sh HOST >secrets.auto.tfvars.json
# Needs openssl and jq. The authority's key is kept nowhere: renew with a new authority, or keep the file
# that CA_KEY_OUT names.
set -euo pipefail
umask 077

readonly host=${1:?is the DNS name of the API}
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

random() { openssl rand -base64 32; }
url_safe() { random | tr '+/' '-_' | tr -d '=\n'; }

readonly ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${ec[@]}" -days 3650 -subj "/CN=Errand authority" -keyout "$work/ca.key" -out "$work/ca.crt" 2>/dev/null
openssl req -x509 "${ec[@]}" -days 825 -CA "$work/ca.crt" -CAkey "$work/ca.key" -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host" -addext basicConstraints=CA:FALSE \
    -keyout "$work/api.key" -out "$work/api.crt" 2>/dev/null
[[ -z ${CA_KEY_OUT-} ]] || cp "$work/ca.key" "$CA_KEY_OUT"

# through files and the environment, for arguments can be seen by others
TOKEN_KEY=$(random) KEY=$(random) JOIN=err_j_$(url_safe) ADMIN=err_u_$(url_safe)
OWNER=$(url_safe) API=$(url_safe) SCHEDULER=$(url_safe)
export TOKEN_KEY KEY JOIN ADMIN OWNER API SCHEDULER
jq --null-input --rawfile ca "$work/ca.crt" --rawfile crt "$work/api.crt" --rawfile key "$work/api.key" '{secrets: {
    ca_certificate: $ca, certificate: $crt, private_key: $key,
    key_ring: ({version: 1, current: "k1", token_key: $ENV.TOKEN_KEY, keys: {k1: $ENV.KEY}} | tojson),
    join_token: $ENV.JOIN, admin_token: $ENV.ADMIN,
    database_passwords: {owner: $ENV.OWNER, api: $ENV.API, scheduler: $ENV.SCHEDULER}}}'
