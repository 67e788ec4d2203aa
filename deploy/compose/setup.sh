#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Before the rest starts, each time: the schema, the key ring, a join token for the agent and a token
# for people, in the volume `state`.
set -eu
umask 027

PGPASSWORD=$(cat /run/secrets/database_password)
export PGPASSWORD
ERRAND_DATABASE_URL='host=database dbname=errand user=errand_owner' errand-api migrate
export ERRAND_DATABASE_URL='host=database dbname=errand user=errand_api'
errand-api keys init
for kind in join user; do
    [ -s "/state/$kind.token" ] || {
        errand-api token create --kind $kind --name compose >"/state/$kind.new"
        mv "/state/$kind.new" "/state/$kind.token"
    }
done
