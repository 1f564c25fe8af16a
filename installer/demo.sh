#!/usr/bin/env bash
# Atalaya en dos minutos: arranca el colector y el agente de este equipo, y muestra una dirección.
#
#   bash installer/demo.sh [opciones]
#
#   --sample       añade un municipio de muestra: 60 equipos, 8 áreas, 3 sedes, algunos enfermos
#   --data DIR     carpeta de los datos (por omisión ~/.local/share/atalaya-demo)
#   --port N       puerto de las páginas (8080); el de los agentes es --agent-port (7443)
#   --admin        crea otro enlace de administrador
#   --release      compila optimizado: tarda varios minutos más
#
# Ctrl-C detiene todo lo que arrancó. Al volver a ejecutarlo encuentra sus datos.
# The comments below are for developers: this script only wires the real programs together.
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$ROOT/installer/debian.sh"

SAMPLE="" ADMIN="" PROFILE=debug PORT=8080 AGENT_PORT=""
DATA="${XDG_DATA_HOME:-${HOME:-/root}/.local/share}/atalaya-demo"
PIDS=()

fail() { echo "error: $*" >&2; exit 1; }
say() { echo "· $*"; }
usage() { sed -n '2,/^# Ctrl-C/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

while [ $# -gt 0 ]; do
  case "$1" in
    --sample) SAMPLE=1; shift ;;
    --admin) ADMIN=1; shift ;;
    --release) PROFILE=release; shift ;;
    --data | --port | --agent-port)
      [ $# -ge 2 ] || fail "falta el valor de $1"
      case "$1" in --data) DATA="$2" ;; --port) PORT="$2" ;; --agent-port) AGENT_PORT="$2" ;; esac
      shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "opción desconocida: $1" ;;
  esac
done
# An enrolled PC keeps the address it enrolled with: the agents' port stays what it was the first time.
ENROLLED_PORT="$(cat "$DATA/enrolled" 2>/dev/null)"
AGENT_PORT="${AGENT_PORT:-${ENROLLED_PORT:-7443}}"
[ "$AGENT_PORT" = "${ENROLLED_PORT:-$AGENT_PORT}" ] ||
  fail "este equipo se dio de alta con el puerto $ENROLLED_PORT: quite --agent-port o elija otra carpeta con --data DIR"
for number in "$PORT" "$AGENT_PORT"; do
  [[ "$number" =~ ^[0-9]{1,5}$ ]] && [ "$number" -ge 1 ] && [ "$number" -le 65535 ] || fail "«$number» no es un puerto (1 a 65535)"
done
[ "$PORT" -ne "$AGENT_PORT" ] || fail "las páginas y los agentes no pueden compartir el puerto $PORT"

# Each child is its own session, so that Ctrl-C reaches this script first and it stops them in order.
start() {
  local log="$1"
  shift
  setsid "$@" >>"$log" 2>&1 &
  PIDS+=("$!")
}

