#!/usr/bin/env bash
# Sets a Debian or Ubuntu machine up for what is named; `build run` where nothing is.
#
#     tools/setup.sh [build] [run] [test] [camera] [scenes] [parity]
#
# Installs the Debian packages that are missing (the only step that needs root), ONNX Runtime for this user, for `camera` the
# kernel that the guest boots, for `scenes` Blender as a Python module, and for `parity` the references that CLIP is held against.
# What is there already is left alone: a second run fetches nothing and asks for nothing.
set -euo pipefail

# The compiler's linker, and what the bindings to speech-dispatcher, ALSA and V4L2 are made from.
build_packages=(gcc libc6-dev clang libclang-dev pkg-config libspeechd-dev libasound2-dev)
# Recorded video, both voices, and sound through PulseAudio.
run_packages=(ffmpeg espeak-ng libespeak-ng1 speech-dispatcher speech-dispatcher-espeak-ng libasound2-plugins)
# A sound card that is none, so that what was spoken can be recorded.
test_packages=(pulseaudio pulseaudio-utils)
# A machine that is none, with a camera.
camera_packages=(qemu-system-x86 busybox-static kmod cpio xz-utils zstd)
# A Python of the renderer's own, and one of the references'.
scenes_packages=(python3-venv)
parity_packages=(python3-venv)
# What the guest needs of its kernel: its disk, which is this machine's seen through 9p, and its camera.
guest_modules=(virtio_pci 9pnet_virtio 9p overlay vivid)

# The library comes out of the wheel on PyPI: one file for each processor, whatever Python is here.
onnx_version=1.32.0
onnx_sha256_x86_64=5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d
onnx_sha256_aarch64=2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c

data=${XDG_DATA_HOME:-$HOME/.local/share}/streetscape
cache=${XDG_CACHE_HOME:-$HOME/.cache}/streetscape
onnx=$data/onnxruntime-$onnx_version/libonnxruntime.so.$onnx_version
kernel=$cache/guest-kernel

scenes=$(dirname "$0")/../.cache/scenes-venv
parity=$(dirname "$0")/../.cache/parity-venv

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# Half-made folders, which no failure may leave behind.
aside=()
trap 'rm -rf "${aside[@]}"' EXIT

# As root, with sudo only where that is needed.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root, and sudo is missing: as root, run tools/setup.sh ${parts[*]} (it stopped at: $*)"
    fi
}

# Fetches the lists of packages, once.
updated=no
update() {
    [ $updated = no ] || return 0
    say "fetching the lists of packages (apt-get update)"
    as_root apt-get -qq update || fail "apt-get update failed: check the network and /etc/apt/sources.list, then run this again"
    updated=yes
}

# Installs those of the named packages that are missing.
install() {
    if ! command -v dpkg-query >/dev/null; then
        say "this is no Debian or Ubuntu: install what its packages are called here: $*"
        say "\`streetscape doctor\` tells what is still missing"
        return 0
    fi
    local present package missing=()
    present=$(dpkg-query --show --showformat '${db:Status-Status} ${Package};' "$@" 2>/dev/null) || true
    for package in "$@"; do
        [[ ";$present" == *";installed $package;"* ]] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing Debian packages: ${missing[*]}"
    update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends \
        "${missing[@]}" >&2 || fail "apt-get could not install them: read its message above, mend that, then run this again"
}

# Puts ONNX Runtime's library where the program looks for it.
fetch_onnx_runtime() {
    local machine sha256 platform
    machine=$(uname -m)
    case $machine in
        x86_64) sha256=$onnx_sha256_x86_64 ;;
        aarch64 | arm64) machine=aarch64 sha256=$onnx_sha256_aarch64 ;;
        *) fail "no ONNX Runtime is published for $machine: build version $onnx_version and set ORT_DYLIB_PATH to its library" ;;
    esac
    platform=manylinux_2_28_$machine
    python3 -m pip --version >/dev/null 2>&1 || fail "python3 has no pip: install it (Debian: python3-pip), then run this again"

    say "fetching ONNX Runtime $onnx_version from PyPI (28 MB)"
    mkdir -p "$(dirname "$onnx")"
    local here
    here=$(mktemp -d "$data/.onnxruntime.XXXXXX")
    aside+=("$here")
    python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary=:all: \
        --python-version 3.11 --implementation cp --abi cp311 --platform "$platform" --dest "$here" \
        "onnxruntime==$onnx_version" || fail "pip could not fetch onnxruntime $onnx_version: check the network, then run this again"
    local wheel=$here/onnxruntime-$onnx_version-cp311-cp311-$platform.whl
    echo "$sha256  $wheel" | sha256sum --check --status ||
        fail "the fetched wheel is not the one that is pinned (SHA-256 $sha256): try again, and trust no network that repeats this"
    python3 -c 'import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as library:
    shutil.copyfileobj(library, sys.stdout.buffer)' "$wheel" "onnxruntime/capi/$(basename "$onnx")" >"$here/library"
    mv "$here/library" "$onnx"
    say "ONNX Runtime is $onnx"
}

