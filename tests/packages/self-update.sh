#!/usr/bin/env bash
# An agent that updates itself, lived with in a clean Debian booted with systemd: its program belongs to root, its account
# cannot write it, a signed release takes its place through the updater's socket, and one that dies gives way again.
#
#   bash tests/packages/self-update.sh     from the debug build (cargo build --workspace --bins)
#
# Wants root, for namespaces, and minisign. The last line is `N passed, N failed`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export LC_ALL=C.UTF-8
. installer/debian.sh
. tests/packages/machine.sh

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/atalaya"
BUILT="${ATALAYA_PROGRAMS:-${CARGO_TARGET_DIR:-target}/debug}"
T="$(mktemp -d "${TMPDIR:-/tmp}/atalaya-self-update.XXXXXX")"
PASSED=0 FAILED=0
HOME_OF=/opt/atalaya
STATE=/var/lib/atalaya-agent

finish() {
  switch_off
  umount -l "$T/machine" 2>/dev/null
  umount -l "$T/layer" 2>/dev/null
  rm -rf "$T"
}
trap finish EXIT
trap 'exit 130' INT TERM
close() { printf '%d passed, %d failed\n' "$PASSED" "$FAILED"; [ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ] && exit 0; exit 1; }
broken() { echo "error: $*" >&2; FAILED=$((FAILED + 1)); close; }

check() {
  local sentence="$1" started=$SECONDS
  shift
  if "$@" >"$T/check.log" 2>&1; then
    PASSED=$((PASSED + 1))
    echo "ok    $sentence ($((SECONDS - started)) s)"
  else
    FAILED=$((FAILED + 1))
    echo "FAIL  $sentence ($((SECONDS - started)) s)"
    tail -n 40 "$T/check.log"
    in_machine journalctl -q --no-pager -n 40 -u 'atalaya-agent*' 2>/dev/null | tail -n 40
  fi
}

eventually() {
  local until=$((SECONDS + 120))
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || { echo "not in time: $*"; return 1; }
    sleep 0.2
  done
}

collector() { in_machine atalaya-collector --config /srv/collector.toml "$@"; }
agent() { in_machine $HOME_OF/atalaya-agent "$@"; }
version_of() { in_machine "$1" --version | sed 's/.* //'; }
status_has() { agent status --json | grep -q "$1"; }
shows() { collector release devices | grep -q "$1"; }

