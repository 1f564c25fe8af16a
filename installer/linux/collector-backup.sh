#!/bin/sh
# One copy of the collector's data in FOLDER, named by the time; the newest $KEEP copies stay. A copy is written under
# another name and gets its own when it is whole, so that a torn one never pushes out a good one.
set -eu
umask 077
folder="$1"
keep="${KEEP:-14}"
case "$keep" in '' | *[!0-9]* | 0) echo "KEEP=$keep no es un número de copias" >&2; exit 2 ;; esac
name="atalaya-$(date -u +%Y%m%dT%H%M%SZ)"
new="$folder/.new"

rm -rf "$new"
mkdir "$new"
trap 'rm -rf "$new"' EXIT
atalaya-collector backup "$new/atalaya.db" >/dev/null
# Without its authority a restored collector is a stranger to its agents.
cp -p /var/lib/atalaya-collector/ca.crt "$new/"
find /var/lib/atalaya-collector -maxdepth 1 \( -name 'ca*.key' -o -name 'ca*.crt' -o -name ca.json \) -exec cp -p -t "$new/" {} +
# Files of runs are named by what is in them and never change: one pool for all copies. They come after the database, which
# names none that is not there yet.
files=/var/lib/atalaya-collector/attachments
if [ -d "$files" ]; then
  (cd "$files" && find . -type f ! -name '.incoming-*') | while read -r file; do
    kept="$folder/attachments/$file"
    [ -e "$kept" ] || { mkdir -p "${kept%/*}" && cp -p "$files/$file" "$kept.part" && mv "$kept.part" "$kept"; }
  done
fi
sync "$new"/* "$new"
mv -T "$new" "$folder/$name"
echo "copia en $folder/$name"

ls -1d "$folder"/atalaya-[0-9]* | sort -r | tail -n "+$((keep + 1))" | while read -r old; do rm -rf "$old"; done
