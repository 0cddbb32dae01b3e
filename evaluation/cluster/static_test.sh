#!/usr/bin/env bash
# Installs the statically linked command into a fresh Debian root that has no toolchain, and checks there that it finds its models
# and computes the bytes that the ordinary command computes here. For root on Debian 12; installs debootstrap where it is
# missing and downloads a minimal Debian into a temporary folder. From the repository's top folder, after make build and make static:
#   evaluation/cluster/static_test.sh
set -euo pipefail
# What a node needs beside libc and libstdc++.
packages=libcurl4,libopenblas0-pthread,libsentencepiece0,libsqlite3-0,libssl3

command -v debootstrap >/dev/null || {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
}
root=$(mktemp -d /tmp/graft-root.XXXXXX)
chmod 755 "$root"
fail() {
  echo "FAILED: $1; the root is $root" >&2
  exit 1
}
debootstrap --variant=minbase --include="$packages" bookworm "$root/debian" >"$root/debootstrap.log" || fail "debootstrap"
node=$root/debian
mkdir "$root/here" "$node/work"
make install STATIC=1 PREFIX=/opt/graft DESTDIR="$node" >/dev/null

grid='{"schema": 1, "models": [{"pretrained": ["imdb-gpt2-wide"], "finetuned": ["imdb-gpt2-narrow-sentiment"]}],
"dataset": "reviews.jsonl", "limit": 40, "max_length": 64, "keep": [2, 4], "transplant": [2], "maps": ["pinv", "affine", "random"],
"unlabelled": "reviews.jsonl"}'
for folder in "$root/here" "$node/work"; do
  echo "$grid" >"$folder/grid.json"
  head -n 60 evaluation/imdb/test.jsonl >"$folder/reviews.jsonl"
done
run() { (cd "$root/here" && env -i HOME=/ HF_HUB_OFFLINE=1 "$here" "$@"); }
run_on_node() {
  unshare --mount --pid --fork --mount-proc="$node/proc" chroot "$node" \
    /usr/bin/env -i HOME=/ HF_HUB_OFFLINE=1 PATH=/usr/bin:/opt/graft/bin sh -c 'cd /work && graft "$@"' sh "$@"
}
here=$(realpath .build/release/graft)

if chroot "$node" ldd /opt/graft/bin/graft | grep -E 'swift|Foundation|not found'; then fail "libraries of the toolchain"; fi
[ ! -e "$node/opt/swift" ] && [ -z "$(find "$node" -name 'libswift*')" ] || fail "the root has a Swift runtime"
[ "$(run_on_node --version)" = "$(run --version)" ] || fail "versions: $(run_on_node --version), $(run --version)"
for command in "predict imdb-bert-1 --text this_[MASK]" "lens imdb-gpt2-wide --text film --json" "identify imdb-gpt2-narrow --limit 4 --json"; do
  diff <(run $command) <(run_on_node $command) || fail "$command"
done
run experiment stitch grid.json -o run -t 2 --progress none >/dev/null
run_on_node experiment stitch grid.json -o run -t 2 --progress none >/dev/null
diff -r "$root/here/run" "$node/work/run" || fail "the runs differ"
run_on_node env | head -n 8
chroot "$node" ldd /opt/graft/bin/graft | awk '/=> \//{print $3}' | while read -r library; do
  chroot "$node" dpkg -S "$(chroot "$node" realpath "$library")" 2>/dev/null || chroot "$node" dpkg -S "$library"
done | cut -d : -f 1 | sort -u | tr '\n' ' '
echo
echo "the static command of $(stat -c %s "$node/opt/graft/bin/graft") bytes computes the bytes of the ordinary one ($(stat -c %s "$here"))"
rm -rf "$root"
