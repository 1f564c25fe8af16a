#!/usr/bin/env bash
# The intake: CPU of the collector (and of PostgreSQL) for 100,000 values, TLS and a durable commit included, and
# what a value takes in the database. Steady: one record a batch, as PCs report. Backlog: many, as after a break.
#   intake.sh [VALUES] [DEVICES]
. "$(dirname "${BASH_SOURCE[0]}")/lib/bench.sh"
VALUES="${1:-600000}" DEVICES="${2:-200}"
build
measure() { # measure ENGINE NAME BATCH PID…
  local engine="$1" name="$2" batch="$3" before line got size
  shift 3
  size=$(database_bytes)
  before=$(cpu_seconds "$@")
  line=$("$SIMULATOR" load --devices "$DEVICES" --values "$VALUES" --batch "$batch" --identities "$WORK/$engine/pcs" \
    --journal "$WORK/journal" -- "$COLLECTOR" --config "$CONFIG") || fail "$line"
  got=$(jq .values <<<"$line")
  local cpu target=1
  cpu=$(reckon "($(cpu_seconds "$@") - $before) * 100000 / $got")
  if [ "$engine" = sqlite ]; then
    figure "intake: $engine, $name: CPU" "$cpu" "CPU-s per 100,000" at-most "$target"
  else
    value "intake: $engine, $name: CPU with the server" "$cpu" "CPU-s per 100,000"
  fi
  value "intake: $engine, $name: throughput" "$(jq '.values / .seconds' <<<"$line")" "values/s"
  figure "intake: $engine, $name: database" "$(reckon "($(database_bytes) - $size) / $got")" "bytes a value" at-most 20
}
enrol() { "$SIMULATOR" enrol --devices "$DEVICES" --identities "$WORK/$1/pcs" -- "$COLLECTOR" --config "$CONFIG" >/dev/null || fail "enrolment"; }

settings "$WORK/sqlite"
serve
DB=$(find "$WORK/sqlite/data" -name '*.db' | head -n 1)
database_bytes() { sqlite3 "$DB" 'SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)'; }
enrol sqlite
measure sqlite "one record a batch" 1 "$PID"
measure sqlite "backlog, 128 a batch" 128 "$PID"
stop "$PID"

start_postgres
settings "$WORK/postgresql" "$DATABASE"
serve
database_bytes() { "${PSQL[@]}" -c 'SELECT pg_database_size(current_database())'; }
enrol postgresql
measure postgresql "one record a batch" 1 "$PID" "$POSTGRES_PID"
measure postgresql "backlog, 128 a batch" 128 "$PID" "$POSTGRES_PID"
