#!/usr/bin/env bash
# Every test of the project: guards, unit, store on two engines, end to end, browser, Windows, packages.
#
#   bash tests/run.sh              everything
#   bash tests/run.sh lint         format, clippy, licences and banned crates
#   bash tests/run.sh unit         everything in Rust but the end-to-end tests
#   bash tests/run.sh e2e          the end-to-end tests
#   bash tests/run.sh browser      the pages in a real browser
#   bash tests/run.sh windows      the agent for Windows, built here and run under Wine
#   bash tests/run.sh packages     the packages in a clean Debian of their own
#
# The last two want root, for namespaces and mounts, and keep compilers and roots under ~/.cache/atalaya.
# Wants Debian 12, a Rust toolchain and Node.js; installs the rest. The last line is `N passed, N failed`.
# What it starts it stops: a PostgreSQL cluster of its own in a temporary folder.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C.UTF-8 CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
. installer/debian.sh

NEXTEST_VERSION=0.9.143
PACKAGES=(build-essential ca-certificates curl postgresql chromium fonts-dejavu-core smartmontools nftables ufw firewalld iptables
  clamav clamav-daemon dbus faketime python3-minimal util-linux fping iproute2 iputils-ping minisign procps sqlite3 strace)
PARTS=("$@")
[ "${#PARTS[@]}" -gt 0 ] || PARTS=(lint unit e2e browser windows packages)

TEMPORARY="$(mktemp -d "${TMPDIR:-/tmp}/atalaya-tests.XXXXXX")"
POSTGRES_PID=
PASSED=0 FAILED=0

stop() {
  if [ -n "$POSTGRES_PID" ]; then
    kill -INT "$POSTGRES_PID" 2>/dev/null && wait "$POSTGRES_PID" 2>/dev/null
  fi
  rm -rf "$TEMPORARY"
}
trap stop EXIT
trap 'exit 130' INT TERM

wanted() { local part; for part in "${PARTS[@]}"; do [ "$part" = "$1" ] && return 0; done; return 1; }
heading() { printf '\n== %s (%dm%02ds)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }
count() { PASSED=$((PASSED + $1)); FAILED=$((FAILED + $2)); }
close() {
  printf '\nfinished after %dm%02ds\n%d passed, %d failed\n' $((SECONDS / 60)) $((SECONDS % 60)) "$PASSED" "$FAILED"
  [ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ] && exit 0
  exit 1
}
# broken WHAT: something without which the rest means nothing.
broken() { echo "error: $*" >&2; count 0 1; close; }

# check NAME COMMAND…: one thing that passes or fails; its output is shown only when it fails.
check() {
  local name="$1" started=$SECONDS
  shift
  if "$@" >"$TEMPORARY/check.log" 2>&1; then
    count 1 0
    echo "ok    $name ($((SECONDS - started)) s)"
  else
    count 0 1
    echo "FAIL  $name ($((SECONDS - started)) s): $*"
    tail -n 60 "$TEMPORARY/check.log"
  fi
}

prepare() {
  heading "tools"
  command -v cargo >/dev/null || broken "cargo is missing: install Rust (https://rustup.rs)"
  command -v npm >/dev/null || broken "npm is missing: install Node.js 20 or newer"
  install_packages "$TEMPORARY/apt.log" "${PACKAGES[@]}" || { tail -n 20 "$TEMPORARY/apt.log"; broken "Debian packages"; }
  if ! cargo nextest --version >/dev/null 2>&1; then
    echo "installing cargo-nextest $NEXTEST_VERSION (some minutes, once)"
    cargo install --quiet --locked cargo-nextest --version "$NEXTEST_VERSION" >"$TEMPORARY/nextest.log" 2>&1 ||
      { tail -n 20 "$TEMPORARY/nextest.log"; broken "cargo-nextest could not be installed"; }
  fi
  cargo --version
  cargo nextest --version | head -n 1
  echo "node $(node --version)"
}

build() {
  heading "build"
  cargo build --workspace --all-targets --locked >"$TEMPORARY/build.log" 2>&1 ||
    { grep -E -A12 '^(error|warning: unused)' "$TEMPORARY/build.log" | head -n 80; tail -n 5 "$TEMPORARY/build.log"; broken "the build failed"; }
  tail -n 1 "$TEMPORARY/build.log"
}

# script NAME COMMAND…: a part that counts by itself; its last line is `N passed, N failed`. What hangs is ended.
script() {
  local name="$1" log="$TEMPORARY/$1.log" status passed failed
  shift
  heading "$name"
  timeout --kill-after=30 1500 "$@" 2>&1 | tee "$log"
  status="${PIPESTATUS[0]}"
  read -r passed failed <<<"$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log")"
  if [ -z "$failed" ]; then
    echo "FAIL  $name came to no end (code $status)"
    count 0 1
    return
  fi
  count "$passed" "$failed"
  [ "$failed" -gt 0 ] || { [ "$status" -eq 0 ] && [ "$passed" -gt 0 ]; } || count 0 1
}