stop() {
  trap - EXIT
  trap '' INT TERM
  local at pid
  for ((at = ${#PIDS[@]} - 1; at >= 0; at--)); do
    pid="${PIDS[$at]}"
    kill -TERM "$pid" 2>/dev/null || continue
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  [ "${#PIDS[@]}" -eq 0 ] || say "todo detenido; los datos siguen en $DATA"
}
trap 'exit 130' INT TERM
trap stop EXIT

free_mib() { df -Pm "$1" | awk 'NR == 2 {print $4}'; }
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

### What must be so before anything is built
[ -d "${CARGO_HOME:-$HOME/.cargo}/bin" ] && PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
RUST_WANTED="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")"
command -v cargo >/dev/null || fail "falta Rust: instálelo como dice https://rustup.rs y vuelva a ejecutar este script"
RUST_FOUND="$(rustc --version | cut -d' ' -f2)"
printf '%s\n%s\n' "$RUST_WANTED" "$RUST_FOUND" | sort -VC || fail "Rust $RUST_FOUND es antiguo, hace falta $RUST_WANTED o posterior: rustup update"
command -v npm >/dev/null || fail "falta Node.js con npm: apt-get install nodejs npm (versión 20 o posterior)"
mkdir -p "$DATA" 2>/dev/null && [ -w "$DATA" ] || fail "no se puede escribir en $DATA: elija otra carpeta con --data DIR"
chmod 700 "$DATA"
DATA="$(cd "$DATA" && pwd)"
exec 9>"$DATA/demo.lock"
flock -n 9 || fail "ya hay una demostración en marcha con la carpeta $DATA: deténgala con Ctrl-C o elija otra con --data DIR"
[ "$(free_mib "$DATA")" -ge 700 ] || fail "queda poco disco en $DATA: $(free_mib "$DATA") MiB libres, hacen falta 700"
listening "$PORT" && fail "el puerto $PORT está ocupado: elija otro con --port N"
listening "$AGENT_PORT" && fail "el puerto $AGENT_PORT está ocupado: elija otro con --agent-port N"
install_packages "$DATA/apt.log" build-essential curl smartmontools nftables iproute2 || exit 1

### Build
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"
build() {
  local packages=(-p atalaya-collector -p atalaya-agent) options=()
  [ -n "$SAMPLE" ] && packages+=(-p atalaya-tests --bin atalaya-simulator --bin atalaya-collector --bin atalaya-agent)
  [ "$PROFILE" = release ] && options=(--release)
  mkdir -p "$TARGET"
  [ -x "$TARGET/$PROFILE/atalaya-collector" ] || [ "$(free_mib "$TARGET")" -ge 4000 ] ||
    fail "queda poco disco para compilar en $TARGET: $(free_mib "$TARGET") MiB libres, hacen falta 4000"
  say "compilando (la primera vez son unos minutos; después, segundos)"
  (cd "$ROOT" && cargo build --locked "${packages[@]}" "${options[@]}") || fail "no se pudo compilar; el motivo está arriba"
}
build
COLLECTOR=("$TARGET/$PROFILE/atalaya-collector" --config "$DATA/collector.toml")
AGENT=("$TARGET/$PROFILE/atalaya-agent" --config "$DATA/agent.toml")

### Settings: written again each time, so that the options of this call hold
cat >"$DATA/collector.toml" <<TOML
# Escrito por installer/demo.sh.
data_dir = "$DATA/collector"

[web]
listen = "127.0.0.1:$PORT"

[agent_listener]
listen = "127.0.0.1:$AGENT_PORT"
public_address = "127.0.0.1:$AGENT_PORT"
TOML
cat >"$DATA/agent.toml" <<TOML
# Escrito por installer/demo.sh.
state_dir = "$DATA/agent"
TOML

### Collector
: >"$DATA/collector.log"
start "$DATA/collector.log" "${COLLECTOR[@]}" serve
for attempt in $(seq 300); do
  curl -fsS -o /dev/null "http://127.0.0.1:$PORT/healthz" 2>/dev/null && break
  kill -0 "${PIDS[0]}" 2>/dev/null || fail "el colector no arrancó: $(tail -n 1 "$DATA/collector.log")"
  [ "$attempt" -lt 300 ] || fail "el colector no contesta; vea $DATA/collector.log"
  sleep 0.1
done
say "colector en marcha (datos en $DATA/collector)"

LINK=""
if [ -n "$ADMIN" ] || [ ! -e "$DATA/administrator" ]; then
  LINK="$("${COLLECTOR[@]}" admin create 2>"$DATA/error.log" | grep -o 'http[^[:space:]]*' | head -n 1)"
  [ -n "$LINK" ] || fail "no se pudo crear el administrador: $(tail -n 1 "$DATA/error.log")"
  : >"$DATA/administrator"
fi

### This PC's agent
if [ ! -e "$DATA/enrolled" ]; then
  CODE="$("${COLLECTOR[@]}" code create --approve 2>"$DATA/error.log" | grep -o 'atl1\.[A-Za-z0-9_-]*' | head -n 1)"
  [ -n "$CODE" ] || fail "no se pudo crear el código de alta: $(tail -n 1 "$DATA/error.log")"
  "${AGENT[@]}" enroll "$CODE" >"$DATA/error.log" 2>&1 || fail "este equipo no se pudo dar de alta: $(tail -n 1 "$DATA/error.log")"
  echo "$AGENT_PORT" >"$DATA/enrolled"
  say "este equipo quedó dado de alta"
fi
: >"$DATA/agent.log"
start "$DATA/agent.log" "${AGENT[@]}" run
[ "$(id -u)" -eq 0 ] || say "sin permisos de administrador, algunas lecturas (discos, reglas del cortafuegos) quedan como desconocidas"

### Sample municipality
if [ -n "$SAMPLE" ]; then
  : >"$DATA/sample.log"
  start "$DATA/sample.log" "$TARGET/$PROFILE/atalaya-simulator" fleet --sick --devices 60 \
    --identities "$DATA/sample" -- "${COLLECTOR[@]}"
  say "el municipio de muestra va apareciendo; se quita con: ${COLLECTOR[*]} sample remove"
fi

### What the user came for
echo
echo "  Abra en su navegador:  http://127.0.0.1:$PORT/"
if [ -n "$LINK" ]; then
  echo "  Primera vez, un solo uso: $LINK"
else
  echo "  ¿Perdió su acceso? bash installer/demo.sh --admin"
fi
echo
say "las lecturas de este equipo aparecen en menos de un minuto; Ctrl-C detiene todo"

NAMES=("el colector" "el agente" "el municipio de muestra")
LOGS=(collector.log agent.log sample.log)
while :; do
  wait -n "${PIDS[@]}"
  for at in "${!PIDS[@]}"; do
    kill -0 "${PIDS[$at]}" 2>/dev/null || fail "${NAMES[$at]} se detuvo: $(tail -n 1 "$DATA/${LOGS[$at]}")"
  done
done
