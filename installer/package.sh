#!/usr/bin/env bash
# Builds the packages: agent as .deb and .rpm, collector as .deb; with --windows the agent's .msi too.
#
#   bash installer/package.sh [--output DIR] [--version V] [--dev] [--windows] [agent] [collector]
#
#   --output DIR   where they go (target/packages)
#   --version V    in place of the workspace's version, e.g. to try an upgrade
#   --dev          from the debug build: quick to make, big, for the tests
#
# The packaging tools are installed once, at fixed versions, under ~/.cache/atalaya/tools.
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$ROOT/installer/debian.sh"

CARGO_DEB=3.8.0 CARGO_GENERATE_RPM=0.21.1
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/atalaya"
OUTPUT="$ROOT/target/packages" VERSION="" DEV="" WINDOWS="" PARTS=()
# The agent is rolled out to every PC: small before fast. The collector is one.
AGENT_PROFILE=small COLLECTOR_PROFILE=release

fail() { echo "error: $*" >&2; exit 1; }
while [ $# -gt 0 ]; do
  case "$1" in
    --output | --version)
      [ $# -ge 2 ] || fail "$1 wants a value"
      case "$1" in --output) OUTPUT="$2" ;; --version) VERSION="$2" ;; esac
      shift 2 ;;
    --dev) DEV=1; shift ;;
    --windows) WINDOWS=1; shift ;;
    agent | collector) PARTS+=("$1"); shift ;;
    *) sed -n '2,/^# The packaging/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; fail "unknown: $1" ;;
  esac
done
[ "${#PARTS[@]}" -gt 0 ] || PARTS=(agent collector)
[ -z "$DEV" ] || AGENT_PROFILE=dev COLLECTOR_PROFILE=dev
VERSION="${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml" | head -n 1)}"
[[ "$VERSION" =~ ^[0-9]+\.[0-9]+\.[0-9]+([+~-][A-Za-z0-9.]+)?$ ]] || fail "«$VERSION» is no version"
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"
mkdir -p "$OUTPUT" "$CACHE/tools" "$TARGET/package" || exit 1
OUTPUT="$(cd "$OUTPUT" && pwd)"
cd "$ROOT" || exit 1
PATH="$CACHE/tools/bin:$PATH"

# tool NAME VERSION: cargo's own record says which version is there.
tool() {
  grep -qs "\"$1 $2 " "$CACHE/tools/.crates2.json" && [ -x "$CACHE/tools/bin/$1" ] && return 0
  echo "· installing $1 $2 (some minutes, once)" >&2
  cargo install --quiet --locked --no-default-features --root "$CACHE/tools" "$1" --version "$2" ||
    fail "$1 could not be installed"
}

# Debian's own form of a change log; what changed is in CHANGELOG.md.
write_changelog() {
  local when
  when="$(LC_ALL=C date -R -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}")"
  cat >"$TARGET/package/changelog" <<TEXT
atalaya ($VERSION-1) unstable; urgency=medium

  * See CHANGELOG.md of the project.

 -- The Atalaya authors <atalaya@atalaya.invalid>  $when
TEXT
}

# Where cargo puts the output of a profile.
folder_of() { case "$1" in dev) echo debug ;; *) echo "$1" ;; esac; }

# For the tests the workspace is built as the tests build it, so that nothing is compiled twice.
build() {
  local what=(-p "atalaya-$1")
  [ "$2" != dev ] || what=(--workspace --all-targets)
  cargo build --locked --profile "$2" "${what[@]}" || fail "atalaya-$1 could not be built"
}

deb() {
  local part="$1" profile="$2"
  # shellcheck disable=SC2086 # empty or one word
  cargo deb --quiet ${DEV:+--fast} --no-build --locked --no-dbgsym -p "atalaya-$part" --profile "$profile" \
    --deb-version "$VERSION-1" --output "$OUTPUT/" || fail "the .deb of atalaya-$part could not be made"
}

install_packages "$TARGET/package/apt.log" build-essential dpkg-dev || exit 1
tool cargo-deb "$CARGO_DEB"
write_changelog
for part in "${PARTS[@]}"; do
  case "$part" in agent) profile="$AGENT_PROFILE" ;; collector) profile="$COLLECTOR_PROFILE" ;; esac
  build "$part" "$profile"
  deb "$part" "$profile"
  if [ "$part" = agent ]; then
    gzip -9nc installer/linux/atalaya-agent.8 >"$TARGET/package/atalaya-agent.8.gz" || exit 1
    tool cargo-generate-rpm "$CARGO_GENERATE_RPM"
    # shellcheck disable=SC2086 # empty or two words
    cargo generate-rpm ${DEV:+--payload-compress gzip} -p agent --profile "$(folder_of "$profile")" --set-metadata "version = \"${VERSION//-/~}\"" \
      --output "$OUTPUT/" || fail "the .rpm of atalaya-agent could not be made"
  fi
done
if [ -n "$WINDOWS" ]; then
  # shellcheck disable=SC2086 # empty or one word
  exe="$(bash installer/windows/build.sh ${DEV:+--dev})" || exit 1
  ATALAYA_MSI_VERSION="$VERSION" bash installer/windows/msi.sh "$exe" "$OUTPUT" || exit 1
fi
ls -l "$OUTPUT"
