#!/usr/bin/env bash
# CPU of echo requests to 254 loopback addresses, ten each: the agent's sweep beside `fping -i 1 -p 10`, in one run.
#   icmp.sh [REPEAT]
. "$(dirname "${BASH_SOURCE[0]}")/lib/bench.sh"
REPEAT="${1:-5}" REQUESTS=$((254 * 10))
install_packages "$WORK/apt.log" fping || exit 1
say "building (release)"
(cd "$ROOT" && cargo build --release --locked --quiet -p atalaya-agent --example sweep) || fail "the build failed"
SWEEP="$TARGET/release/examples/sweep"
for last in $(seq 254); do echo "127.0.0.$last"; done >"$WORK/addresses"

# Turn by turn, so that neither has the quieter minute; seconds of CPU, a line a turn.
export TIMEFORMAT='%U %S'
for _ in $(seq "$REPEAT"); do
  { time fping -q -c 10 -i 1 -p 10 -f "$WORK/addresses" >/dev/null 2>"$WORK/fping.said"; } 2>>"$WORK/fping"
  { time "$SWEEP" 10 10 1 <"$WORK/addresses" >"$WORK/sweep.said"; } 2>>"$WORK/sweep"
done
[ "$(grep -c '10/10/0%' "$WORK/fping.said")" -eq 254 ] || fail "fping lost answers on loopback"
[ "$(grep -c ' 10 10 ' "$WORK/sweep.said")" -eq 254 ] || fail "the sweep lost answers on loopback"

median() { awk '{print $1 + $2}' "$1" | sort -n | awk '{line[NR] = $1} END {print line[int((NR + 1) / 2)]}'; }
FPING="$(median "$WORK/fping")" AGENT_CPU="$(median "$WORK/sweep")"
value "fping -i 1 -p 10, CPU for $REQUESTS requests" "$FPING" "s"
figure "echo sweep, CPU for $REQUESTS requests (target: fping)" "$AGENT_CPU" "s" at-most "$FPING"
value "echo sweep, CPU of a request" "$(reckon "$AGENT_CPU / $REQUESTS * 1000000")" "µs"
