#!/bin/sh
# What is done with the agent within Wine; started by run.sh. One line a test.
# The agent's own JSON is read with grep: the system of the test is as small as that.
set -u
AGENT=./atalaya-agent.exe
STATE='/root/prefix/drive_c/ProgramData/Atalaya'
INSTALLED='/root/prefix/drive_c/Program Files/Atalaya/atalaya-agent.exe'
SERVICE='HKLM\System\CurrentControlSet\Services\AtalayaAgent'
SOURCE='HKLM\System\CurrentControlSet\Services\EventLog\Application\AtalayaAgent'
FAST=fast.toml
# The program of the tests is not optimised, and big.
fast_settings() { printf 'interval_s = 5\n[limits]\nmemory_mib = 512\ncpu_pct = 50\n' >$FAST; }
fast_settings

ok() { echo "ok    $1"; }
not_ok() { echo "FAIL  $1${2:+: $2}"; }
# test_that NAME COMMAND…: passes when the command does.
test_that() { name="$1"; shift; if "$@" >out.log 2>&1; then ok "$name"; else not_ok "$name" "$(tail -n 2 out.log | tr -d '\r\n')"; cat out.log >&2; fi; }
# eventually SECONDS COMMAND…
eventually() {
  set -- $(($(date +%s) + $1)) "$@"
  until (shift 2; "$@") >/dev/null 2>&1; do [ "$(date +%s)" -lt "$1" ] || return 1; sleep 0.2; done
}
says() { grep -q -- "$1" "$2"; }
status() { wine $AGENT status --json 2>/dev/null | tr -d '\r'; }
status_says() { status >status.json && grep -q -- "$1" status.json; }
state_of() { wine sc query AtalayaAgent 2>&1 | grep -q "$1"; }
gone() { ! wine sc query AtalayaAgent 2>&1 | grep -q STATE; }
registry_says() { wine reg query "$1" /s 2>&1 | tr -d '\r' | tee registry.log | grep -q -- "$2"; }
waits() { status_says '"undelivered": [1-9]'; }
drained() { status_says '"connected": true' && says '"undelivered": 0' status.json; }
stopped() { wine sc stop AtalayaAgent && eventually 20 state_of STOPPED; }
# fails COMMAND…
fails() { ! "$@"; }
collector_leaves() { rm -f wanted; until [ ! -e there ]; do sleep 0.2; done; }
collector_returns() { touch wanted; until [ -e there ]; do sleep 0.2; done; }

# Wine shuts its Windows down, services included, whenever no program of a user runs: this one stays. Wine keeps no
# Event Log; what goes there is told to its debug channel.
sleep 3600 | WINEDEBUG=-all,+eventlog wine cmd >/dev/null 2>events.log &
# Only the first program of all starts the services, and they inherit its channel.
eventually 60 test -s events.log

# Readings
test_that "the agent starts" wine $AGENT --version
wine $AGENT probe --json >probe.json 2>probe.err
test_that "probe --json answers within its contract" says '"antivirus"' probe.json
for section in $(tr -d '\r' <probe.json | sed -n 's/^  "\([a-z_]*\)": {$/\1/p'); do
  test_that "$section is read alone, with a status of its own" sh -c "wine $AGENT probe $section --json 2>&1 | tee one.json | tr -d '\r' | grep -Eq '^ {4}\"status\": \"(ok|unsupported)\"'"
done
test_that "the machine is named" says '"hostname": "' probe.json
test_that "memory is read" says '"memory_total_bytes": [1-9]' probe.json
test_that "processor use is read" says '"cpu_pct": [0-9]' probe.json
test_that "Windows is named" says '"os": "Windows' probe.json
test_that "volumes are read" says '"mount": "C:"' probe.json
test_that "without a Security Center the antivirus is unsupported, never absent" \
  sh -c 'tr -d "\r\n" <probe.json | grep -q "\"antivirus\": {[^}]*}[^}]*\"status\": \"unsupported\""'
test_that "listening sockets are read" says '"listening_status": "ok"' probe.json
wine reg add 'HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Uno' /v DisplayName /d "De una cuenta" /f >/dev/null 2>&1
wine reg add 'HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\Dos' /v DisplayName /d "De 32 bits" /f >/dev/null 2>&1
wine $AGENT probe software --json >software.json 2>software.err
test_that "programs for everybody and of an account are listed" sh -c 'grep -q "De una cuenta" software.json && grep -q "De 32 bits" software.json'
test_that "without Windows Update what waits is unsupported, never nothing" \
  sh -c 'tr -d "\r\n" <probe.json | grep -q "\"updates\": {[^}]*}[^}]*\"pending\": null[^}]*\"status\": \"unsupported\""'
