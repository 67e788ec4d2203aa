#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A program with the database's password in its environment: run.sh PROGRAM...
set -eu
PGPASSWORD=$(cat /run/secrets/database_password)
export PGPASSWORD
exec "$@"
