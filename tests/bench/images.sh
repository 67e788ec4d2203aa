#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# From a loopback registry to unpacked layers, on disk: ours beside skopeo with umoci, and docker
# pull. Three layers of files that every machine with our build dependencies has. All three unpack
# to a file system of the bench's own, an ext4 as mkfs makes it: what else the machine's does, and what
# was deleted on it a moment ago, is nobody's fault here.
source tests/bench/lib.sh

bench_alone

for program in skopeo umoci dockerd docker; do
    command -v "$program" >/dev/null || {
        echo "images.sh: install skopeo, umoci and docker.io" >&2
        exit 1
    }
done

# blob FILE: to its place by digest; sets $digest, $size.
blob() {
    digest=$(sha256sum "$1" | cut -d' ' -f1)
    size=$(stat -c %s "$1")
    mv "$1" "$work/oci/blobs/sha256/$digest"
}

make_large_image() {
    local layers='' diffs='' dir config
    mkdir -p "$work/oci/blobs/sha256"
    for dir in /usr/lib/postgresql /usr/lib/python3 /usr/share/perl; do
        tar -C / -cf "$work/layer.tar" "${dir#/}"
        diffs+=",\"sha256:$(sha256sum "$work/layer.tar" | cut -d' ' -f1)\""
        gzip -n -6 "$work/layer.tar"
        blob "$work/layer.tar.gz"
        layers+=",{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$digest\",\"size\":$size}"
    done
    printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
        "$(dpkg --print-architecture)" "${diffs#,}" >"$work/config.json"
    blob "$work/config.json"
    config="{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size}"
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
        "$config" "${layers#,}" >"$work/manifest.json"
    blob "$work/manifest.json"
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"image"}}]}' \
        "$digest" "$size" >"$work/oci/index.json"
    printf '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
    skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$work/oci:image" "docker://$1" >&2
}

docker_pid=
stop_docker() {
    [[ -z $docker_pid ]] || { kill "$docker_pid" && tail --pid="$docker_pid" -f /dev/null; } || true
    ! mountpoint --quiet "$work/disk" || umount "$work/disk" || umount --lazy "$work/disk"
    bench_cleanup
}
trap stop_docker EXIT

make_disk() {
    truncate --size 3G "$work/disk.img"
    mkfs.ext4 -q -F "$work/disk.img"
    mkdir "$work/disk"
    mount -o loop "$work/disk.img" "$work/disk"
}

start_docker() {
    dockerd --data-root "$work/disk/docker" --exec-root "$work/docker-run" --pidfile "$work/docker.pid" \
        --host "unix://$work/docker.sock" --bridge none --iptables=false --ip6tables=false \
        >"$work/docker.log" 2>&1 &
    docker_pid=$!
    until docker --host "unix://$work/docker.sock" info >/dev/null 2>&1; do
        kill -0 "$docker_pid" || { tail -3 "$work/docker.log" >&2; exit 1; }
        read -rt 0.1 <> <(:) || true
    done
}

pull_errand() { "$bin/bench_pull" "$work/disk/errand" "$target"; }
clear_errand() { rm -rf "$work/disk/errand"; }
pull_umoci() {
    skopeo --insecure-policy copy --quiet --src-tls-verify=false "docker://$target" "oci:$work/disk/copied:image"
    umoci unpack --image "$work/disk/copied:image" "$work/disk/umoci"
}
clear_umoci() { rm -rf "$work/disk/copied" "$work/disk/umoci"; }
pull_docker() { docker --host "unix://$work/docker.sock" pull --quiet "$target"; }
clear_docker() { docker --host "unix://$work/docker.sock" rmi --force "$target"; }

# Milliseconds, one line a round and subject; each begins with nothing dirty in the page cache.
measure() {
    local round subject begun
    for ((round = 0; round < ${ROUNDS:-4}; round++)); do
        for subject in errand umoci docker; do
            sync
            begun=$EPOCHREALTIME
            "pull_$subject" >&2
            echo "$subject $(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))"
            "clear_$subject" >&2
        done
    done
}

bench_has_registry=yes
target=$(scripts/registry.sh start "$work/registry")/bench/large:1
make_large_image "$target"
make_disk
start_docker
measure | jq --null-input --raw-input '
    [inputs | split(" ") | {subject: .[0], ms: (.[1] | tonumber)}] | group_by(.subject)
    | map({key: .[0].subject, value: (map(.ms) | sort)}) | from_entries
    | with_entries(.value |= {median: .[length / 2 | floor], n: length, spread: (.[-1] - .[0])}) as $all
    | $all | to_entries | map({subject: .key, metric: "pull and unpack", value: .value.median, unit: "ms",
        n: .value.n, spread: .value.spread,
        ratio_to: (.key as $me | if $me == "errand" then
            {umoci: ($all.errand.median / $all.umoci.median * 100 | round / 100),
             docker: ($all.errand.median / $all.docker.median * 100 | round / 100)} else {} end)})'
