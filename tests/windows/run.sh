#!/usr/bin/env bash
# The Windows agent under Wine against a real collector: readings, enrolment, delivery, the service, the MSI.
#
#   bash tests/windows/run.sh COLLECTOR        COLLECTOR: the collector's program
#
# One line a test, `ok …` or `not ok …`; the last line is `N passed, N failed`. What it starts it stops.
set -uo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT="$(cd "$HERE/../.." && pwd)"
COLLECTOR="${1:?usage: tests/windows/run.sh COLLECTOR}"

WORK="$(mktemp -d "${TMPDIR:-/tmp}/atalaya-windows.XXXXXX")"
COLLECTOR_PID=
stop() {
  [ -z "$COLLECTOR_PID" ] || { kill -TERM "$COLLECTOR_PID" && wait "$COLLECTOR_PID"; } 2>/dev/null
  if [ -n "${KEEP:-}" ]; then echo "kept: $WORK" >&2; else rm -rf "$WORK"; fi
}
trap stop EXIT
trap 'exit 130' INT TERM
broken() { echo "not ok $*"; echo "0 passed, 1 failed"; exit 1; }

EXE="$(bash "$ROOT/installer/windows/build.sh" --dev)" || broken "the agent builds for Windows"
mkdir "$WORK/exchange" "$WORK/old" || exit 1
cp "$EXE" "$HERE/scenario.sh" "$WORK/exchange/"
MSI="$(bash "$ROOT/installer/windows/msi.sh" "$EXE" "$WORK/exchange")" || broken "the MSI is packed"
# The version before, to be upgraded.
OLD="$(ATALAYA_MSI_VERSION=0.0.9 bash "$ROOT/installer/windows/msi.sh" "$EXE" "$WORK/old")" || broken "an older MSI is packed"
mv "$MSI" "$WORK/exchange/new.msi" && mv "$OLD" "$WORK/exchange/old.msi"

free_port() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
WEB="$(free_port)" AGENTS="$(free_port)"
cat >"$WORK/collector.toml" <<TOML
data_dir = "$WORK/data"

[web]
listen = "127.0.0.1:$WEB"

[agent_listener]
listen = "127.0.0.1:$AGENTS"
public_address = "127.0.0.1:$AGENTS"
TOML
start_collector() {
  "$COLLECTOR" --config "$WORK/collector.toml" serve >>"$WORK/collector.log" 2>&1 &
  COLLECTOR_PID=$!
  local attempt
  for attempt in $(seq 300); do
    curl -fsS -o /dev/null "http://127.0.0.1:$WEB/healthz" 2>/dev/null && return 0
    sleep 0.1
  done
  tail -n 5 "$WORK/collector.log"
  broken "the collector starts"
}
code() { "$COLLECTOR" --config "$WORK/collector.toml" code create --approve | grep -o 'atl1\.[A-Za-z0-9_-]*' | head -n 1; }

start_collector
code >"$WORK/exchange/code" && code >"$WORK/exchange/code-msi" || broken "the collector gives codes"

# The scenario asks for the collector to be taken away and brought back by making a file.
(
  until [ -e "$WORK/exchange/take-away" ]; do sleep 0.2; done
  kill -TERM "$COLLECTOR_PID"
  touch "$WORK/exchange/taken-away"
) &
WATCHER=$!
(
  until [ -e "$WORK/exchange/bring-back" ]; do sleep 0.2; done
  start_collector
  echo "$COLLECTOR_PID" >"$WORK/collector.pid"
  wait "$COLLECTOR_PID"
) &
BACK=$!
bash "$ROOT/installer/windows/wine.sh" "$WORK/exchange" sh scenario.sh 2>"$WORK/scenario.log" | tee "$WORK/results"
kill "$WATCHER" 2>/dev/null
[ -s "$WORK/collector.pid" ] && COLLECTOR_PID="$(cat "$WORK/collector.pid")"

# What arrived, by the collector's own store.
stored() { sqlite3 -readonly "$WORK/data/atalaya.db" "$1" 2>>"$WORK/scenario.log"; }
judge() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1: $2 instead of $3"; fi | tee -a "$WORK/results"; }
judge "every section of the Windows PC arrived" "$(stored 'select count(distinct kind) from section')" 5
judge "nothing was lost on the way" "$(stored 'select count(*) from device_gap')" 0
kill -TERM "$COLLECTOR_PID" 2>/dev/null
kill "$BACK" 2>/dev/null
COLLECTOR_PID=

FAILED="$(grep -c '^not ok' "$WORK/results")"
PASSED="$(grep -c '^ok' "$WORK/results")"
[ "$FAILED" -eq 0 ] || tail -n 40 "$WORK/scenario.log" >&2
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
