#!/bin/sh
# What is done with the agent within Wine; started by run.sh. One line a test.
# The agent's own JSON is read with grep: the system of the test is as small as that.
set -u
AGENT=./atalaya-agent.exe
STATE='/root/prefix/drive_c/ProgramData/Atalaya'
FAST=fast.toml
printf 'interval_s = 5\n' >$FAST

ok() { echo "ok $1"; }
not_ok() { echo "not ok $1${2:+: $2}"; }
# test_that NAME COMMAND…: passes when the command does.
test_that() { name="$1"; shift; if "$@" >out.log 2>&1; then ok "$name"; else not_ok "$name" "$(tail -n 2 out.log | tr -d '\r\n')"; cat out.log >&2; fi; }
# eventually SECONDS COMMAND…
eventually() {
  left=$(($1 * 5)); shift
  until "$@" >/dev/null 2>&1; do left=$((left - 1)); [ "$left" -gt 0 ] || return 1; sleep 0.2; done
}
says() { grep -q -- "$1" "$2"; }
status() { wine $AGENT status --json 2>/dev/null | tr -d '\r'; }
status_says() { status >status.json && grep -q -- "$1" status.json; }
state_of() { wine sc query AtalayaAgent 2>&1 | grep -q "$1"; }
gone() { ! wine sc query AtalayaAgent 2>&1 | grep -q STATE; }

# Wine shuts its Windows down, services included, whenever no program of a user runs: this one stays.
sleep 3600 | wine cmd >/dev/null 2>&1 &

# Readings
test_that "the agent starts" wine $AGENT --version
wine $AGENT probe --json >probe.json 2>probe.err
test_that "probe --json answers within its contract" says '"antivirus"' probe.json
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
test_that "the agent enrols" wine $AGENT enroll "$(cat code)"
test_that "status says so" status_says '"enrolled": true'
test_that "a wrong order in the console is refused with a remedy" sh -c "! wine $AGENT service run 2>run.err && grep -q 'atalaya-agent run' run.err"

# Service
test_that "the service is installed" wine $AGENT --config $FAST service install
test_that "it starts with Windows, delayed" sh -c 'wine reg query "HKLM\\System\\CurrentControlSet\\Services\\AtalayaAgent" | tr -d "\r" | grep -q "Start .*0x2"'
test_that "the service starts" wine net start AtalayaAgent
test_that "it runs under the service manager" eventually 20 state_of RUNNING
test_that "it is connected" eventually 30 status_says '"connected": true'
test_that "readings are delivered" eventually 60 status_says '"last_delivery_at": "'
test_that "a second agent on the same state is refused" sh -c "! wine $AGENT run 2>second.err && grep -q 'ya hay otro agente' second.err"

# Spool across a restart, with the collector away
touch take-away
eventually 10 test -e taken-away
test_that "it notices that the collector is gone" eventually 60 status_says '"connected": false'
waits() { status >status.json; grep -A3 '"records": {' status.json | grep -q ': [1-9]'; }
test_that "what is seen meanwhile waits on disk" eventually 60 waits
started=$(date +%s)
test_that "the service takes the order to stop" wine sc stop AtalayaAgent
test_that "and stops" eventually 20 state_of STOPPED
[ $(($(date +%s) - started)) -le 5 ] && ok "within five seconds" || not_ok "within five seconds" "$(($(date +%s) - started)) s"
test_that "what waits is still there when it is stopped" waits
test_that "it starts again" wine net start AtalayaAgent
touch bring-back
drained() { status >status.json; grep -q '"connected": true' status.json && ! grep -A3 '"records": {' status.json | grep -q ': [1-9]'; }
test_that "everything is delivered once the collector is back" eventually 90 drained

# Removal by hand
test_that "the service is removed" wine $AGENT service uninstall
test_that "and is gone" eventually 10 gone
test_that "identity stays" test -s "$STATE/identity.json"
rm -rf "$STATE"

# MSI
test_that "the MSI of the version before installs and enrols silently" wine msiexec /i old.msi CODE="$(cat code-msi)" /qn
INSTALLED='/root/prefix/drive_c/Program Files/Atalaya/atalaya-agent.exe'
test_that "the program is in its place" test -s "$INSTALLED"
test_that "the PC is enrolled" status_says '"enrolled": true'
test_that "the service runs" eventually 20 state_of RUNNING
grep device_id status.json >before
test_that "the new MSI upgrades it" wine msiexec /i new.msi /qn
test_that "the program is still there" test -s "$INSTALLED"
test_that "the service runs after the upgrade" eventually 20 state_of RUNNING
status >status.json
test_that "the upgrade kept the identity" sh -c 'grep device_id status.json | cmp -s - before'
test_that "the MSI is removed silently" wine msiexec /x new.msi /qn
test_that "the program is gone" test ! -e "$INSTALLED"
test_that "the service is gone" eventually 10 gone
test_that "its source in the Event Log is gone" sh -c '! wine reg query "HKLM\System\CurrentControlSet\Services\EventLog\Application\AtalayaAgent"'
test_that "identity and spool stay for whoever installs it again" test -s "$STATE/identity.json"
exit 0
