#!/usr/bin/env bash
# The agent beside the agents of others, all at work in one run at 60 s: memory, CPU an hour, threads, size, wire; then
# one inventory of the software beside fusioninventory-agent's.
#   footprint.sh [SECONDS]      watched for that long (300) after everybody has settled (250)
# Peers are Debian's packages with Debian's settings; each is asked every 60 s for what its own server would ask.
. "$(dirname "${BASH_SOURCE[0]}")/lib/bench.sh"
SECONDS_WATCHED="${1:-300}" SETTLE="${ATALAYA_BENCH_SETTLE:-250}" INTERVAL=60
PEERS=(prometheus-node-exporter zabbix-agent zabbix-agent2 collectd fusioninventory-agent)
AGENT="${ATALAYA_BENCH_AGENT:-$TARGET/small/atalaya-agent}"
COLLECTOR="${ATALAYA_BENCH_COLLECTOR:-$COLLECTOR}"
[ "$(id -u)" -eq 0 ] || fail "as root, please: peers run under their own accounts, and readings ask for privilege"
# In a network of its own: nothing leaves this machine, and ports of other programs are no part of the figures.
if [ -z "${ATALAYA_BENCH_ALONE:-}" ]; then
  install_packages "$WORK/apt.log" "${PEERS[@]}" curl iproute2 procps jq time smartmontools nftables || exit 1
  [ -n "${ATALAYA_BENCH_COLLECTOR:-}" ] || build
  [ -n "${ATALAYA_BENCH_AGENT:-}" ] || (cd "$ROOT" && cargo build --quiet --locked --profile small -p atalaya-agent --bin atalaya-agent) ||
    fail "the build failed"
  rm -rf "$WORK"
  ATALAYA_BENCH_ALONE=1 exec unshare --net -- bash "${BASH_SOURCE[0]}" "$@"
fi
ip link set lo up

as() { # as ACCOUNT PROGRAM…: in its place, under that account
  local account="$1"
  shift
  exec setpriv --reuid "$account" --regid "$(id -g "$account")" --init-groups "$@"
}
declare -A ROOTS
begun() { ROOTS[$1]=$2 && STARTED+=("$2"); }

# --- the agent, delivering to a collector of its own
settings "$WORK/collector"
serve
printf 'state_dir = "%s"\ninterval_s = %s\n' "$WORK/agent" "$INTERVAL" >"$WORK/agent.toml"
CODE="$("$COLLECTOR" --config "$CONFIG" code create --approve | grep -o 'atl1\.[A-Za-z0-9_-]*')"
"$AGENT" --config "$WORK/agent.toml" enroll "$CODE" >"$WORK/enroll.log" 2>&1 || fail "$(tail -n 2 "$WORK/enroll.log")"
"$AGENT" --config "$WORK/agent.toml" run >"$WORK/agent.log" 2>&1 &
begun atalaya-agent $!

# --- the peers
# Nobody else is in this network; Zabbix takes no port above 32767.
NODE=19100 ZABBIX=19050 ZABBIX2=19051
(as nobody prometheus-node-exporter --web.listen-address="127.0.0.1:$NODE") >"$WORK/node.log" 2>&1 &
begun prometheus-node-exporter $!
install -d -o zabbix "$WORK/zabbix" "$WORK/zabbix2"
zabbix() { # zabbix FOLDER PORT LINE…: settings as installed, but for folders and ports
  printf '%s\n' LogType=console "PidFile=$1/pid" Server=127.0.0.1 ListenIP=127.0.0.1 "ListenPort=$2" Hostname=bench "${@:3}" >"$1/conf"
}
zabbix "$WORK/zabbix" "$ZABBIX"
zabbix "$WORK/zabbix2" "$ZABBIX2" "ControlSocket=$WORK/zabbix2/socket"
(as zabbix zabbix_agentd -f -c "$WORK/zabbix/conf") >"$WORK/zabbix.log" 2>&1 &
begun zabbix-agent $!
(as zabbix zabbix_agent2 -f -c "$WORK/zabbix2/conf") >"$WORK/zabbix2.log" 2>&1 &
begun zabbix-agent2 $!
{
  printf 'FQDNLookup false\nHostname "bench"\nInterval %s\nBaseDir "%s/collectd"\nPIDFile "%s/collectd.pid"\n' "$INTERVAL" "$WORK" "$WORK"
  # The plugins Debian switches on.
  printf 'LoadPlugin %s\n' battery cpu df disk entropy interface irq load memory processes rrdtool swap users
  printf '<Plugin rrdtool>\n  DataDir "%s/collectd/rrd"\n</Plugin>\n' "$WORK"
} >"$WORK/collectd.conf"
mkdir -p "$WORK/collectd/rrd"
(exec collectd -f -C "$WORK/collectd.conf") >"$WORK/collectd.log" 2>&1 &
begun collectd $!

