#!/usr/bin/env bash
# Packs the Windows agent as an MSI and prints its path.
#
#   bash installer/windows/msi.sh EXE FOLDER       EXE as printed by build.sh; the MSI is written into FOLDER
set -uo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$HERE/../debian.sh"

fail() { echo "error: $*" >&2; exit 1; }

[ $# -eq 2 ] && [ -f "$1" ] && [ -d "$2" ] || fail "usage: msi.sh EXE FOLDER"
VERSION="$(sed -n 's/^version = "\([0-9.]*\)"$/\1/p' "$HERE/../../Cargo.toml" | head -n 1)"
[ -n "$VERSION" ] || fail "no version in Cargo.toml"
VERSION="${ATALAYA_MSI_VERSION:-$VERSION}"

STAGE="$(mktemp -d "${TMPDIR:-/tmp}/atalaya-msi.XXXXXX")"
trap 'rm -rf "$STAGE"' EXIT
install_packages "$STAGE/apt.log" wixl msitools >&2 || exit 1
# wixl takes the files of the package from beside the description.
cp "$1" "$STAGE/atalaya-agent.exe" && cp "$HERE/atalaya-agent.wxs" "$STAGE/" || exit 1
(cd "$STAGE" && wixl -a x64 -D VERSION="$VERSION" -o agent.msi atalaya-agent.wxs) >"$STAGE/wixl.log" 2>&1 ||
  { cat "$STAGE/wixl.log" >&2; fail "wixl failed"; }
# wixl puts the removal of an older version last, whatever the description says; then it would stop the new service.
msibuild "$STAGE/agent.msi" -q "UPDATE InstallExecuteSequence SET Sequence=1450 WHERE Action='RemoveExistingProducts'" ||
  fail "msibuild failed"
# Bit 0x2000 keeps the order with the code in it out of the log; wixl does not know it.
TYPE="$(msiinfo export "$STAGE/agent.msi" CustomAction | tr -d '\r' | awk -F '\t' '$1 == "EnrollAgent" { print $2 }')"
{ [ "${TYPE:-0}" -gt 0 ] && msibuild "$STAGE/agent.msi" -q "UPDATE CustomAction SET Type=$((TYPE | 0x2000)) WHERE Action='EnrollAgent'"; } ||
  fail "the order that enrols could not be hidden"
# What an administrator gives reaches the part that works with the system's rights.
msibuild "$STAGE/agent.msi" -q "UPDATE Property SET Value='CODE;DISCARD;OLDER;NEWER' WHERE Property='SecureCustomProperties'" ||
  fail "msibuild failed"
# wixl writes UTF-8 and does not say so: Windows would show it in its own code page.
printf '\r\n\r\n65001\t_ForceCodepage\r\n' >"$STAGE/_ForceCodepage.idt"
msibuild "$STAGE/agent.msi" -i "$STAGE/_ForceCodepage.idt" || fail "msibuild failed"
mv "$STAGE/agent.msi" "$2/atalaya-agent-$VERSION.msi" || exit 1
echo "$(cd "$2" && pwd)/atalaya-agent-$VERSION.msi"
