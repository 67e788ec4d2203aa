#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# link_barriers.sh BIN_DIR: what each program must never hold, seen in what the loader would give it.
set -euo pipefail
readonly bin=${1:?usage: link_barriers.sh BIN_DIR}

readonly -A never=(
    [errand-scheduler]='libcurl libh2o libsodium libjansson libarchive' # libpq brings libssl
    [errand-agent]='libpq libh2o'
    [errand-shim]='libpq libcurl libssl libcrypto libgnutls libh2o libsodium libarchive'
    [errand]='libpq libh2o libsodium libarchive'
)

faults=0
fault() {
    echo "$*"
    faults=1
}

for program in "${!never[@]}"; do
    [[ -x $bin/$program ]] || {
        fault "$program is not in $bin"
        continue
    }
    libraries=$(ldd "$bin/$program")
    for library in ${never[$program]}; do
        [[ $libraries != *"$library"[-.]* ]] || fault "$program links $library"
    done
done

# PID 1 runs inside strangers' file systems, where there may be no loader.
if [[ ! -x $bin/errand-init ]]; then
    fault "errand-init is not in $bin"
elif ldd "$bin/errand-init" >/dev/null 2>&1; then
    fault "errand-init is not static"
fi

exit "$faults"
