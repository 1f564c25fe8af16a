#!/usr/bin/env bash
# Builds the Windows agent on Linux and prints the path of the exe; nothing else goes to standard output.
#
#   bash installer/windows/build.sh [--dev] [cargo arguments]
#
#   --dev          big and quick to make, for the tests
#
# Uses rustup's own target where it is installed. Elsewhere Debian's rustc with its library sources, unpacked into a
# cache (never installed: the packages conflict with rustup), builds the standard library too. The cache holds a target
# folder of its own: the first build takes minutes, later ones seconds.
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
. "$ROOT/installer/debian.sh"

TARGET=x86_64-pc-windows-gnu
PROFILE=small
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/atalaya/windows"
LOG="$CACHE/build.log"

fail() { echo "error: $*" >&2; exit 1; }
if [ "${1:-}" = --dev ]; then PROFILE=quick; shift; fi

# One build at a time uses the cache.
mkdir -p "$CACHE" || exit 1
exec 9>"$CACHE/lock"
flock 9
: >"$LOG"

# Debian's compiler and its libraries; the stamp is written last, so that a torn unpacking is done again.
unpack_compiler() {
  local folder="$CACHE/rust" version packages name
  version="$(apt-cache policy rustc-web 2>/dev/null | sed -n 's/^ *Candidate: //p')"
  [ -n "$version" ] && [ "$version" != "(none)" ] ||
    { [ -e "$folder/unpacked" ] && return 0; fail "neither \`rustup target add $TARGET\` nor Debian's rustc-web (bookworm-security) is available"; }
  [ "$(cat "$folder/unpacked" 2>/dev/null)" = "$version" ] && return 0
  packages="$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances rustc-web |
    grep -E '^(rustc-web|libstd-rust-web-[a-z0-9.]+|libllvm[0-9]+)$' | sort -u)"
  rm -rf "$folder" "$CACHE/debs" && mkdir -p "$folder" "$CACHE/debs" || exit 1
  # shellcheck disable=SC2086 # one word a package
  (cd "$CACHE/debs" && apt-get -o APT::Sandbox::User=root download $packages rust-web-src) >>"$LOG" 2>&1 ||
    fail "Debian's compiler could not be fetched; see $LOG"
  for name in "$CACHE"/debs/*.deb; do dpkg-deb -x "$name" "$folder" || fail "$name could not be unpacked"; done
  rm -rf "$CACHE/debs" "$folder/usr/share"
  echo "$version" >"$folder/unpacked"
}

install_packages "$LOG" gcc-mingw-w64-x86-64 >&2 || exit 1
BUILD=(build --profile "$PROFILE" --target "$TARGET" -p atalaya-agent --locked)
if ! rustup target list --installed 2>/dev/null | grep -qx "$TARGET"; then
  unpack_compiler
  export LD_LIBRARY_PATH="$CACHE/rust/usr/lib/x86_64-linux-gnu" RUSTC="$CACHE/rust/usr/bin/rustc" RUSTC_BOOTSTRAP=1
  BUILD+=(-Z build-std=std,panic_unwind)
fi
export CARGO_TARGET_DIR="$CACHE/target"
cd "$ROOT" || exit 1
cargo "${BUILD[@]}" "$@" >>"$LOG" 2>&1 ||
  { grep -E -A12 '^(error|warning: unused)' "$LOG" | head -n 80 >&2; fail "the Windows build failed; see $LOG"; }
echo "$CARGO_TARGET_DIR/$TARGET/$PROFILE/atalaya-agent.exe"
