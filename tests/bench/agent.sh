#!/usr/bin/env bash
# The agent at work for five minutes at its default interval: memory, CPU, bytes on the wire, growth.
#   agent.sh [SECONDS]
. "$(dirname "${BASH_SOURCE[0]}")/lib/bench.sh"
SECONDS_WATCHED="${1:-300}"
# As root in a network of its own: ports that other programs of this machine open and close are no part of the figure.
if [ -z "${ATALAYA_BENCH_ALONE:-}" ]; then
  build smartmontools nftables
  if [ "$(id -u)" -eq 0 ]; then
    rm -rf "$WORK"
    ATALAYA_BENCH_ALONE=1 exec unshare --net -- bash "${BASH_SOURCE[0]}" "$@"
  fi
else
  ip link set lo up
fi
settings "$WORK/collector"
serve
printf 'state_dir = "%s"\n' "$WORK/agent" >"$WORK/agent.toml"
CODE="$("$COLLECTOR" --config "$CONFIG" code create --approve | grep -o 'atl1\.[A-Za-z0-9_-]*')"
"$AGENT" --config "$WORK/agent.toml" enroll "$CODE" >"$WORK/enroll.log" 2>&1 || fail "$(tail -n 2 "$WORK/enroll.log")"
"$AGENT" --config "$WORK/agent.toml" run >"$WORK/agent.log" 2>&1 &
A=$!
STARTED+=("$A")
# Bytes of the agent's connection so far, TLS and HTTP/2 included, TCP and IP headers not.
sent() { ss -tinH dst "$AGENTS" | grep -o 'bytes_sent:[0-9]*' | cut -d: -f2 | sort -n | tail -n 1; }
say "the first readings (70 s) are not counted"
sleep 70
CPU=$(cpu_seconds "$A") SENT=$(sent) RSS_FIRST=$(rss_mib "$A") MAX=0
LAST=$SENT
say "watching for $SECONDS_WATCHED s"
for _ in $(seq "$SECONDS_WATCHED"); do
  sleep 1
  kill -0 "$A" 2>/dev/null || fail "the agent ended: $(tail -n 2 "$WORK/agent.log")"
  MAX=$(larger "$MAX" "$(rss_mib "$A")")
  NOW=$(sent)
  # Anything smaller is a ping that keeps the connection known to be alive, or an acknowledgement of settings.
  [ $((NOW - LAST)) -lt 80 ] || echo $((NOW - LAST)) >>"$WORK/sendings"
  LAST=$NOW
done
CPU=$(reckon "($(cpu_seconds "$A") - $CPU) / $SECONDS_WATCHED * 60")
# Half the rounds and more change nothing: the median sending is the report alone.
REPORT=$(sort -n "$WORK/sendings" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}')
figure "agent: RSS, largest" "$MAX" "MiB" at-most 15
value "agent: PSS at the end" "$(pss_mib "$A")" "MiB"
figure "agent: CPU" "$CPU" "CPU-s a minute" at-most 0.05
figure "agent: a report when nothing changed" "$REPORT" "bytes on the wire" at-most 200
value "agent: everything sent, changes and pings too" "$(reckon "($(sent) - $SENT) * 60 / $SECONDS_WATCHED")" "bytes a minute"
value "agent: growth of RSS while watched" "$(reckon "$(rss_mib "$A") - $RSS_FIRST")" "MiB"
