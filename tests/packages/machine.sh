# shellcheck shell=bash
# A Debian of its own in namespaces of its own, booted with systemd from a cached clean root; sourced by packages.sh.
# Only loopback is there. What it writes is gone with it.

MACHINE_PID="" MACHINE_CGROUP=""

# clean_root FOLDER: a minimal Debian with systemd and the programs the probes ask, made once and kept.
clean_root() {
  local folder="$1" include=systemd,systemd-sysv,dbus,ca-certificates,smartmontools,nftables,iproute2,procps
  [ -e "$folder/made" ] && return 0
  rm -rf "$folder" && mkdir -p "$folder" || return 1
  mmdebstrap --quiet --variant=minbase --include="$include" --aptopt='APT::Install-Recommends "false"' \
    bookworm "$folder/root" "$(debian_mirror)" || return 1
  # Starting two dozen console programs helps nobody.
  rm -f "$folder"/root/etc/systemd/system/getty.target.wants/*
  : >"$folder/made"
}

# Runs as the first process of the new namespaces; becomes systemd.
enter_machine() {
  local root="$1" device name minor
  set -e
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for device in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do
    read -r name minor <<<"$device"
    mknod -m 666 "$root/dev/$name" c 1 "$minor"
  done
  mknod -m 666 "$root/dev/tty" c 5 0
  : >"$root/dev/console"
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs tmpfs "$root/dev/shm"
  hostname atalaya-machine
  cd "$root"
  mkdir -p .old
  pivot_root . .old
  umount -l /.old
  rmdir /.old
  exec env -i container=atalaya PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
}

# boot ROOT: starts it and waits until systemd says it runs.
boot() {
  local root="$1" hierarchy pid
  hierarchy="$(findmnt -n -t cgroup2 -o TARGET | head -n 1)"
  [ -n "$hierarchy" ] || { echo "systemd needs cgroups, and no cgroup2 hierarchy is mounted here" >&2; return 1; }
  MACHINE_CGROUP="$hierarchy/atalaya-packages-$$"
  mkdir "$MACHINE_CGROUP" || { MACHINE_CGROUP=""; echo "systemd needs cgroups, and $hierarchy may not be written here" >&2; return 1; }
  export -f enter_machine
  (
    echo "$BASHPID" >"$MACHINE_CGROUP/cgroup.procs"
    exec unshare --fork --kill-child --pid --mount --uts --ipc --net --cgroup --propagation private \
      bash -c 'enter_machine "$1"' machine "$root" 2>"$root.log"
  ) </dev/null &
  pid=$!
  for _ in $(seq 300); do
    MACHINE_PID="$(pgrep -P "$pid" 2>/dev/null)"
    [ -n "$MACHINE_PID" ] && in_machine systemctl is-system-running 2>/dev/null | grep -Eq '^(running|degraded)$' && return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$root.log" >&2
  echo "systemd did not come up" >&2
  return 1
}

# in_machine COMMAND…
in_machine() {
  nsenter -t "$MACHINE_PID" -m -u -i -n -p -C env -i LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

switch_off() {
  [ -z "$MACHINE_PID" ] || kill -KILL "$MACHINE_PID" 2>/dev/null
  [ -n "$MACHINE_CGROUP" ] || return 0

  for _ in $(seq 50); do
    find "$MACHINE_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$MACHINE_CGROUP" ] || return 0
    sleep 0.1
  done
}