test_that "the gateway or its absence is read" says '"gateway": {' probe.json

# Enrolment and delivery
test_that "a PC that is not enrolled says so to a script" fails wine $AGENT status --enrolled
test_that "the agent enrols" wine $AGENT enroll "$(cat code-hand)"
test_that "status says so" status_says '"enrolled": true'
test_that "a wrong order in the console is refused with a remedy" sh -c "! wine $AGENT service run 2>run.err && grep -q 'atalaya-agent run' run.err"

# Service: what is registered, read back
test_that "the service is installed" wine $AGENT --config $FAST service install
test_that "it starts with Windows" registry_says "$SERVICE" 'Start .*0x2'
test_that "delayed" registry_says "$SERVICE" 'DelayedAutoStart .*0x1'
test_that "under the account of the system" registry_says "$SERVICE" 'ObjectName .*LocalSystem'
test_that "its program is quoted, and given no more than its settings" registry_says "$SERVICE" 'ImagePath .*atalaya-agent.exe.* service run --config .*fast.toml'
test_that "it says what it is" registry_says "$SERVICE" 'Description .*Observa el estado de este equipo'
test_that "its messages have their text in the Event Log" registry_says "$SOURCE" 'EventMessageFile .*EventCreate.exe'
test_that "the service starts" wine net start AtalayaAgent
test_that "it runs under the service manager" eventually 20 state_of RUNNING
test_that "it is connected" eventually 30 status_says '"connected": true'
test_that "readings are delivered" eventually 60 status_says '"last_delivery_at": "'
all_arrived() { [ "$(cat sections)" = "$(tr -d '\r' <probe.json | grep -c '^  "[a-z_]*": {$')" ]; }
test_that "every section of the PC arrives" eventually 150 all_arrived
test_that "its start is in the Event Log" eventually 10 says 'the agent works' events.log
test_that "a second agent on the same state is refused" sh -c "! wine $AGENT run 2>second.err && grep -q 'ya hay otro agente' second.err"
test_that "while it works nothing is forgotten" sh -c "! wine $AGENT forget --discard 2>forget.err && grep -q 'en marcha' forget.err"

# Spool across a restart, with the collector away
collector_leaves
test_that "it notices that the collector is gone" eventually 60 status_says '"connected": false'
test_that "what is seen meanwhile waits on disk" eventually 60 waits
started=$(date +%s)
test_that "the service takes the order to stop and stops" stopped
[ $(($(date +%s) - started)) -le 5 ] && ok "within five seconds" || not_ok "within five seconds" "$(($(date +%s) - started)) s"
test_that "what waits is still there when it is stopped" waits
test_that "it starts again" wine net start AtalayaAgent
collector_returns
test_that "everything is delivered once the collector is back" eventually 90 drained

# Killed and torn: the end of the log is not whole
collector_leaves
test_that "records wait again" eventually 60 waits
killed() {
  for process in /proc/[0-9]*; do
    tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q 'atalaya-agent.exe.* service run' && kill -KILL "${process#/proc/}"
  done
  ! status_says '"running": true'
}
test_that "the service is killed" eventually 20 killed
torn="$(ls -t "$STATE"/spool/*.seg | head -n 1)"
size=$(wc -c <"$torn")
test_that "its spool is torn" truncate -s $((size - 5)) "$torn"
collector_returns
test_that "it starts on what is left" eventually 30 sh -c 'wine sc query AtalayaAgent | grep -q RUNNING || ! wine net start AtalayaAgent'
test_that "and delivers what is whole" eventually 90 drained

# Settings are looked at when it starts
wine sc stop AtalayaAgent >/dev/null 2>&1
eventually 20 state_of STOPPED
printf 'interval_s = 0\n' >$FAST
wine net start AtalayaAgent >/dev/null 2>&1
test_that "wrong settings keep it from working" eventually 20 state_of STOPPED
test_that "and are named in the Event Log" eventually 10 says 'interval_s = 0' events.log
fast_settings

