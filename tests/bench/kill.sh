#!/usr/bin/env bash
# kill -9 of the collector in a loop under load: everything acknowledged must be in the database, once.
# The one script here that fails: when a record is missing or doubled.
#   kill.sh [KILLS] [DEVICES]
. "$(dirname "${BASH_SOURCE[0]}")/lib/bench.sh"
KILLS="${1:-20}" DEVICES="${2:-40}"
build
settings "$WORK/collector"
serve
PCS=(--devices "$DEVICES" --identities "$WORK/pcs")
"$SIMULATOR" enrol "${PCS[@]}" -- "$COLLECTOR" --config "$CONFIG" >/dev/null || fail "enrolment"
"$SIMULATOR" load "${PCS[@]}" --values $((DEVICES * 12 * 20000)) --batch 4 --journal "$WORK/journal" --patience 30 -- \
  "$COLLECTOR" --config "$CONFIG" >"$WORK/load.json" 2>"$WORK/load.log" &
LOAD=$!
STARTED+=("$LOAD")
for _ in $(seq "$KILLS"); do
  sleep "0.$((RANDOM % 9 + 1))"
  kill -KILL "$PID"
  wait "$PID" 2>/dev/null
  serve
done
# The load is more than can be done meanwhile: it is told to stop, and what it then knows to be acknowledged counts.
kill -0 "$LOAD" 2>/dev/null || fail "the load ended before the kills did: $(tail -n 1 "$WORK/load.log")"
stop "$LOAD"
stop "$PID"
[ -s "$WORK/journal" ] || fail "no journal was written"

DB="$WORK/collector/data/$(cd "$WORK/collector/data" && find . -name '*.db' | head -n 1)"
ACKNOWLEDGED=$(jq -s 'map(.acknowledged) | add' "$WORK/journal")
BREAKS=$(jq -s 'map(.breaks) | add' "$WORK/journal")
jq -r '[.device_id, .acknowledged] | @csv' "$WORK/journal" >"$WORK/acknowledged.csv"
sqlite3 "$DB" >"$WORK/wrong" <<SQL
CREATE TEMP TABLE acknowledged (device_id TEXT, seq INTEGER);
.mode csv
.import '$WORK/acknowledged.csv' acknowledged
.mode list
SELECT a.device_id, a.seq, s.last_seq, count(m.taken_at), count(DISTINCT m.taken_at)
FROM acknowledged a JOIN device d ON d.id = a.device_id
LEFT JOIN device_stream s ON s.device_id = d.id LEFT JOIN sample m ON m.device_number = d.number
GROUP BY a.device_id
HAVING s.last_seq IS NULL OR s.last_seq < a.seq OR count(m.taken_at) <> s.last_seq;
SQL
value "kills" "$KILLS" ""
value "streams broken and opened again" "$BREAKS" ""
value "records acknowledged" "$ACKNOWLEDGED" ""
value "PCs with something missing or doubled" "$(wc -l <"$WORK/wrong")" "of $DEVICES"
[ "$(sqlite3 "$DB" 'PRAGMA integrity_check')" = ok ] || fail "the database is damaged"
[ ! -s "$WORK/wrong" ] || { cat "$WORK/wrong" >&2; fail "device, acknowledged, stored seq, samples, distinct samples"; }
