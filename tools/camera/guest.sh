#!/usr/bin/env bash
# Runs a program beside a real V4L2 camera, on a machine that has none.
#
#     tools/camera/guest.sh PROGRAM SCRIPT
#
# A guest in QEMU, in software emulation, boots the kernel that `tools/setup.sh camera` fetched. Its disk is this machine's, seen
# through 9p; what it writes stays in its memory. Its camera is `vivid`, which draws a test picture and is enumerated, streamed
# from and unplugged as any webcam is. There the bash script SCRIPT runs, in the folder that this one was called from, with
#
#     $program        PROGRAM, its path made absolute
#     camera_gone     unplugs the camera while it streams
#     camera_back     plugs it in again
#     camera_silent   leaves it plugged in, and lets it give no more pictures
#     camera_heard    lets it give pictures again
#
# What SCRIPT prints comes out here, and its exit status is this one's. It has GUEST_SECONDS (600) for everything.
set -euo pipefail

[ $# -eq 2 ] || {
    echo "usage: $0 PROGRAM SCRIPT" >&2
    exit 2
}
kernel=${XDG_CACHE_HOME:-$HOME/.cache}/streetscape/guest-kernel
for file in "$1" "$2" "$kernel/vmlinuz"; do
    [ -e "$file" ] || {
        echo "$0: $file is missing: \`make test-camera\` makes it" >&2
        exit 1
    }
done
program=$(realpath "$1") script=$(realpath "$2") here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What the guest does: `init` from its own memory, then `main` on this machine's disk.
mkdir -p "$work/initrd/bin" "$work/initrd/modules" "$work/shared"
cp "$(command -v busybox)" "$work/initrd/bin/busybox"
cp "$kernel"/modules/*.ko "$work/initrd/modules/"
cat >"$work/initrd/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /sys /dev /disk /memory /root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
ln -s /proc/self/fd /dev/fd
stty -onlcr </dev/console
for module in /modules/*; do
    case $module in
        *-vivid.ko) insmod "$module" n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0 ;; # one webcam
        *) insmod "$module" ;;
    esac
done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro disk /disk
mount -t tmpfs memory /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/disk,upperdir=/memory/upper,workdir=/memory/work overlay /root
for folder in proc sys dev; do mount --bind "/$folder" "/root/$folder"; done
mount -t 9p -o trans=virtio,version=9p2000.L shared /root/mnt
chroot /root /bin/bash /mnt/main </dev/null
echo $? >/root/mnt/status
echo 0 >/proc/sys/kernel/printk
poweroff -f
INIT
chmod +x "$work/initrd/init"
(cd "$work/initrd" && find . | cpio --create --format=newc --quiet) >"$work/initrd.img"

cat >"$work/shared/main" <<MAIN
$(export -p | grep -E '^declare -x (HOME|PATH|LANG|ORT_DYLIB_PATH|XDG_(CONFIG|DATA)_HOME|STREETSCAPE_[A-Z]+)=')
program=$(printf '%q' "$program")
camera_gone() { echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind; }
camera_back() { echo vivid.0 >/sys/bus/platform/drivers/vivid/bind; }
camera_silent() { python3 $(printf '%q' "$here/drop.py") /dev/video0 100; }
camera_heard() { python3 $(printf '%q' "$here/drop.py") /dev/video0 0; }
cd $(printf '%q' "$PWD")
. $(printf '%q' "$script")
MAIN

timeout "${GUEST_SECONDS:-600}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1536 \
    -kernel "$kernel/vmlinuz" -initrd "$work/initrd.img" \
    -append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off no_timer_check" \
    -virtfs local,path=/,mount_tag=disk,security_model=none,readonly=on,multidevs=remap \
    -virtfs "local,path=$work/shared,mount_tag=shared,security_model=none" \
    -nodefaults -no-reboot -display none -serial stdio </dev/null || true
[ -s "$work/shared/status" ] || {
    echo "$0: the guest ended before $script did: it took longer than ${GUEST_SECONDS:-600} s, or its kernel failed" >&2
    exit 1
}
exit "$(cat "$work/shared/status")"
