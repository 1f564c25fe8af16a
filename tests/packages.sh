#!/usr/bin/env bash
# The Linux packages: built, looked at by lintian, and lived with in a clean Debian booted with systemd.
#
#   bash tests/packages.sh         from the debug build, quick; as tests/run.sh does
#   bash tests/packages.sh --release   the packages that are shipped, their size too
#
# Wants root, for namespaces. The clean root is made once, under ~/.cache/atalaya. The last line is `N passed, N failed`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C.UTF-8
. installer/debian.sh
. tests/packages/machine.sh

MODE=--dev FOLDER=debug
[ "${1:-}" = --release ] && MODE="" FOLDER=release
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/atalaya"
T="$(mktemp -d "${TMPDIR:-/tmp}/atalaya-packages.XXXXXX")"
PASSED=0 FAILED=0
AGENT=/var/lib/atalaya-agent

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

# check SENTENCE COMMAND…: its output is shown only when it fails.
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
  fi
}

# eventually COMMAND…: within a minute.
eventually() {
  local until=$((SECONDS + 60))
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || { echo "not in time: $*"; return 1; }
    sleep 0.2
  done
}

### What is wanted of the files
no_lintian_error() { lintian --no-cfg --fail-on error --suppress-tags bad-distribution-in-changes-file "$T"/packages/*.deb; }
no_more_exposed_than_two() {
  local unit most
  for unit in installer/linux/*.service; do
    # freshclam needs root and a network.
    case "$unit" in *atalaya-agent-signatures@.service) most=23 ;; *) most=20 ;; esac
    systemd-analyze security --offline=true --threshold="$most" --no-pager "$unit" | tail -n 1
    [ "${PIPESTATUS[0]}" -eq 0 ] || { echo "$unit"; return 1; }
  done
}
rpm_lists_its_files() {
  rpm -qpl "$T"/packages/atalaya-agent-*.rpm >"$T/rpm.list" 2>/dev/null || return 1
  local file
  for file in /usr/bin/atalaya-agent /etc/atalaya/agent.toml /usr/lib/systemd/system/atalaya-agent.service \
    /usr/lib/systemd/system/atalaya-agent-drives@.service /usr/lib/systemd/system/atalaya-agent-rules.socket \
    /usr/lib/sysusers.d/atalaya-agent.conf; do
    grep -qx "$file" "$T/rpm.list" || { echo "missing: $file"; return 1; }
  done
  rpm -qp --configfiles "$T"/packages/atalaya-agent-*.rpm | grep -qx /etc/atalaya/agent.toml
}
# Every order a program knows has its place on its page, and the page formats without a complaint.
pages_name_every_order() {
  local program order page
  for program in agent collector; do
    page="installer/linux/atalaya-$program.8"
    groff -man -Tutf8 -ww -Kutf8 -z "$page" >"$T/page.log" 2>&1 && ! grep . "$T/page.log" || { cat "$T/page.log"; return 1; }
    for order in $("${CARGO_TARGET_DIR:-target}/$FOLDER/atalaya-$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
      grep -q "^\(\.B \|\\\\fB\)${order//-/\\\\-}" "$page" || { echo "$page does not name $order"; return 1; }
    done
  done
}
agent_is_small() {
  local bytes
  bytes="$(stat -c %s "${CARGO_TARGET_DIR:-target}/small/atalaya-agent")"
  echo "$bytes bytes"
  [ "$bytes" -le $((8 << 20)) ]
}

### In the machine
active() { in_machine systemctl is-active --quiet "$1"; }
property() { in_machine systemctl show -P "$2" "$1"; }
install() { in_machine env "${@:2}" apt-get -y -q install "/packages/$1"; }
status_has() { in_machine atalaya-agent status --json | grep "$1" >/dev/null; }
gone() { in_machine test ! -e "$1"; }
# everything_in_place: all files but what any package and any service leaves: apt's and systemd's own records, logs.
everything_in_place() {
  in_machine find / -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log -o -path /proc -o -path /tmp \
    -o -path /var/tmp -o -path /packages -o -path /var/lib/systemd/random-seed \) -prune -o -print | sort
}

collector_serves() {
  install collector.deb A= && active atalaya-collector && eventually in_machine test -e /var/lib/atalaya-collector/ca.key || return 1
  in_machine sed -i 's|^# public_address = .*|public_address = "127.0.0.1:7443"|' /etc/atalaya/collector.toml
  in_machine systemctl restart atalaya-collector && [ "$(property atalaya-collector User)" = atalaya-collector ] &&
    [ "$(in_machine stat -c '%a %U' /var/lib/atalaya-collector/ca.key)" = "600 atalaya-collector" ] &&
    [ "$(in_machine stat -c '%a %U:%G' /etc/atalaya/collector.toml)" = "640 root:atalaya-collector" ] &&
    in_machine runuser -u atalaya-collector -- atalaya-collector admin create | grep -q 'http://'
}
copies() { in_machine sh -c 'ls -1d /var/backups/atalaya-collector/atalaya-* 2>/dev/null | wc -l'; }
backup_keeps_the_newest() {
  active atalaya-collector-backup.timer || return 1
  in_machine mkdir -p /run/systemd/system/atalaya-collector-backup.service.d
  printf '[Service]\nEnvironment=KEEP=2\n' | in_machine tee /run/systemd/system/atalaya-collector-backup.service.d/keep.conf >/dev/null
  in_machine systemctl daemon-reload
  local count second
  for count in 1 2 2; do
    in_machine systemctl start atalaya-collector-backup.service || { in_machine journalctl -q -u atalaya-collector-backup; return 1; }
    second="$(date +%s)"
    [ "$(copies)" = "$count" ] || { echo "$(copies) copies, $count wanted"; return 1; }
    # Copies are named by the second.
    while [ "$(date +%s)" = "$second" ]; do sleep 0.1; done
  done
  local copy
  copy="$(in_machine sh -c 'ls -1d /var/backups/atalaya-collector/atalaya-* | tail -n 1')"
  in_machine test -s "$copy/atalaya.db" -a -s "$copy/ca.key" || return 1
  [ "$(in_machine head -c 15 "$copy/atalaya.db")" = "SQLite format 3" ] && [ "$(in_machine stat -c '%a %U' "$copy")" = "700 atalaya-collector" ]
}

installed_without_a_code() {
  everything_in_place >"$T/before"
  install agent.deb A= >"$T/install.log" 2>&1 || { cat "$T/install.log"; return 1; }
  grep -q 'enroll CÓDIGO' "$T/install.log" && ! active atalaya-agent && ! in_machine systemctl is-failed --quiet atalaya-agent &&
    active atalaya-agent-rules.socket && active atalaya-agent-drives.socket && in_machine systemctl is-enabled --quiet atalaya-agent
}
purge_leaves_nothing() {
  in_machine env "$@" apt-get -y -q purge atalaya-agent || return 1
  everything_in_place >"$T/after"
  # Copies of the files of accounts are made by whoever changes them.
  diff "$T/before" "$T/after" | grep '^[<>]' | grep -v ' /etc/\(passwd\|group\|shadow\|gshadow\|subuid\|subgid\)-$' && return 1
  in_machine sh -c '! getent passwd atalaya-agent && ! ls -d /run/atalaya-agent* 2>/dev/null'
}
units_are_well_formed() {
  in_machine systemd-analyze verify atalaya-agent.service atalaya-agent-drives@x.service atalaya-agent-rules@x.service \
    atalaya-agent-drives.socket atalaya-agent-rules.socket atalaya-collector.service atalaya-collector-backup.timer >"$T/verify.log" 2>&1 || { cat "$T/verify.log"; return 1; }
  ! grep . "$T/verify.log"
}
installed_with_a_code() {
  local code
  code="$(in_machine runuser -u atalaya-collector -- atalaya-collector code create --approve | grep -o 'atl1\.[A-Za-z0-9_-]*' | head -n 1)"
  [ -n "$code" ] || { echo "no code"; return 1; }
  install agent.deb "ATALAYA_CODE=$code" && active atalaya-agent && eventually status_has '"connected": true' &&
    [ "$(property atalaya-agent User)" = atalaya-agent ] && [ "$(in_machine stat -c '%a %U' $AGENT/identity.json)" = "600 atalaya-agent" ] &&
    ! in_machine sh -c "journalctl -q | grep -F '$code'" && ! in_machine grep -rqF "$code" /var/log
}

# The probes as the service has them: its own unit, only the command is another.
sandboxed_probe() {
  in_machine sh -c 'sed -e "/^ExecStartPre=/d" -e "s|^ExecStart=.*|ExecStart=/usr/bin/atalaya-agent probe --json|" -e "s|^Type=notify|Type=oneshot|" \
    -e "/^Restart/d" -e "/^WatchdogSec/d" -e "/^StandardOutput/d" -e "s|^NoNewPrivileges|StandardOutput=truncate:/var/log/probe.json\nNoNewPrivileges|" \
    /usr/lib/systemd/system/atalaya-agent.service >/run/systemd/system/atalaya-probe.service'
  in_machine systemctl daemon-reload
  in_machine systemctl start atalaya-probe.service || { in_machine journalctl -q -u atalaya-probe; return 1; }
  in_machine cat /var/log/probe.json >"$T/sandbox.json"
  in_machine env PATH=/packages/recorded:/usr/sbin:/usr/bin:/sbin:/bin atalaya-agent probe --json >"$T/root.json"
  node tests/packages/same_readings.mjs "$T/root.json" "$T/sandbox.json"
}
# Rules to be read, and drives: a machine like this has none, so smartctl is a script that says what real ones said.
probes_agree() {
  in_machine sed -i 's|^# path = .*|path = "/packages/recorded:/usr/sbin:/usr/bin:/sbin:/bin"|; s|"9.9.9.9"|"127.0.0.1"|; s|"8.8.8.8:443"|"127.0.0.1:7443"|' \
    /etc/atalaya/agent.toml
  in_machine nft -f - <<<'table inet filter { chain input { type filter hook input priority 0; policy drop; iif lo accept; tcp dport 7443 accept; }; }' || return 1
  sandboxed_probe || return 1
  in_machine sed -i 's|^path = .*|# path = ""|' /etc/atalaya/agent.toml
}
# ask_rules ACCOUNT QUESTION: what the reader of rules answers.
ask_rules() {
  in_machine runuser -u "$1" -- perl -MIO::Socket::UNIX -e '
    my $s = IO::Socket::UNIX->new(Peer => "/run/atalaya-agent-rules.sock") or die "$!\n"; print $s $ARGV[0]; $s->shutdown(1); print <$s>' "$2"
}
readers_refuse_the_rest() {
  local question answer rules='{"program":"nft","arguments":["-j","list","ruleset"]}'
  answer="$(ask_rules atalaya-agent "$rules")"
  [[ "$answer" == *'"code":0'* ]] || { echo "$answer"; return 1; }
  for question in '{"program":"nft","arguments":["flush","ruleset"]}' '{"program":"sh","arguments":["-c","id"]}' 'x'; do
    answer="$(ask_rules atalaya-agent "$question")"
    [ -z "$answer" ] || { echo "$question: $answer"; return 1; }
  done
  # Others may not even ask.
  answer="$(ask_rules nobody "$rules" 2>&1)"
  [ "$answer" = "Permission denied" ] || { echo "$answer"; return 1; }
}

# As the page of the manual says.
backup_is_restored() {
  local copy devices
  in_machine systemctl start atalaya-collector-backup.service || return 1
  copy="$(in_machine sh -c 'ls -1d /var/backups/atalaya-collector/atalaya-* | tail -n 1')"
  devices="$(in_machine runuser -u atalaya-collector -- atalaya-collector device list)"
  in_machine systemctl stop atalaya-collector
  in_machine sh -c "cd /var/lib/atalaya-collector && rm -rf ./* && cp -p $copy/* . && chown atalaya-collector: *" || return 1
  in_machine systemctl start atalaya-collector && eventually status_has '"connected": true' || return 1
  [ -n "$devices" ] && [ "$(in_machine runuser -u atalaya-collector -- atalaya-collector device list | cut -c 1-30)" = "$(cut -c 1-30 <<<"$devices")" ]
}
stops_within_five_seconds() {
  local started
  started="$(date +%s%N)"
  in_machine systemctl stop atalaya-agent || return 1
  echo "$((($(date +%s%N) - started) / 1000000)) ms"
  [ $(($(date +%s%N) - started)) -le 5000000000 ] && [ "$(property atalaya-agent Result)" = success ] && in_machine systemctl start atalaya-agent
}
pid_changed() { local now; now="$(property atalaya-agent MainPID)"; [ "$now" != "$1" ] && [ "$now" != 0 ] && active atalaya-agent; }
quick_to_restart() {
  in_machine mkdir -p /run/systemd/system/atalaya-agent.service.d
  printf '[Service]\nRestartSec=1\nWatchdogSec=15\n' | in_machine tee /run/systemd/system/atalaya-agent.service.d/quick.conf >/dev/null
  in_machine sed -i 's/^interval_s = .*/interval_s = 1/; s/^rules_every_s = .*/rules_every_s = 10/' /etc/atalaya/agent.toml
  in_machine systemctl daemon-reload && in_machine systemctl restart atalaya-agent
}
killed_it_comes_back() {
  local pid
  quick_to_restart && pid="$(property atalaya-agent MainPID)" || return 1
  in_machine kill -KILL "$pid" && eventually pid_changed "$pid" && eventually status_has '"connected": true'
}
a_loop_that_hangs_is_replaced() {
  local pid
  pid="$(property atalaya-agent MainPID)"
  in_machine kill -STOP "$pid" && eventually pid_changed "$pid" && in_machine journalctl -q -u atalaya-agent | grep -i 'watchdog timeout'
}
# Each round waits 4 s for rules that never come.
a_probe_that_hangs_is_not_the_end() {
  in_machine sh -c 'mkdir -p /usr/local/lib/hung && printf "#!/bin/sh\nexec sleep 1000\n" >/usr/local/lib/hung/nft && chmod 755 /usr/local/lib/hung/nft'
  in_machine sed -i 's|^# path = .*|path = "/usr/local/lib/hung:/usr/sbin:/usr/bin:/sbin:/bin"|' /etc/atalaya/agent.toml
  in_machine systemctl restart atalaya-agent
  local pid since
  pid="$(property atalaya-agent MainPID)"
  since=$SECONDS
  eventually in_machine sh -c 'pgrep -f "sleep 1000"' || return 1
  while [ $((SECONDS - since)) -lt 20 ]; do sleep 0.5; done
  [ "$(property atalaya-agent MainPID)" = "$pid" ] || return 1
  in_machine sed -i 's|^path = .*|# path = ""|' /etc/atalaya/agent.toml
  in_machine systemctl restart atalaya-agent
}
wrong_settings_are_named() {
  in_machine cp -p /etc/atalaya/agent.toml /root/agent.toml
  in_machine sed -i 's/^interval_s = .*/interval_s = 0/' /etc/atalaya/agent.toml
  local started=0
  in_machine systemctl restart atalaya-agent || started=1
  in_machine cp -p /root/agent.toml /etc/atalaya/agent.toml
  in_machine journalctl -q -u atalaya-agent | grep 'interval_s = 0' && [ "$started" = 1 ] && eventually active atalaya-agent
}
device() { in_machine atalaya-agent status --json | sed -n 's/.*"device_id": "\(.*\)".*/\1/p'; }
upgrade_keeps_identity_and_settings() {
  local before pid
  before="$(device)" pid="$(property atalaya-agent MainPID)"
  install agent-next.deb A= && [ "$(in_machine dpkg-query -W -f '${Version}' atalaya-agent)" = 99.0.0-1 ] && eventually pid_changed "$pid" &&
    [ -n "$before" ] && [ "$(device)" = "$before" ] && in_machine grep -q '^interval_s = 1$' /etc/atalaya/agent.toml &&
    eventually status_has '"connected": true'
}
removal_keeps_what_waits() {
  in_machine systemctl stop atalaya-collector
  eventually status_has '"undelivered": [1-9]' || return 1
  in_machine apt-get -y -q remove atalaya-agent >"$T/remove.log" 2>&1 || { cat "$T/remove.log"; return 1; }
  grep -q 'registros esperan ser entregados' "$T/remove.log" && ! active atalaya-agent && in_machine test -e $AGENT/identity.json -a -d $AGENT/spool
}
purge_refuses_to_lose_records() {
  ! in_machine apt-get -y -q purge atalaya-agent >"$T/purge.log" 2>&1 && grep -q 'ATALAYA_DISCARD=yes' "$T/purge.log" && in_machine test -e $AGENT/identity.json
}
rpm_installs_and_erases() {
  in_machine systemctl start atalaya-collector || return 1
  local root="/proc/$MACHINE_PID/root"
  nsenter -t "$MACHINE_PID" -u -i -n -p rpm --root "$root" --dbpath /var/lib/rpm --nodeps -i "$T"/packages/atalaya-agent-*.rpm >"$T/rpm.log" 2>&1
  cat "$T/rpm.log"
  grep -q 'enroll CÓDIGO' "$T/rpm.log" && in_machine atalaya-agent --version && active atalaya-agent-rules.socket || return 1
  local code before
  code="$(in_machine runuser -u atalaya-collector -- atalaya-collector code create --approve | grep -o 'atl1\.[A-Za-z0-9_-]*' | head -n 1)"
  in_machine runuser -u atalaya-agent -- atalaya-agent enroll "$code" && in_machine systemctl start atalaya-agent && eventually status_has '"connected": true' || return 1
  before="$(device)"
  in_machine sed -i 's/^interval_s = .*/interval_s = 7/' /etc/atalaya/agent.toml
  nsenter -t "$MACHINE_PID" -u -i -n -p rpm --root "$root" --dbpath /var/lib/rpm --nodeps -U "$T"/next/atalaya-agent-*.rpm || return 1
  [ "$(device)" = "$before" ] && in_machine grep -q '^interval_s = 7$' /etc/atalaya/agent.toml && eventually active atalaya-agent &&
    eventually status_has '"connected": true' || return 1
  in_machine systemctl stop atalaya-collector && eventually status_has '"undelivered": [1-9]' || return 1
  nsenter -t "$MACHINE_PID" -u -i -n -p rpm --root "$root" --dbpath /var/lib/rpm --nodeps -e atalaya-agent >"$T/rpm.log" 2>&1 || return 1
  cat "$T/rpm.log"
  grep -q 'registros esperan ser entregados' "$T/rpm.log" && in_machine test -e $AGENT/identity.json || return 1
  nsenter -t "$MACHINE_PID" -u -i -n -p rpm --root "$root" --dbpath /var/lib/rpm --nodeps -i "$T"/packages/atalaya-agent-*.rpm || return 1
  in_machine systemctl start atalaya-collector && eventually status_has '"connected": true' && eventually status_has '"undelivered": 0' || return 1
  nsenter -t "$MACHINE_PID" -u -i -n -p env ATALAYA_DISCARD=yes rpm --root "$root" --dbpath /var/lib/rpm --nodeps -e atalaya-agent || return 1
  gone /usr/bin/atalaya-agent && gone $AGENT && gone /usr/lib/systemd/system/atalaya-agent.service
}

