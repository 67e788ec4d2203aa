#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job, once, for real: a stack, an image from a registry, a runner, a run, its live log, its
# exit code. Leaves the stack running: scripts/demo.sh [DATA]
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p "${1:-.errand}"
data=$(cd "${1:-.errand}" && pwd)
readonly data errand=$PWD/build/release/bin/errand

say() {
    printf '\n\033[1m%s\033[0m\n' "$*"
}

say "1. Start the stack: PostgreSQL, API, scheduler, agent"
"$errand" up --data "$data"
# shellcheck source=/dev/null
source "$data/env"
export ERRAND_URL ERRAND_TOKEN

say "2. Make an image (busybox) and push it to a registry of our own"
registry=$(scripts/registry.sh start "$data/registry")
image=$registry/demo/busybox:1
tests/support/make_image.sh "$data/registry/image" "$image"
if ! grep -q "^ERRAND_DEMO_IMAGE=$image\$" "$data/env"; then
    sed -i '/^ERRAND_DEMO_IMAGE=/d' "$data/env"
    echo "ERRAND_DEMO_IMAGE=$image" >>"$data/env"
fi
echo "$image"

say "3. Create the runner 'demo'"
if ! "$errand" runner show demo >/dev/null 2>&1; then
    "$errand" runner create demo --image "$image"
fi

say "4. Run it: its log, live, and its exit code"
status=0
# shellcheck disable=SC2016 # for the shell in the container
"$errand" run --trace demo --env NAME=world --command '
echo "Hello, $NAME, from $(hostname)"
for i in 1 2 3 4 5; do echo "line $i"; sleep 0.2; done
echo "this goes to stderr" >&2
exit 7' || status=$?
echo "exit code: $status (the container said 7)"
[[ $status == 7 ]]

say "The stack is running. Try:"
cat <<TXT
  source $data/env; export ERRAND_URL ERRAND_TOKEN
  $errand run demo -- sh -c 'echo hello; date'
  curl -sS -H "Authorization: Bearer \$ERRAND_TOKEN" "\$ERRAND_URL/v1/runners"
  make down
TXT
