#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The tests of the shim on a kernel with cgroup v2 alone, in a virtual machine:
# tests/vm/cgroup_v2.sh BUILD_DIR [NAME...], names like limits, breakout; all by default.
#
# For machines that have v1 or the hybrid layout. Needs qemu-system-x86, e2fsprogs and kmod; downloads
# Debian's cloud kernel once, into BUILD_DIR/vm. Emulated, which takes minutes; ERRAND_VM_KVM=1 uses
# /dev/kvm.
set -euo pipefail

readonly build=$(realpath "${1:?is the build directory}")
shift
names=("$@")
((${#names[@]})) || names=(process output stop limits sandbox breakout)
readonly vm=$build/vm
mkdir -p "$vm"

kernel_fetch() {
    local package
    package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
    (cd "$vm" && apt-get download --quiet "$package" && dpkg-deb --extract "$package"_*.deb kernel)
}

# put FILE...: each with the libraries it is linked to, at its own path.
put() {
    local file
    for file in "$@"; do
        install -D "$(realpath "$file")" "$root$(realpath --no-symlinks "$file")"
        { ldd "$file" 2>/dev/null | grep --only-matching '/[^ ]*' || true; } | while read -r library; do
            [[ -e $root$library ]] || install -D "$library" "$root$library"
        done
    done
}

tests() {
    local name runtime
    for name in "${names[@]}"; do
        for runtime in crun runc; do
            echo "$build/tests/test_agent_shim_${name}_$runtime"
        done
    done
}

# PID 1 of the machine: prints a line per test, then switches off.
write_init() {
    cat >"$root/sbin/init" <<INIT
#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /run
[ -e /dev/null ] || mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts pts /dev/pts; mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for c in memory cpu pids io cpuset; do echo "+\$c" >/sys/fs/cgroup/cgroup.subtree_control; done
for m in overlay bridge veth nf_tables nft_ct nft_masq nft_chain_nat; do modprobe \$m; done
mkdir /sys/fs/cgroup/tests; echo 1 >/sys/fs/cgroup/tests/cgroup.procs
ip link set lo up
export PATH=/usr/sbin:/usr/bin:/sbin:/bin ERRAND_BIN_DIR=$build/bin LD_BIND_NOW=1
export ERRAND_TEST_PROBER=$(find "$build" -name errand-prober -type f | head -n 1)
export LSAN_OPTIONS=detect_leaks=0
echo "VM cgroup: \$(cat /sys/fs/cgroup/cgroup.controllers), kernel \$(uname -r)"
for test in $(tests | tr '\n' ' '); do
    export ERRAND_TEST_RUNTIME=/usr/bin/\${test##*_}
    [ -x \$ERRAND_TEST_RUNTIME ] || ERRAND_TEST_RUNTIME=/usr/sbin/\${test##*_}
    if \$test >/tmp/out 2>&1; then echo "VM ok \${test##*/}"; else cat /tmp/out; echo "VM failed \${test##*/}"; fi
done
echo "VM done"
sync
poweroff -f
INIT
    chmod 755 "$root/sbin/init"
}

make_root() {
    local release applet
    release=$(basename "$vm"/kernel/lib/modules/*)
    mkdir -p "$root"/{proc,sys,dev,run,tmp,etc,bin,sbin,usr/bin,usr/sbin,root}
    chmod 1777 "$root/tmp"
    put /bin/busybox /usr/bin/crun /usr/sbin/runc /usr/sbin/nft /usr/sbin/ip /usr/sbin/bridge /usr/bin/nsenter \
        "$build"/bin/errand-{shim,init,agent} "$(find "$build" -name errand-prober -type f | head -n 1)" $(tests)
    for applet in sh mount mkdir cat echo modprobe uname poweroff sync grep head test true false sleep; do
        ln -sf /bin/busybox "$root/bin/$applet"
    done
    echo root:x:0:0::/root:/bin/sh >"$root/etc/passwd"
    cp -a "$vm/kernel/lib/modules" "$root/lib/"
    depmod --basedir "$root" "$release"
    write_init
}

# Debian's kernel has the disk driver as a module.
make_initrd() {
    local tree release
    tree=$(mktemp -d)
    release=$(basename "$vm"/kernel/lib/modules/*)
    mkdir -p "$tree"/{bin,proc,sys,dev,new}
    cp /bin/busybox "$tree/bin/"
    local module
    for module in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
        find "$vm/kernel/lib/modules/$release" -name "$module.ko" -exec cp {} "$tree/" \;
    done
    cat >"$tree/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for pass in 1 2 3; do
    for m in /*.ko; do /bin/busybox insmod "$m" 2>/dev/null; done
done
/bin/busybox mount -t ext4 /dev/vda /new
/bin/busybox mount --move /dev /new/dev
exec /bin/busybox switch_root /new /sbin/init
INIT
    chmod 755 "$tree/init"
    (cd "$tree" && find . | cpio --quiet --create --format=newc | gzip -1) >"$vm/initrd"
    rm -rf "$tree"
}

boot() {
    local accelerate=()
    [[ -z ${ERRAND_VM_KVM-} ]] || accelerate=(-accel kvm -cpu host)
    timeout 1200 qemu-system-x86_64 "${accelerate[@]}" -accel tcg -m 2048 -smp 2 -nodefaults -no-reboot -nographic \
        -serial stdio -kernel "$vm"/kernel/boot/vmlinuz-* -initrd "$vm/initrd" \
        -append "console=ttyS0 quiet panic=-1" -drive "file=$vm/root.img,format=raw,if=virtio" </dev/null
}

[[ -d $vm/kernel ]] || kernel_fetch
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
make_root
rm -f "$vm/root.img"
truncate --size 2G "$vm/root.img"
mkfs.ext4 -q -d "$root" "$vm/root.img"
make_initrd
boot | tee "$vm/log"
grep --quiet 'VM done' "$vm/log" && ! grep --quiet 'VM failed' "$vm/log"
