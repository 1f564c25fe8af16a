# shellcheck shell=bash
# session: signs in as a new administrator by the one-time link and prints the cookie. Sourced after bench.sh.
session() {
  local link password
  link="$("$COLLECTOR" --config "$CONFIG" admin create | grep -o 'http[^[:space:]]*' | head -n 1)"
  [ -n "$link" ] || fail "admin create gave no link"
  password="$(head -c 18 /dev/urandom | base64 | tr -d '/+')"
  curl -fsS -o /dev/null -c "$WORK/cookies" --data-urlencode "clave=$password" --data-urlencode "otra=$password" "$link" ||
    fail "signing in"
  awk -F'\t' 'NF == 7 {print $6 "=" $7; exit}' "$WORK/cookies"
}
