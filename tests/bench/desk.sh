#!/usr/bin/env bash
# Mesa de Ayuda over 100,000 runs with 1.5 million events, on SQLite and on PostgreSQL: list, run and step with 20 people at
# work over HTTP, and the ledger verified.
#   desk.sh [RUNS] [SECONDS]     ATALAYA_BENCH_BUILT=1: with the collector that is built already
. "$(dirname "${BASH_SOURCE[0]}")/lib/bench.sh"
LIB="$(dirname "${BASH_SOURCE[0]}")/lib"
RUNS="${1:-100000}" SECONDS_AT_WORK="${2:-60}" PEOPLE=20
[ -n "${ATALAYA_BENCH_BUILT:-}" ] || build

# enter LOGIN: a person who administers, by a one-time link; prints the cookie.
enter() {
  local link jar="$WORK/cookies.$1"
  link="$("$COLLECTOR" --config "$CONFIG" admin create --login "$1" --name "Persona ${1#persona}" 2>/dev/null | grep -o 'http[^[:space:]]*' | head -n 1)"
  [ -n "$link" ] || fail "admin create gave no link"
  curl -fsS -o /dev/null -c "$jar" --data-urlencode "clave=una clave bastante larga" --data-urlencode "otra=una clave bastante larga" "$link" ||
    fail "signing in"
  awk -F'\t' 'NF == 7 {print $6 "=" $7; exit}' "$jar"
}

# fill: the rows of runs.sql, and what a vacuum would know of them.
fill() {
  local edition now numbers
  edition="$(curl -fsS -H "Authorization: Bearer $(token)" "$URL/api/v1/procedures" | jq -r '.. | objects | select(.code? == "corrective") | .edition' | head -n 1)"
  [ -n "$edition" ] || fail "no edition of the corrective procedure"
  now="$(date +%s)000000"
  if [ "$1" = sqlite ]; then
    numbers="WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < $RUNS) SELECT n FROM c"
  else
    numbers="SELECT cast(n AS bigint) FROM generate_series(1, $RUNS) AS c(n)"
  fi
  sed -e "s/NUMBERS/$numbers/" -e "s/NOW_US/cast($now AS bigint)/g" -e "s/EDITION/$edition/" -e "s/RUNS/$RUNS/g" "$LIB/runs.sql" >"$WORK/fill.sql"
  # SQLite names no columns of a subquery from outside.
  [ "$1" = sqlite ] && sed -i -e 's/AS numbers (n)/AS numbers/' "$WORK/fill.sql"
  [ "$1" = sqlite ] || sed -i -e "s/substr('\(0*\)' || n, -\([67]\), [67])/lpad(cast(n AS text), \2, '0')/g" "$WORK/fill.sql"
  stop "$PID"
  if [ "$1" = sqlite ]; then
    { echo "BEGIN;"; cat "$WORK/fill.sql"; echo "COMMIT; ANALYZE;"; } | sqlite3 -bail "$(dirname "$CONFIG")/data/atalaya.db" || fail "filling SQLite"
  else
    { echo "BEGIN;"; cat "$WORK/fill.sql"; echo "COMMIT; VACUUM ANALYZE;"; } | "${PSQL[@]}" -v ON_ERROR_STOP=1 -f - || fail "filling PostgreSQL"
  fi
}

measure() { # measure ENGINE
  local cookies="$WORK/cookies.$1" open="$WORK/open.$1" from number figures audit
  serve
  for number in $(seq 0 $((PEOPLE - 1))); do
    "$COLLECTOR" --config "$CONFIG" area create "Área $number" >/dev/null || fail "area create"
    enter "persona$number"
  done >"$cookies"
  say "$1: $RUNS runs with $((RUNS * 15)) events"
  fill "$1"
  from="$(date +%s%N)"
  serve
  value "$1: rows from before taken into the ledger, at the start" "$(reckon "($(date +%s%N) - $from) / 1e9")" "s"
  for number in $(seq 20 20 "$RUNS"); do printf 'bench-%07d\n' "$number"; done | shuf --random-source=<(yes) >"$open"
  figures="$(node "$LIB/people.mjs" "$URL" "$cookies" "$open" "$SECONDS_AT_WORK" 1000)" || fail "people at work"
  figure "$1: list of runs, p95 with $PEOPLE people" "$(jq .list.p95 <<<"$figures")" "ms" at-most 50
  figure "$1: page of a run, p95 with $PEOPLE people" "$(jq .run.p95 <<<"$figures")" "ms" at-most 30
  figure "$1: a step carried out, p95 with $PEOPLE people" "$(jq .step.p95 <<<"$figures")" "ms" at-most 10
  value "$1: the same, median" "$(jq .step.median <<<"$figures")" "ms"
  value "$1: steps carried out" "$(jq .step.count <<<"$figures")" "in $SECONDS_AT_WORK s"
  audit="$("$COLLECTOR" --config "$CONFIG" audit verify)" || fail "the ledger is not sound: $audit"
  say "$audit"
  figure "$1: audit verify" "$(sed -n 's/.*(\([0-9]*\) por segundo).*/\1/p' <<<"$audit")" "events/s" at-least 200000
  [ -z "${ATALAYA_BENCH_KEEP:-}" ] || { say "kept: $CONFIG, $URL"; read -r _; }
  stop "$PID"
}

settings "$WORK/sqlite"
measure sqlite
value "sqlite: size of the database" "$(reckon "$(stat -c %s "$WORK/sqlite/data/atalaya.db") / 1048576")" "MiB"
start_postgres
settings "$WORK/postgres-collector" "$DATABASE"
measure postgres
