# shellcheck shell=bash
# What every benchmark needs: release builds, a collector of its own, figures beside their targets. Sourced.
# All traffic stays on loopback; what is started here is stopped by its id; files go to a temporary folder.
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
. "$ROOT/installer/debian.sh"
export LC_ALL=C.UTF-8
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"
# ATALAYA_BENCH_PROFILE=debug tries a script out; its figures mean nothing.
PROFILE="${ATALAYA_BENCH_PROFILE:-release}"
PROGRAMS="$TARGET/$PROFILE"
COLLECTOR="$PROGRAMS/atalaya-collector" AGENT="$PROGRAMS/atalaya-agent" SIMULATOR="$PROGRAMS/atalaya-simulator"
RESULTS="${ATALAYA_BENCH_RESULTS:-$TARGET/bench.jsonl}"
WORK="$(mktemp -d "${TMPDIR:-/tmp}/atalaya-bench.XXXXXX")"
chmod 755 "$WORK"
STARTED=()

say() { echo "# $*" >&2; }
fail() { echo "error: $*" >&2; exit 1; }
clean() {
  local at
  for ((at = ${#STARTED[@]} - 1; at >= 0; at--)); do stop "${STARTED[$at]}"; done
  rm -rf "$WORK"
}
trap clean EXIT
trap 'exit 130' INT TERM

# stop PID [SIGNAL]: ends it, waiting at most 10 s.
stop() {
  kill "-${2:-TERM}" "$1" 2>/dev/null || return 0
  local _
  for _ in $(seq 100); do kill -0 "$1" 2>/dev/null || break; sleep 0.1; done
  kill -KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
  return 0
}

# figure NAME VALUE UNIT at-most|at-least TARGET: printed with its ratio to the target, kept as JSON.
figure() {
  awk -v name="$1" -v value="$2" -v unit="$3" -v sense="$4" -v target="$5" 'BEGIN {
    good = sense == "at-most" ? value <= target : value >= target
    printf "%-52s %10.3f %-22s target %s %g  ratio %.2f %s\n", name, value, unit, sense == "at-most" ? "≤" : "≥", target, value / target, good ? "" : " <- missed" }'
  printf '{"name":"%s","value":%s,"unit":"%s","%s":%s}\n' "$1" "$2" "$3" "$4" "$5" >>"$RESULTS"
}
# value NAME VALUE UNIT: printed without a target.
value() {
  printf '%-52s %10.3f %s\n' "$1" "$2" "$3"
  printf '{"name":"%s","value":%s,"unit":"%s"}\n' "$1" "$2" "$3" >>"$RESULTS"
}
larger() { awk -v a="$1" -v b="$2" 'BEGIN {print (a > b ? a : b)}'; }
reckon() { awk "BEGIN {printf \"%.4f\", $1}"; }

build() {
  install_packages "$WORK/apt.log" build-essential curl iproute2 procps sqlite3 jq "$@" || exit 1
  local options=(--quiet --locked --bins)
  [ "$PROFILE" = release ] && options+=(--release)
  say "building ($PROFILE)"
  (cd "$ROOT" && cargo build "${options[@]}") || fail "the build failed"
}

free_port() {
  node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

# settings FOLDER [DATABASE-URL]: a configuration with free ports; sets CONFIG, URL, AGENTS.
settings() {
  local web agents
  web="$(free_port)" agents="$(free_port)"
  mkdir -p "$1"
  CONFIG="$1/collector.toml" URL="http://127.0.0.1:$web" AGENTS="127.0.0.1:$agents"
  {
    echo "data_dir = \"$1/data\""
    [ -z "${2:-}" ] || echo "database = \"$2\""
    printf '[web]\nlisten = "127.0.0.1:%s"\n[agent_listener]\nlisten = "%s"\npublic_address = "%s"\n' "$web" "$AGENTS" "$AGENTS"
  } >"$CONFIG"
}

# serve: starts a collector with CONFIG; sets PID and READY_MS, the time until it answered.
serve() {
  local from
  from="$(date +%s%N)"
  "$COLLECTOR" --config "$CONFIG" serve >>"$(dirname "$CONFIG")/collector.log" 2>&1 &
  PID=$!
  STARTED+=("$PID")
  until curl -fsS -o /dev/null "$URL/readyz" 2>/dev/null; do
    kill -0 "$PID" 2>/dev/null || fail "the collector ended: $(tail -n 3 "$(dirname "$CONFIG")/collector.log")"
    sleep 0.01
  done
  READY_MS=$((($(date +%s%N) - from) / 1000000))
}

token() { "$COLLECTOR" --config "$CONFIG" token create --name bench --scope read | grep -oE '[A-Za-z0-9_.-]{20,}' | tail -n 1; }

# descendants PID…: those processes and everything below them.
descendants() {
  local pid
  for pid in "$@"; do
    echo "$pid"
    # shellcheck disable=SC2046
    [ -z "$(pgrep -P "$pid")" ] || descendants $(pgrep -P "$pid")
  done
}
# cpu_seconds PID…: user and system time of them so far, with that of children they have buried.
cpu_seconds() {
  local pid
  for pid in $(descendants "$@"); do cat "/proc/$pid/stat" 2>/dev/null; done |
    sed 's/.*) //' | awk -v hz="$(getconf CLK_TCK)" '{ticks += $12 + $13 + $14 + $15} END {printf "%.2f", ticks / hz}'
}
# rss_mib PID, pss_mib PID: memory held now.
rss_mib() { awk '/^VmRSS/ {printf "%.2f", $2 / 1024}' "/proc/$1/status"; }
pss_mib() { awk '/^Pss:/ {printf "%.2f", $2 / 1024}' "/proc/$1/smaps_rollup"; }

# start_postgres: a cluster of our own with stock, durable settings; sets POSTGRES_PID and DATABASE.
start_postgres() {
  local bin owner=() folder="$WORK/postgres" port
  install_packages "$WORK/apt.log" postgresql || exit 1
  bin="$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n 1)"
  port="$(free_port)"
  mkdir "$folder"
  if [ "$(id -u)" -eq 0 ]; then
    chown postgres "$folder"
    owner=(setpriv --reuid postgres --regid postgres --init-groups env HOME="$folder")
  fi
  (cd / && "${owner[@]}" "$bin/initdb" -D "$folder/data" -U atalaya -A trust -E UTF8 --locale=C.UTF-8) >"$WORK/initdb.log" 2>&1 ||
    fail "initdb failed: $(tail -n 3 "$WORK/initdb.log")"
  (cd / && exec "${owner[@]}" "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$folder") >"$WORK/postgres.log" 2>&1 &
  POSTGRES_PID=$!
  STARTED+=("$POSTGRES_PID")
  local _
  for _ in $(seq 100); do "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" && break; sleep 0.1; done
  DATABASE="postgres://atalaya@127.0.0.1:$port/postgres"
  PSQL=("$bin/psql" -X -q -A -t "$DATABASE")
}