# A cluster of our own, with the durable settings the collector insists on.
start_postgres() {
  heading "PostgreSQL"
  local bin owner=() folder="$TEMPORARY/postgres" port
  bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
  [ -x "$bin/postgres" ] || broken "no PostgreSQL server under /usr/lib/postgresql"
  mkdir "$folder"
  if [ "$(id -u)" -eq 0 ]; then
    chmod 755 "$TEMPORARY"
    chown postgres "$folder"
    owner=(setpriv --reuid postgres --regid postgres --init-groups env HOME="$folder")
  fi
  (cd / && "${owner[@]}" "$bin/initdb" -D "$folder/data" -U atalaya -A trust -E UTF8 --locale=C.UTF-8) \
    >"$TEMPORARY/initdb.log" 2>&1 || { tail -n 20 "$TEMPORARY/initdb.log"; broken "initdb failed"; }
  port="$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')"
  (cd / && exec "${owner[@]}" "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$folder" -c max_connections=200) >"$TEMPORARY/postgres.log" 2>&1 &
  POSTGRES_PID=$!
  local attempt
  for attempt in $(seq 100); do
    "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" -U atalaya && break
    kill -0 "$POSTGRES_PID" 2>/dev/null || attempt=100
    [ "$attempt" -lt 100 ] || { tail -n 20 "$TEMPORARY/postgres.log"; broken "PostgreSQL did not start"; }
    sleep 0.1
  done
  export ATALAYA_TEST_POSTGRES="postgres://atalaya@127.0.0.1:$port/postgres"
  "$bin/postgres" --version
}

lint() {
  heading "format, lints, licences"
  check "format" cargo fmt --all --check
  check "clippy" cargo clippy --workspace --all-targets --locked -- -D warnings
  if cargo deny --version >/dev/null 2>&1; then
    check "licences, sources and banned crates" cargo deny --offline check bans licenses sources
  else
    echo "      cargo-deny is not installed (cargo install --locked cargo-deny): licences are not looked at;"
    echo "      the banned crates are, by tests/architecture"
  fi
}

# nextest FILTER: counts from the JUnit file, so that a crash of the runner is not read as success.
nextest() {
  local junit=target/nextest/run/junit.xml status totals
  rm -f "$junit"
  cargo nextest run --workspace --locked --profile run --no-tests=pass -E "$1"
  status=$?
  totals="$(sed -n 's/.*<testsuites [^>]*tests="\([0-9]*\)"[^>]*failures="\([0-9]*\)"[^>]*errors="\([0-9]*\)".*/\1 \2 \3/p' "$junit" 2>/dev/null | head -n 1)"
  if [ -z "$totals" ]; then
    [ "$status" -eq 0 ] || count 0 1
    return
  fi
  local tests failures errors
  read -r tests failures errors <<<"$totals"
  count $((tests - failures - errors)) $((failures + errors))
  [ "$status" -eq 0 ] || [ $((failures + errors)) -gt 0 ] || count 0 1
}

doc_tests() {
  check "examples in the documentation" cargo test --quiet --workspace --locked --doc
}

browser() {
  heading "browser"
  (cd tests/browser && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-fund --no-audit; }) \
    >"$TEMPORARY/npm.log" 2>&1 || { tail -n 20 "$TEMPORARY/npm.log"; broken "npm ci in tests/browser"; }
  local tap="$TEMPORARY/browser.tap" status
  (cd tests/browser && ATALAYA_PROGRAMS="$PWD/../../target/debug" node --test --test-concurrency=1 \
    --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination="$tap")
  status=$?
  local passed failed
  passed="$(sed -n 's/^# pass //p' "$tap" | tail -n 1)"
  failed="$(sed -n 's/^# \(fail\|cancelled\) //p' "$tap" | awk '{sum += $1} END {print sum + 0}')"
  count "${passed:-0}" "${failed:-0}"
  [ "$status" -eq 0 ] || [ "${failed:-0}" -gt 0 ] || count 0 1
}

E2E='package(atalaya-tests) & kind(test) & !binary(architecture)'
prepare
build
wanted lint && lint
if wanted unit || wanted e2e; then start_postgres; fi
if wanted unit; then heading "unit and store tests"; nextest "not ($E2E)"; doc_tests; fi
if wanted e2e; then heading "end-to-end tests"; nextest "$E2E"; fi
wanted browser && browser
wanted windows && script windows bash tests/windows/run.sh target/debug/atalaya-collector
wanted packages && script packages bash tests/packages.sh
wanted packages && script self-update bash tests/packages/self-update.sh
close