# Puts Blender where `pairs generate` looks for it.
fetch_blender() {
    local python
    python=$(command -v python3.11) || fail "Blender's module needs Python 3.11: install it beside yours, then run this again"
    say "fetching Blender from PyPI (350 MB)"
    make_venv "$python" scenes "$scenes"
}

# Puts PyTorch, transformers and open_clip where `make parity` looks for them.
fetch_references() {
    local python
    python=$(command -v python3.11) || fail "the references are pinned for Python 3.11: install it beside yours, then run this again"
    say "fetching PyTorch, transformers and open_clip from PyPI (3 GB)"
    make_venv "$python" parity "$parity"
}

# Makes a Python environment at $3 of what tools/$2/requirements.txt pins.
make_venv() {
    local requirements here
    requirements=$(dirname "$0")/$2/requirements.txt
    mkdir -p "$(dirname "$3")"
    here=$(mktemp -d "$(dirname "$3")/.$2-venv.XXXXXX")
    aside+=("$here")
    "$1" -m venv "$here" && "$here/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" ||
        fail "pip could not fetch $(tr '\n' ' ' <"$requirements"): check the network, then run this again"
    mv "$here" "$3"
}

# The packages of the newest kernel that apt knows, image and modules.
kernel_packages() {
    local meta
    for meta in linux-image-amd64 linux-image-generic; do
        apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$meta" \
            2>/dev/null | grep -E '^linux-(image|modules|modules-extra)-[0-9]' | sort -u && return 0
    done
}

# Keeps what the guest boots: a kernel, and in the order of loading the modules of its disk and its camera. Installs none of it.
fetch_kernel() {
    local packages
    packages=$(kernel_packages) || { update && packages=$(kernel_packages); } ||
        fail "apt knows no kernel: see that /etc/apt/sources.list names the main archive, then run this again"
    # shellcheck disable=SC2086 # a word for each package
    say "fetching a kernel for the camera test:" $packages
    mkdir -p "$cache"
    local here root version file count=10
    here=$(mktemp -d "$cache/.guest-kernel.XXXXXX")
    aside+=("$here")
    # shellcheck disable=SC2086
    (cd "$here" && apt-get -qq -o APT::Sandbox::User=root download $packages) ||
        fail "apt-get could not fetch the kernel: check the network, then run this again"
    root=$here/root
    mkdir -p "$root" "$here/ready/modules"
    for file in "$here"/*.deb; do
        dpkg-deb --extract "$file" "$root"
    done
    [ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
    version=$(basename "$root"/lib/modules/*)
    PATH=$PATH:/usr/sbin:/sbin
    depmod --basedir "$root" "$version"
    while read -r file; do
        unpacked "$file" >"$here/ready/modules/$count-$(basename "${file%.ko*}").ko"
        count=$((count + 1))
    done < <(modprobe --dirname "$root" --set-version "$version" --show-depends --all "${guest_modules[@]}" |
        awk '$1 == "insmod" && !seen[$2]++ { print $2 }')
    cp "$root/boot/vmlinuz-$version" "$here/ready/vmlinuz"
    mv "$here/ready" "$kernel"
    say "the guest's kernel is $kernel"
}

# A module as the kernel wants it, out of the file in which its package carries it.
unpacked() {
    case $1 in
        *.xz) xz --decompress --stdout "$1" ;;
        *.zst) zstd --quiet --decompress --stdout "$1" ;;
        *) cat "$1" ;;
    esac
}

wants() {
    local part
    for part in "${parts[@]}"; do
        [ "$part" != "$1" ] || return 0
    done
    return 1
}

parts=("$@")
[ $# -gt 0 ] || parts=(build run)
packages=()
for part in "${parts[@]}"; do
    case $part in
        build) packages+=("${build_packages[@]}") ;;
        run) packages+=("${run_packages[@]}") ;;
        test) packages+=("${test_packages[@]}") ;;
        camera) packages+=("${camera_packages[@]}") ;;
        scenes) packages+=("${scenes_packages[@]}") ;;
        parity) packages+=("${parity_packages[@]}") ;;
        *) fail "there is no part named $part: it is build, run, test, camera, scenes or parity" ;;
    esac
done
if wants build && ! command -v cargo >/dev/null; then
    fail "cargo is missing: install Rust 1.95 or newer (https://rustup.rs), open a new shell, then run this again"
fi
if wants camera && [ "$(uname -m)" != x86_64 ]; then
    fail "the camera test's guest is an x86-64 machine: run it on one"
fi
if wants run && [ ! -e "$onnx" ] && ! python3 -m pip --version >/dev/null 2>&1; then
    packages+=(python3-pip)
fi
install "${packages[@]}"
if wants run && [ ! -e "$onnx" ]; then
    fetch_onnx_runtime
fi
if wants camera && [ ! -e "$kernel" ]; then
    fetch_kernel
fi
if wants scenes && [ ! -e "$scenes" ]; then
    fetch_blender
fi
if wants parity && [ ! -e "$parity" ]; then
    fetch_references
fi
