#!/usr/bin/env bash
# Benchmarks: absolute values and their ratios to the targets. Only kill.sh, which looks for lost records, fails.
#
#   bash tests/bench/run.sh            all of them (about 25 minutes after the build)
#   bash tests/bench/run.sh NAME…      agent, intake, ticket, fleet, desk, kill, icmp, footprint
#
# Figures are also kept, one JSON object a line, in target/bench.jsonl (ATALAYA_BENCH_RESULTS).
set -uo pipefail
FOLDER="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
NAMES=("$@")
[ "${#NAMES[@]}" -gt 0 ] || NAMES=(intake ticket fleet desk kill agent icmp footprint)
STATUS=0
for name in "${NAMES[@]}"; do
  [ -f "$FOLDER/$name.sh" ] || { echo "error: no benchmark «$name»: agent, intake, ticket, fleet, desk, kill, icmp, footprint" >&2; exit 1; }
  echo "== $name ($(nproc) cores)"
  bash "$FOLDER/$name.sh" || STATUS=1
done
exit "$STATUS"