### All of it
[ "$(id -u)" -eq 0 ] || broken "the packages are not tried: they live in mounts and namespaces of their own, which want root"
install_packages "$T/apt.log" mmdebstrap lintian rpm groff systemd util-linux procps || broken "Debian packages"
# shellcheck disable=SC2086 # empty or one word
bash installer/package.sh $MODE --output "$T/packages" >"$T/build.log" 2>&1 || { tail -n 20 "$T/build.log"; broken "the packages could not be built"; }
# shellcheck disable=SC2086
bash installer/package.sh $MODE --output "$T/next" --version 99.0.0 agent >"$T/build.log" 2>&1 || { tail -n 20 "$T/build.log"; broken "the next version could not be built"; }
echo "packages built after $SECONDS s"
check "lintian finds no error" no_lintian_error
check "no unit is more exposed than 2.0, the one that updates signatures than 2.3" no_more_exposed_than_two
check "the rpm holds what the deb holds" rpm_lists_its_files
check "the manual names every order of the programs" pages_name_every_order
[ -n "$MODE" ] || check "the agent takes 8 MiB at most" agent_is_small

clean_root "$CACHE/clean-root" >"$T/root.log" 2>&1 || { tail -n 20 "$T/root.log"; broken "the clean root could not be made"; }
mkdir "$T/layer" "$T/machine" && mount -t tmpfs tmpfs "$T/layer" && mkdir "$T/layer/upper" "$T/layer/work" &&
  mount -t overlay -o "lowerdir=$CACHE/clean-root/root,upperdir=$T/layer/upper,workdir=$T/layer/work" overlay "$T/machine" || broken "no overlay file system"
