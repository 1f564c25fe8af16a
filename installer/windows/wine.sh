#!/usr/bin/env bash
# Runs a command in Debian 13 with Wine 10, in a system of its own that is gone when the command ends.
#
#   bash installer/windows/wine.sh FOLDER COMMAND [ARGUMENT…]     e.g. wine.sh dist wine agent.exe probe --json
#
# FOLDER is shared: it is the working folder of COMMAND (/exchange, Z:\exchange). Everything else that is written, the
# registry and drive C: included, lies on an overlay in memory: each run finds a fresh Windows, and nothing can be left
# behind, neither mount nor process, even by a kill, since both live in namespaces of the run. The network is the
# caller's. Debian 12's own Wine lacks bcryptprimitives.dll, hence the root of Debian 13, made once and cached.
set -uo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$HERE/../debian.sh"

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/atalaya/windows"
SYSTEM="$CACHE/wine"
LOG="$CACHE/wine.log"

fail() { echo "error: $*" >&2; exit 1; }

# enter FOLDER WRITABLE COMMAND…: runs in the system; WRITABLE keeps what is written.
enter() {
  ATALAYA_SYSTEM="$SYSTEM" ATALAYA_SHARED="$1" ATALAYA_WRITABLE="$2" \
    exec unshare --mount --pid --fork --kill-child bash -euc '
      mount -t tmpfs -o mode=755 tmpfs /mnt
      mkdir /mnt/upper /mnt/work /mnt/system
      if [ "$ATALAYA_WRITABLE" = yes ]; then mount --bind "$ATALAYA_SYSTEM" /mnt/system
      else mount -t overlay overlay -o "lowerdir=$ATALAYA_SYSTEM,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/system; fi
      mkdir -p /mnt/system/exchange
      mount -t proc proc /mnt/system/proc
      mount --rbind /dev /mnt/system/dev
      mount --rbind /sys /mnt/system/sys
      mount -t tmpfs tmpfs /mnt/system/tmp
      if [ -n "$ATALAYA_SHARED" ]; then mount --bind "$ATALAYA_SHARED" /mnt/system/exchange; fi
      exec chroot /mnt/system env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        WINEPREFIX=/root/prefix WINEDEBUG="${WINEDEBUG:--all}" XDG_RUNTIME_DIR=/tmp WINEDLLOVERRIDES=mscoree,mshtml= \
        sh -c "cd /exchange && exec \"\$@\"" sh "$@"
    ' enter "${@:3}"
}

# The system is put in its place by a rename: one that was torn is made again.
prepare() {
  mkdir -p "$CACHE" || exit 1
  exec 8>"$CACHE/wine.lock"
  flock 8
  if [ ! -d "$SYSTEM/root/prefix" ]; then
    install_packages "$LOG" mmdebstrap >&2 || exit 1
    echo "making a Debian 13 with Wine (a minute, once)" >&2
    rm -rf "$SYSTEM" "$SYSTEM.new"
    mmdebstrap --variant=minbase --include=wine,wine64,ca-certificates trixie "$SYSTEM.new" \
      "$(debian_mirror)" >"$LOG" 2>&1 || { tail -n 5 "$LOG" >&2; fail "no Debian 13; see $LOG"; }
    (SYSTEM="$SYSTEM.new" enter "" yes sh -c 'wineboot -i && wineserver -w') >>"$LOG" 2>&1 ||
      { tail -n 5 "$LOG" >&2; fail "Wine could not make its Windows; see $LOG"; }
    mv "$SYSTEM.new" "$SYSTEM" || exit 1
  fi
  exec 8>&-
}

[ $# -ge 2 ] || { sed -n '2,/^# FOLDER/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || fail "mounts and namespaces need root: sudo bash $0 …"
SHARED="$(cd "$1" 2>/dev/null && pwd)" || fail "no folder $1"
shift
prepare
enter "$SHARED" no "$@"
