#!/bin/sh
# Before the agent is removed: writes how many records wait for the collector to the state folder, when any do.
set -e
state=/var/lib/atalaya-agent
[ -e "$state/identity.json" ] || exit 0
waiting="$(atalaya-agent status --json 2>/dev/null | sed -n 's/^  "undelivered": \([0-9]*\),*$/\1/p')" || true
# A spool whose service never said how much is in it may hold something.
if [ -z "$waiting" ] && [ -n "$(ls -A "$state/spool" 2>/dev/null)" ]; then
  waiting="un número desconocido de"
fi
case "$waiting" in
'' | 0) rm -f "$state/undelivered" ;;
*)
  echo "$waiting" >"$state/undelivered"
  echo "atalaya-agent: $waiting registros esperan ser entregados; se conservan en $state." >&2
  ;;
esac
