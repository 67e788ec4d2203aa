#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run the simulator of tests/sim on a throw-away PostgreSQL: scripts/simulate.sh [PRESET]
# SIM_RUNS, SIM_HYPERVISORS and SIM_SEED say how large and which world.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly build=build/${1:-simulate}
cluster=$(mktemp -d /tmp/errand-sim.XXXXXX)
trap 'tests/support/postgres.sh stop "$cluster/pg"; rm -rf "$cluster"' EXIT
mkdir "$cluster/pg"
tests/support/postgres.sh start "$cluster/pg" >/dev/null
tests/support/with_database.sh "$cluster/pg" "$build/tests/test_sim_world"
