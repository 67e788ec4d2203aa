#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Install what Errand needs from Debian, and nothing else.
#
#   scripts/setup.sh build   compilers, libraries, PostgreSQL, container runtimes
#   scripts/setup.sh demo    the same, and a registry to pull from
#   scripts/setup.sh test    the same, and what the tests use
#   scripts/setup.sh docs    what makes the C library's reference, alone
#   scripts/setup.sh bench   what `test` needs, and the peers that Errand is measured beside
#   scripts/setup.sh lint    the same, and formatters and checkers
#   scripts/setup.sh packages  what `build` needs, and what makes and tests Debian packages
#
# Quiet and repeatable; when everything is there it only looks. Needs root, or sudo.
set -euo pipefail

readonly BUILD=(
    build-essential cmake ninja-build pkg-config
    libarchive-dev libcurl4-openssl-dev libh2o-evloop-dev libjansson-dev libpq-dev libseccomp-dev
    libsodium-dev libssl-dev libuv1-dev libyaml-dev libzstd-dev
    zlib1g-dev
    postgresql crun runc iproute2 nftables ca-certificates
)
readonly DEMO=(docker-registry skopeo busybox-static curl jq)
readonly TEST=(
    libcmocka-dev apache2-utils bats bsdextrautils catatonit chromium docker.io fish fonts-dejavu-core haproxy mandoc nginx-light
    openssl podman procps prometheus systemd
    util-linux yq zsh
)
readonly PACKAGES=(
    busybox-static curl docker-compose docker-registry docker.io dpkg-dev jq lintian mmdebstrap openssl procps skopeo
    util-linux
)
readonly BENCH=(libnginx-mod-nchan munge redis-server slurm-client slurmctld slurmd strace umoci)
readonly LINT=(clang-14 clang-format-14 clang-tidy-14 llvm-14 shellcheck)
readonly DOCS=(doxygen)
readonly NODE_MAJOR=18 # what the dashboard is built with and the tests run on; Debian 12 has it

packages_of() {
    case $1 in
    build) printf '%s\n' "${BUILD[@]}" ;;
    demo) printf '%s\n' "${BUILD[@]}" "${DEMO[@]}" ;;
    test) printf '%s\n' "${BUILD[@]}" "${DEMO[@]}" "${TEST[@]}" clang-format-14 ;;
    docs) printf '%s\n' "${DOCS[@]}" ;;
    bench) printf '%s\n' "${BUILD[@]}" "${DEMO[@]}" "${TEST[@]}" "${BENCH[@]}" ;;
    lint) printf '%s\n' "${BUILD[@]}" "${DEMO[@]}" "${TEST[@]}" "${LINT[@]}" ;;
    packages) printf '%s\n' "${BUILD[@]}" "${PACKAGES[@]}" ;;
    *)
        echo "usage: scripts/setup.sh build|demo|test|bench|lint|packages|docs" >&2
        exit 2
        ;;
    esac
}

node_is_recent() {
    local version
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    ((${version%%.*} >= NODE_MAJOR)) && command -v npm >/dev/null
}

missing_packages() {
    local wanted
    mapfile -t wanted < <(packages_of "$1")
    comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
        <(dpkg-query --show --showformat '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null |
            sed -n 's/^ii  *//p' | sort -u)
    if ! node_is_recent; then
        printf '%s\n' nodejs npm
    fi
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "setup.sh: run this as root, or install sudo" >&2
        exit 1
    fi
}

# Debian starts a service when it installs one. We need programs, not services on the machine's ports.
install_quietly() {
    local policy=/usr/sbin/policy-rc.d ours=
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        ours=yes
    fi
    if [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
        as_root mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' |
            as_root tee /etc/postgresql-common/createcluster.d/errand.conf >/dev/null
    fi
    local status=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
        install -y --no-install-recommends "$@" >"$log" 2>&1 || status=$?
    [[ -z $ours ]] || as_root rm -f $policy
    return $status
}

main() {
    local group=${1:-build} missing
    mapfile -t missing < <(missing_packages "$group")
    ((${#missing[@]})) || return 0

    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    echo "setup: installing ${missing[*]}"
    as_root apt-get -qq update >"$log" 2>&1 || true
    if ! install_quietly "${missing[@]}"; then
        cat "$log" >&2
        echo "setup.sh: apt-get could not install the packages above" >&2
        exit 1
    fi
}

main "$@"
