# shellcheck shell=bash
# Installs the Debian packages that are missing. Sourced by demo.sh, package.sh, tests/run.sh and others.
# Daemons are kept from starting on installation: what is wanted running is started by whoever sourced this.

# missing_packages NAME…: those that are not installed, one a line.
missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || echo "$name"
  done
}

# install_packages LOG NAME…: installs what is missing; says in Spanish what is not possible.
install_packages() {
  local log="$1" missing root=()
  shift
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "aviso: este sistema no usa apt; instale a mano el equivalente de: $*" >&2
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      { echo "error: faltan paquetes y no hay permiso para instalarlos; como root: apt-get install ${missing[*]}" >&2; return 1; }
    root=(sudo)
  fi
  echo "· instalando ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null && "${root[@]}" chmod 755 "$policy" && made=1
  fi
  local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends -o DPkg::Lock::Timeout=120)
  "${apt[@]}" install "${missing[@]}" >"$log" 2>&1 ||
    { "${apt[@]}" update >>"$log" 2>&1; "${apt[@]}" install "${missing[@]}" >>"$log" 2>&1; }
  local status=$?
  [ -n "$made" ] && "${root[@]}" rm -f "$policy"
  [ "$status" -eq 0 ] || echo "error: apt-get no pudo instalar ${missing[*]}; vea $log" >&2
  return "$status"
}

# debian_mirror: where apt already gets Debian from.
debian_mirror() {
  local mirror
  mirror="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null | grep -v security | sort -u | head -n 1)"
  echo "${mirror:-http://deb.debian.org/debian}"
}