# Removal by hand
test_that "the service is removed" wine $AGENT service uninstall
test_that "and is gone" eventually 10 gone
test_that "identity stays" test -s "$STATE/identity.json"
test_that "until it is forgotten" wine $AGENT forget --discard
test_that "and then nothing stays" test ! -e "$STATE"

# MSI. Settings of an administrator lie beside the program.
mkdir -p "${INSTALLED%/*}" && cp $FAST "${INSTALLED%/*}/agent.toml"
test_that "with a code that does not work the MSI is not installed" fails wine msiexec /i old.msi CODE=atl1.falso /qn
test_that "and its program is not there" test ! -e "$INSTALLED"
test_that "nor its service" eventually 10 gone
test_that "the MSI of the version before installs and enrols silently" wine msiexec /i old.msi CODE="$(cat code-msi)" /qn '/l*v' msi.log
# Wine writes hidden properties too, in its list of all; no order may carry the code.
keeps_the_code() { tr -d '\000' <msi.log | grep -av '^Property(S): CODE = ' >orders.log; says EnrollAgent orders.log && fails says "$(cut -c 1-40 code-msi)" orders.log; }
test_that "no order in its log has the code" keeps_the_code
test_that "the program is in its place" test -s "$INSTALLED"
test_that "the PC is enrolled" status_says '"enrolled": true'
test_that "the service runs" eventually 20 state_of RUNNING
test_that "its program is quoted" registry_says "$SERVICE" 'ImagePath .*"C:.Program Files.Atalaya.atalaya-agent.exe" service run'
UNINSTALL='HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall'
test_that "the list of programs shows it" registry_says "$UNINSTALL" 'DisplayName .*Agente de Atalaya'
test_that "with its version" says 'DisplayVersion .*0.0.8' registry.log
test_that "and who made it" says 'Publisher .*Atalaya' registry.log
grep device_id status.json >before
collector_leaves
test_that "records wait before the upgrade" eventually 90 waits
test_that "the new MSI upgrades it, and needs no second code" wine msiexec /i new.msi CODE="$(cat code-again)" /qn
test_that "the program is still there" test -s "$INSTALLED"
test_that "the service runs after the upgrade" eventually 20 state_of RUNNING
test_that "one version is listed, the new one" sh -c 'wine reg query "HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall" /s | tr -d "\r" >list.log; grep -q "DisplayVersion .*0.0.9" list.log && ! grep -q "DisplayVersion .*0.0.8" list.log'
same_device() { status >status.json; grep device_id status.json | cmp -s - before; }
test_that "the upgrade kept the identity" same_device
test_that "and what waits" waits
test_that "an older MSI does not replace it" sh -c 'wine msiexec /i old.msi /qn; wine reg query "HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall" /s | grep -q 0.0.9'
test_that "the MSI is removed silently" wine msiexec /x new.msi /qn
test_that "the program is gone" test ! -e "$INSTALLED"
test_that "the service is gone" eventually 10 gone
test_that "its source in the Event Log is gone" fails wine reg query "$SOURCE"
test_that "it is not listed any more" fails registry_says "$UNINSTALL" 'Agente de Atalaya'
test_that "records that nobody else has stay, and a note says so" says 'esperan ser entregados' "$STATE/LEEME.txt"
test_that "installed again without a code, the PC is who it was" sh -c 'wine msiexec /i new.msi /qn'
test_that "by its identity" same_device
test_that "the note is gone" test ! -e "$STATE/LEEME.txt"
collector_returns
test_that "what waited is delivered" eventually 120 drained
# The last look may come after the last delivery.
removed_and_forgotten() {
  wine msiexec /x new.msi /qn
  [ ! -e "$STATE" ] && return 0
  wine msiexec /i new.msi /qn && eventually 60 drained
  return 1
}
test_that "with everything delivered, removal leaves nothing behind" eventually 60 removed_and_forgotten
test_that "without a code it installs" wine msiexec /i new.msi /qn
test_that "and waits to be enrolled, quietly" eventually 20 state_of STOPPED
test_that "it enrols then, by hand" wine "$INSTALLED" enroll "$(cat code-again)"
collector_leaves
test_that "and starts" wine net start AtalayaAgent
test_that "with records waiting" eventually 90 waits
test_that "removal that is told to lose them" wine msiexec /x new.msi DISCARD=1 /qn
test_that "leaves nothing behind" test ! -e "$STATE"
test_that "but the settings of the administrator" test -s "${INSTALLED%/*}/agent.toml"
echo "the scenario came to its end"
