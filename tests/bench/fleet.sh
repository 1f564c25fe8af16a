#!/usr/bin/env bash
# A collector with many PCs: start on an existing database of 1,000, the page Flota over them, memory with 60 at work.
#   fleet.sh [DEVICES]
. "$(dirname "${BASH_SOURCE[0]}")/lib/bench.sh"
DEVICES="${1:-1000}"
build wrk
settings "$WORK/large"
serve
say "enrolling $DEVICES PCs and letting each report once, then an hour of reports"
PCS=(--devices "$DEVICES" --identities "$WORK/pcs")
"$SIMULATOR" fleet --sick --once --interval 5 "${PCS[@]}" -- "$COLLECTOR" --config "$CONFIG" >/dev/null || fail "fleet"
"$SIMULATOR" load --values $((DEVICES * 12 * 60)) --batch 60 "${PCS[@]}" -- "$COLLECTOR" --config "$CONFIG" >/dev/null || fail "load"
stop "$PID"
serve
figure "start on a database of $DEVICES PCs" "$(reckon "$READY_MS / 1000")" "s" at-most 1
value "RSS after that start" "$(rss_mib "$PID")" "MiB"

. "$(dirname "${BASH_SOURCE[0]}")/lib/session.sh"
COOKIE=$(session)
page() { # page NAME PATH [TARGET-MS TARGET-PER-SECOND]
  local times cpu n out rate
  for _ in $(seq 60); do
    curl -s -o "$WORK/page" -H "Cookie: $COOKIE" -w '%{http_code} %{time_starttransfer} %{time_pretransfer}\n' "$URL$2"
  done >"$WORK/times"
  grep -qv '^200 ' "$WORK/times" && fail "$2 answered $(cut -d' ' -f1 "$WORK/times" | sort | uniq -c | tr '\n' ' ')"
  times=$(awk '{print ($2 - $3) * 1000}' "$WORK/times" | sort -n | sed -n 30p)
  cpu=$(cpu_seconds "$PID")
  wrk -t1 -c8 -d10s --latency -H "Cookie: $COOKIE" "$URL$2" >"$WORK/wrk"
  grep -q 'Non-2xx' "$WORK/wrk" && fail "$(cat "$WORK/wrk")"
  n=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$WORK/wrk")
  rate=$(sed -n 's/^Requests\/sec: *//p' "$WORK/wrk")
  out=$(wc -c <"$WORK/page")
  value "$1: size" "$(reckon "$out / 1024")" "KiB"
  if [ $# -gt 2 ]; then
    figure "$1: time to first byte, median" "$times" "ms" at-most "$3"
    figure "$1: requests a second" "$rate" "on two cores" at-least "$4"
  else
    value "$1: time to first byte, median" "$times" "ms"
    value "$1: requests a second" "$rate" "on two cores"
  fi
  value "$1: CPU of the collector" "$(reckon "($(cpu_seconds "$PID") - $cpu) / $n * 1000")" "ms a request"
}
page "page Flota, $DEVICES PCs" "/flota" 10 500
page "page Hoy, $DEVICES PCs" "/"
stop "$PID"

settings "$WORK/sixty"
serve
"$SIMULATOR" fleet --sick --devices 60 --interval 10 --identities "$WORK/sixty-pcs" -- "$COLLECTOR" --config "$CONFIG" >"$WORK/sixty.log" 2>&1 &
F=$!
STARTED+=("$F")
until grep -q 'en marcha' "$WORK/sixty.log"; do kill -0 "$F" || fail "fleet: $(tail -n 1 "$WORK/sixty.log")"; sleep 0.2; done
MAX=0
for _ in $(seq 90); do
  sleep 1
  MAX=$(larger "$MAX" "$(rss_mib "$PID")")
done
figure "collector with 60 agents: RSS, largest" "$MAX" "MiB" at-most 60
stop "$F"