# The items of Zabbix' template "Linux by Zabbix agent" that say something without macros.
ITEMS=(agent.hostname agent.ping agent.version system.cpu.num 'system.cpu.load[all,avg1]' 'system.cpu.load[all,avg5]'
  'system.cpu.load[all,avg15]' system.cpu.intr system.cpu.switches kernel.maxfiles kernel.maxproc proc.num 'proc.num[,,run]'
  system.boottime system.hostname system.localtime system.sw.arch 'system.swap.size[,free]' 'system.swap.size[,pfree]'
  'system.swap.size[,total]' system.uname system.uptime system.users.num 'vfs.file.cksum[/etc/passwd,sha256]'
  'vfs.file.contents[/proc/stat]' 'vm.memory.size[available]' 'vm.memory.size[pavailable]' 'vm.memory.size[total]'
  vfs.fs.discovery net.if.discovery vfs.dev.discovery 'vfs.fs.size[/,used]' 'vfs.fs.size[/,total]' 'vfs.fs.size[/,pused]'
  'vfs.fs.inode[/,pfree]' 'net.if.in[lo]' 'net.if.in[lo,errors]' 'net.if.out[lo]' 'net.if.out[lo,errors]')
for mode in idle user nice iowait interrupt softirq steal guest system; do ITEMS+=("system.cpu.util[,$mode]"); done
# ask_zabbix PORT ITEM: one connection an item, as a server's poller does.
ask_zabbix() {
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'ZBXD\x01'"$(printf '\\x%02x' ${#2})"'\0\0\0\0\0\0\0%s' "$2" >&3
  cat <&3
  exec 3>&-
}
drive() {
  for port in "$NODE" "$ZABBIX" "$ZABBIX2"; do
    until (exec 3<>"/dev/tcp/127.0.0.1/$port"); do sleep 0.2; done
  done
  while :; do
    curl -s -o "$WORK/scrape" "http://127.0.0.1:$NODE/metrics"
    for item in "${ITEMS[@]}"; do ask_zabbix "$ZABBIX" "$item"; done >"$WORK/answers"
    for item in "${ITEMS[@]}"; do ask_zabbix "$ZABBIX2" "$item"; done >"$WORK/answers2"
    sleep "$INTERVAL"
  done
} 2>>"$WORK/drive.log"
drive &
STARTED+=($!)

say "settling for $SETTLE s: the agent reads its lists one a round"
sleep "$SETTLE"
for name in "${!ROOTS[@]}"; do
  kill -0 "${ROOTS[$name]}" 2>/dev/null || fail "$name ended; see the log: $(tail -n 3 "$WORK"/*.log)"
done
[ "$(grep -a -o ZBXD "$WORK/answers" | wc -l)" -ge 40 ] && [ "$(grep -a -o ZBXD "$WORK/answers2" | wc -l)" -ge 40 ] || fail "a zabbix agent does not answer"
# Bytes of the agent's connection so far, TLS and HTTP/2 included, TCP and IP headers not.
sent() { ss -tinH dst "$AGENTS" | grep -o 'bytes_sent:[0-9]*' | cut -d: -f2 | sort -n | tail -n 1; }
declare -A CPU PSS THREADS
threads() { local pid; for pid in $(descendants "$1"); do ls "/proc/$pid/task" 2>/dev/null; done | wc -l; }
for name in "${!ROOTS[@]}"; do CPU[$name]=$(cpu_seconds "${ROOTS[$name]}") PSS[$name]=0 THREADS[$name]=0; done
SENT=$(sent)
say "watching for $SECONDS_WATCHED s"
for _ in $(seq $((SECONDS_WATCHED / 2))); do
  sleep 2
  for name in "${!ROOTS[@]}"; do
    # shellcheck disable=SC2046 # one word a process
    PSS[$name]=$(larger "${PSS[$name]}" "$(for pid in $(descendants "${ROOTS[$name]}"); do pss_mib "$pid" 2>/dev/null && echo; done | awk '{sum += $1} END {print sum}')")
    THREADS[$name]=$(larger "${THREADS[$name]}" "$(threads "${ROOTS[$name]}")")
  done
