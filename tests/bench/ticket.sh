#!/usr/bin/env bash
# From a failing reading taken on a PC to the open ticket anyone can see.
#   ticket.sh [ROUNDS]
. "$(dirname "${BASH_SOURCE[0]}")/lib/bench.sh"
ROUNDS="${1:-5}"
build
settings "$WORK/collector"
serve
TOKEN=$(token)
runs() { curl -fsS -H "Authorization: Bearer $TOKEN" "$URL/api/v1/runs" | jq "$1"; }
# PC number 0 of every seed has a failing drive; a new seed is a new PC.
WORST=0 SUM=0
for round in $(seq "$ROUNDS"); do
  BEFORE=$(runs '[.. | objects | select(has("folio"))] | length')
  "$SIMULATOR" enrol --devices 1 --seed "$round" --identities "$WORK/pcs$round" -- "$COLLECTOR" --config "$CONFIG" >/dev/null || fail "enrolment"
  FROM=$(date +%s%N)
  "$SIMULATOR" fleet --sick --devices 1 --seed "$round" --interval 60 --identities "$WORK/pcs$round" -- \
    "$COLLECTOR" --config "$CONFIG" >"$WORK/fleet.log" 2>&1 &
  F=$!
  STARTED+=("$F")
  until [ "$(runs '[.. | objects | select(has("folio"))] | length')" -gt "$BEFORE" ]; do
    [ $((($(date +%s%N) - FROM) / 1000000000)) -lt 60 ] || fail "no ticket within a minute"
    sleep 0.02
  done
  MS=$((($(date +%s%N) - FROM) / 1000000))
  stop "$F"
  SUM=$((SUM + MS))
  [ "$MS" -gt "$WORST" ] && WORST=$MS
done
value "ticket: mean of $ROUNDS" "$(reckon "$SUM / $ROUNDS / 1000")" "s"
figure "ticket: slowest of $ROUNDS" "$(reckon "$WORST / 1000")" "s" at-most 2
