#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make_image.sh WORKDIR HOST:PORT/NAME:TAG [PROGRAM...]
#
# Makes a small image from Debian's busybox-static (a shell and the usual tools, no network needed),
# pushes it to the registry at HOST:PORT by plain http, and prints the digest of its manifest.
# Static PROGRAMs go into /bin too.
# The same busybox gives the same digest, so that pushing it again changes nothing.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: make_image.sh WORKDIR HOST:PORT/NAME:TAG [PROGRAM...]" >&2
    exit 2
fi
work=$1
target=$2
shift 2
busybox=$(command -v busybox) || { echo "make_image.sh: install busybox-static" >&2; exit 1; }
command -v skopeo >/dev/null || { echo "make_image.sh: install skopeo" >&2; exit 1; }
case $(uname -m) in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    *) echo "make_image.sh: unknown machine $(uname -m)" >&2; exit 1 ;;
esac

umask 022
root=$work/image-root
oci=$work/image-oci
rm -rf "$root" "$oci"
mkdir -p "$root/bin" "$root/etc" "$root/root" "$root/tmp" "$root/dev" "$root/proc" "$root/sys" \
    "$root/usr" "$root/var" "$oci/blobs/sha256"
chmod 1777 "$root/tmp"
chmod 700 "$root/root"
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/bin/busybox"
for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
for program; do
    install --mode 755 "$program" "$root/bin/"
done
ln -s ../bin "$root/usr/bin"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"

# blob FILE: move it to its place by digest; sets $digest and $size.
blob() {
    digest=$(sha256sum "$1" | cut -d' ' -f1)
    size=$(stat -c %s "$1")
    mv "$1" "$oci/blobs/sha256/$digest"
}

tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
diff_id=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
gzip -n -6 -c "$work/layer.tar" >"$work/layer.tar.gz"
rm "$work/layer.tar"
blob "$work/layer.tar.gz"
layer=$digest layer_size=$size

cat >"$work/config.json" <<EOF
{"architecture":"$arch","os":"linux","config":{"Env":["PATH=/bin","IMAGE=busybox"],"Cmd":["sh"],"WorkingDir":"/root"},"rootfs":{"type":"layers","diff_ids":["sha256:$diff_id"]}}
EOF
blob "$work/config.json"
config=$digest config_size=$size

cat >"$work/manifest.json" <<EOF
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:$config","size":$config_size},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:$layer","size":$layer_size}]}
EOF
blob "$work/manifest.json"

cat >"$oci/index.json" <<EOF
{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:$digest","size":$size,"annotations":{"org.opencontainers.image.ref.name":"image"}}]}
EOF
printf '{"imageLayoutVersion":"1.0.0"}' >"$oci/oci-layout"

skopeo --insecure-policy copy --quiet --dest-tls-verify=false --preserve-digests \
    "oci:$oci:image" "docker://$target" >&2
rm -rf "$root" "$oci"
echo "sha256:$digest"