done
hourly() { reckon "($(cpu_seconds "${ROOTS[$1]}") - ${CPU[$1]}) * 3600 / $SECONDS_WATCHED"; }
# Lists are read every six hours; what they cost, an hour.
"$AGENT" --config "$WORK/agent.toml" status --json >"$WORK/status.json" || fail "no status of the agent"
LISTS=$(jq '.service.work.costs | [.updates, .software, .accounts] | map(.cpu_us) | add / 1e6 / 6' "$WORK/status.json") || fail "the lists were not read: $(cat "$WORK/status.json")"
declare -A HOURLY
for name in "${!ROOTS[@]}"; do HOURLY[$name]=$(hourly "$name"); done
printf '%-26s %9s %12s %8s %14s\n' "at $INTERVAL s" "PSS MiB" "CPU-s an hour" threads "installed MiB"
for name in atalaya-agent prometheus-node-exporter zabbix-agent zabbix-agent2 collectd; do
  if [ "$name" = atalaya-agent ]; then SIZE=$(reckon "$(stat -c %s "$AGENT") / 1048576"); else SIZE=$(reckon "$(dpkg-query -W -f '${Installed-Size}' "$name") / 1024"); fi
  printf '%-26s %9.1f %12.2f %8d %14.1f\n' "$name" "${PSS[$name]}" "${HOURLY[$name]}" "${THREADS[$name]}" "$SIZE"
done
figure "agent: PSS, largest" "${PSS[atalaya-agent]}" MiB at-most 8
figure "agent: CPU at 60 s beside zabbix-agent's" "${HOURLY[atalaya-agent]}" "CPU-s an hour" at-most "${HOURLY[zabbix-agent]}"
value "agent: its lists, if all were asked every 6 h" "$LISTS" "CPU-s an hour"
figure "agent: threads, most" "${THREADS[atalaya-agent]}" threads at-most 5
figure "agent: program" "$(reckon "$(stat -c %s "$AGENT") / 1048576")" MiB at-most 8
figure "agent: sent" "$(reckon "($(sent) - $SENT) * 3600 / $SECONDS_WATCHED / 1024")" "KiB an hour" at-most 15

# --- one inventory
say "one inventory of the software, each"
cost() { awk -F': ' '/User time|System time/ {cpu += $2} /Maximum resident/ {rss = $2 / 1024} END {printf "%.2f %.1f", cpu, rss}' "$1"; }
/usr/bin/time -v -o "$WORK/own.time" "$AGENT" probe software --json >"$WORK/own.json" || fail "the agent's inventory failed"
/usr/bin/time -v -o "$WORK/peer.time" fusioninventory-agent --local="$WORK" --force --logger=stderr --tasks=inventory >"$WORK/fusion.log" 2>&1 || fail "$(tail -n 3 "$WORK/fusion.log")"
read -r OWN_CPU OWN_RSS <<<"$(cost "$WORK/own.time")"
read -r PEER_CPU PEER_RSS <<<"$(cost "$WORK/peer.time")"
value "agent: programs listed" "$(jq '.software | (.programs | length) + .left_out' "$WORK/own.json")" programs
value "fusioninventory-agent: programs listed" "$(cat "$WORK"/*.ocs "$WORK"/*.xml 2>/dev/null | grep -c '<SOFTWARES>')" programs
figure "agent: inventory" "$OWN_CPU" CPU-s at-most 0.3
figure "agent: inventory, largest RSS" "$OWN_RSS" MiB at-most 20
value "fusioninventory-agent: inventory" "$PEER_CPU" CPU-s
value "fusioninventory-agent: inventory, largest RSS" "$PEER_RSS" MiB
