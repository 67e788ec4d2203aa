#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run a test with an empty database of its own: with_database.sh DIR PROGRAM [ARGS]
# DIR is where `postgres.sh start` was told to note its cluster. The test finds the database in
# ERRAND_TEST_DATABASE, a libpq conninfo; it goes with the cluster.
set -euo pipefail

readonly dir=$1
shift
name=$(basename "$1")_$$
ERRAND_TEST_DATABASE=$("$(dirname "$0")/postgres.sh" createdb "$dir" "$name")
export ERRAND_TEST_DATABASE
exec "$@"