installs_itself() {
  in_machine /built/atalaya-agent service install --self-update || return 1
  [ "$(in_machine stat -c '%a %U' $HOME_OF/atalaya-agent)" = "755 root" ] && [ "$(in_machine stat -c '%a %U' $HOME_OF)" = "755 root" ] &&
    in_machine systemctl is-active --quiet atalaya-agent-update.socket &&
    in_machine systemctl is-enabled --quiet atalaya-agent.service
}
refuses_without_root() { ! in_machine setpriv --reuid 65534 --regid 65534 --clear-groups /built/atalaya-agent service install --self-update; }
units_are_right() {
  in_machine systemd-analyze verify /etc/systemd/system/atalaya-agent.service "/etc/systemd/system/atalaya-agent-update@.service" || return 1
  systemd-analyze security --offline=true --threshold=20 --no-pager installer/linux/self-update/atalaya-agent-update@.service | tail -n 1
  return "${PIPESTATUS[0]}"
}
reports() {
  local code
  code="$(collector code create --approve)" || return 1
  printf '\n[update]\nkeys = ["%s"]\nask_every_s = 2\n' "$(tail -n 1 "$T/key.pub")" >"$T/update.toml"
  in_machine sed -i '/^\[update\]/,$d' /etc/atalaya/agent.toml
  in_machine sh -c 'cat >>/etc/atalaya/agent.toml' <"$T/update.toml"
  agent enroll "$code" && in_machine systemctl start atalaya-agent && eventually status_has '"connected": true' &&
    status_has '"updates_itself": true'
}
cannot_write_its_program() {
  ! in_machine runuser -u atalaya-agent -- sh -c "echo >>$HOME_OF/atalaya-agent" &&
    ! in_machine runuser -u atalaya-agent -- sh -c "echo >$HOME_OF/x"
}
# offer VERSION PROGRAM: as an administrator does it.
offer() {
  collector release manifest "$2" --version "$1" --target "$(rustc -vV | sed -n 's/^host: //p')" >"$T/$1.toml" || return 1
  minisign -SW -s "$T/key" -m "$T/$1.toml" -x "$T/$1.minisig" >/dev/null || return 1
  cp "$T/$1.toml" "$T/$1.minisig" "$T/machine/srv/" &&
    collector release add "/srv/$1.toml" "/srv/$1.minisig" "$2" --key "$(tail -n 1 "$T/key.pub")" && collector release offer "$1"
}
takes_a_release() {
  local before
  before="$(version_of $HOME_OF/atalaya-agent)"
  offer 999.0.0 /built/atalaya-agent-next || return 1
  eventually shows '999.0.0 instalada' && [ "$(version_of $HOME_OF/atalaya-agent)" = 999.0.0 ] &&
    [ "$(version_of $HOME_OF/atalaya-agent.old)" = "$before" ] && [ "$(in_machine stat -c '%a %U' $HOME_OF/atalaya-agent)" = "755 root" ] &&
    eventually status_has '"version": "999.0.0"'
}
gives_way_again() {
  printf '#!/bin/sh\n[ "$1" = --version ] && echo atalaya-agent 999.1.0 && exit\nexit 3\n' >"$T/machine/srv/dies"
  chmod 755 "$T/machine/srv/dies"
  offer 999.1.0 /srv/dies || return 1
  eventually shows '999.1.0 retirada' && [ "$(version_of $HOME_OF/atalaya-agent)" = 999.0.0 ] &&
    in_machine systemctl is-active --quiet atalaya-agent
}
leaves_nothing_but_what_is_its_owners() {
  agent service uninstall || return 1
  in_machine test ! -e $HOME_OF && in_machine test ! -e /etc/systemd/system/atalaya-agent.service &&
    in_machine test ! -e /run/atalaya-agent-update.sock && in_machine test -e $STATE/identity.json &&
    in_machine test -e /etc/atalaya/agent.toml
}

[ "$(id -u)" -eq 0 ] || broken "this wants root"
install_packages "$T/apt.log" mmdebstrap minisign || broken "Debian packages"
clean_root "$CACHE/clean-root" || broken "no clean Debian could be made"
minisign -GW -p "$T/key.pub" -s "$T/key" >/dev/null || broken "no key"
mkdir "$T/layer" "$T/machine"
mount -t tmpfs tmpfs "$T/layer" && mkdir "$T/layer/upper" "$T/layer/work" || broken "no layer"
mount -t overlay overlay -o "lowerdir=$CACHE/clean-root/root,upperdir=$T/layer/upper,workdir=$T/layer/work" "$T/machine" ||
  broken "no overlay"
mkdir "$T/machine/built" "$T/machine/srv/collector"
cp "$BUILT/atalaya-agent" "$BUILT/atalaya-agent-next" "$T/machine/built/" && cp "$BUILT/atalaya-collector" "$T/machine/usr/bin/" ||
  broken "the programs are not built: cargo build --workspace --bins"
printf 'data_dir = "/srv/collector"\n[agent_listener]\npublic_address = "127.0.0.1:7443"\n' >"$T/machine/srv/collector.toml"
boot "$T/machine" 2>"$T/boot.log" || { cat "$T/boot.log"; broken "no machine"; }
in_machine ip link set lo up
in_machine systemd-run --quiet --unit=collector atalaya-collector --config /srv/collector.toml serve || broken "no collector"
eventually in_machine test -e /srv/collector/ca.key || broken "the collector does not serve"

check "it is not installed without root" refuses_without_root
check "it installs itself: program of root, units, updater's socket" installs_itself
check "its units are right, the updater's at most 2.0" units_are_right
check "it enrols, reports, and says that it updates itself" reports
check "its account cannot write its program" cannot_write_its_program
check "a signed release takes its place through the updater" takes_a_release
check "a release that dies gives way to the one before" gives_way_again
check "it goes, and leaves identity and settings" leaves_nothing_but_what_is_its_owners
close