mkdir "$T/machine/packages"
cp "$T"/packages/atalaya-agent_*.deb "$T/machine/packages/agent.deb"
cp "$T"/next/atalaya-agent_*.deb "$T/machine/packages/agent-next.deb"
cp "$T"/packages/atalaya-collector_*.deb "$T/machine/packages/collector.deb"
mkdir "$T/machine/packages/recorded"
cp agent/fixtures/smartctl/scan.json agent/fixtures/smartctl/ata-ageing.json "$T/machine/packages/recorded/"
printf '#!/bin/sh\ncase "$*" in *--scan*) cat /packages/recorded/scan.json ;; *) cat /packages/recorded/ata-ageing.json ;; esac\n' \
  >"$T/machine/packages/recorded/smartctl"
chmod 755 "$T/machine/packages/recorded/smartctl"
boot "$T/machine" || broken "the machine does not boot"
echo "machine booted after $SECONDS s"
check "the collector installs and serves under its own account" collector_serves
check "the backup makes whole copies and keeps the newest" backup_keeps_the_newest
check "without a code the agent installs, waits and says how to enrol" installed_without_a_code
check "the units are well formed" units_are_well_formed
check "purged, the agent leaves nothing behind" purge_leaves_nothing A=
check "with a code it enrols, starts and keeps the code to itself" installed_with_a_code
check "a copy of the collector's data is restored, and the agent knows it again" backup_is_restored
check "it stops within five seconds" stops_within_five_seconds
check "every probe reads in the sandbox what root reads" probes_agree
check "readers answer the agent's account, and only what is permitted" readers_refuse_the_rest
check "killed, the service comes back" killed_it_comes_back
check "a loop that hangs is replaced by the watchdog" a_loop_that_hangs_is_replaced
check "a probe that hangs is not the end of the service" a_probe_that_hangs_is_not_the_end
check "wrong settings keep it from starting and are named" wrong_settings_are_named
check "an upgrade keeps identity and settings and restarts" upgrade_keeps_identity_and_settings
check "removed with records waiting, it keeps them and says so" removal_keeps_what_waits
check "purge refuses to lose undelivered records" purge_refuses_to_lose_records
check "told to, purge takes everything" purge_leaves_nothing ATALAYA_DISCARD=yes
check "the rpm installs, upgrades and erases likewise" rpm_installs_and_erases
echo "finished after $SECONDS s"
close
