//! ClamAV itself with signatures of its own, and what the agent says of it.

use atalaya_tests::fixture::namespace;
use serde_json::{Value, json};

/// The three programs in a PC of its own: `clamd` scans, `clamonacc` asks it about every file that is opened.
pub const CLAMAV: &str = r#"
mount -t tmpfs tmpfs /var/log/clamav; mount -t tmpfs tmpfs /var/lib/clamav; mount -t tmpfs tmpfs /etc/clamav
mkdir -p /run/clamav /run/vigilado; chown clamav /run/clamav /var/log/clamav
echo 'Prueba.EICAR:0:*:58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354414e444152442d414e544956495255532d544553542d46494c452124482b482a' > /var/lib/clamav/prueba.ndb
cat > /etc/clamav/clamd.conf <<'END'
LocalSocket /run/clamav/clamd.ctl
LogFile /var/log/clamav/clamav.log
LogTime yes
ExtendedDetectionInfo yes
User clamav
Foreground yes
OnAccessIncludePath /run/vigilado
OnAccessPrevention yes
OnAccessExcludeUname clamav
END
eicar() { printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR' '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*' > "$1"; }
# `$!` afterwards is the process of the pause.
pause() { read -rt 0.1 <> <(:) || :; }
start_clamd() {
  clamd & local clamd=$!
  until [ -S /run/clamav/clamd.ctl ]; do kill -0 $clamd || { cat /var/log/clamav/clamav.log; exit 1; }; pause; done
}
"#;

fn clamav(script: &str) -> Value {
    let reading = namespace::probe("antivirus", &format!("{CLAMAV}{script}"));
    let products = reading["products"].as_array().unwrap();
    products.iter().find(|product| product["name"] == "ClamAV").cloned().expect("it is installed")
}

#[test]
fn a_stopped_clamav_is_installed_and_does_not_run() {
    let product = clamav("");
    assert!(product["version"].as_str().unwrap().starts_with(|first: char| first.is_ascii_digit()));
    for fact in ["signatures_at", "last_scan_at"] {
        assert_eq!(product[fact], json!(null), "{fact}");
    }
    assert_ne!(product["running"], true);
    assert_ne!(product["real_time"], true);
}

#[test]
fn a_scan_asked_of_clamd_leaves_its_detections_and_its_end() {
    let product = clamav(
        "start_clamd; mkdir '/run/Mis documentos'; eicar '/run/Mis documentos/factura: copia.txt'\n\
         clamdscan --fdpass --log=/var/log/clamav/semanal.log '/run/Mis documentos' || [ $? -eq 1 ]",
    );
    assert_eq!((&product["running"], &product["real_time"]), (&json!(true), &json!(false)));
    let found = product["detections"].as_array().unwrap();
    assert_eq!(found.len(), 1, "told by two logs, found once: {found:?}");
    assert_eq!(found[0]["path"], "/run/Mis documentos/factura: copia.txt");
    assert_eq!(found[0]["name"], "Prueba.EICAR.UNOFFICIAL");
    assert!(found[0]["found_at"].is_string() && product["last_scan_at"].is_string());
}

/// Where the kernel has no fanotify, clamonacc ends by itself, and then nothing watches.
#[test]
fn real_time_is_clamonacc_at_work_beside_clamd() {
    let product = clamav(
        "start_clamd; eicar /run/vigilado/eicar.txt\n\
         clamonacc -F --fdpass --log=/var/log/clamav/clamonacc.log & watcher=$!\n\
         until grep -q watching /var/log/clamav/clamonacc.log || ! kill -0 $watcher; do pause; done\n\
         if kill -0 $watcher; then\n\
         until grep -q FOUND /var/log/clamav/clamonacc.log; do cat /run/vigilado/eicar.txt || :; pause; done\n\
         fi",
    );
    assert_eq!((&product["running"], &product["real_time"]), (&json!(true), &json!(true)));
    let found = product["detections"].as_array().unwrap();
    assert_eq!(found.len(), 1, "told by two logs, found once: {found:?}");
    assert_eq!(found[0]["path"], "/run/vigilado/eicar.txt");
}

/// The tool here is a stand-in that answers as administrators report; the product itself cannot be had.
#[test]
fn a_product_of_another_maker_is_asked_by_its_own_tool_only_while_it_runs() {
    let installed = "mount -t tmpfs tmpfs /opt; mkdir -p /opt/bitdefender-security-tools/bin\n\
                     cat > /opt/bitdefender-security-tools/bin/bduitool <<'END'\n#!/bin/sh\n\
                     [ \"$*\" = 'get ps' ] && printf ' - Product version: 7.2.1\\n - Antimalware status: On\\n'\nEND\n\
                     chmod 755 /opt/bitdefender-security-tools/bin/bduitool\n";
    let runs = "cp /bin/sleep /run/bdsecd; /run/bdsecd 1000 & started=$!\n\
                until grep -q bdsecd /proc/$started/comm; do read -rt 0.1 <> <(:) || :; done";
    for (script, version, real_time) in
        [("", json!(null), json!(null)), (runs, json!("7.2.1"), json!(true))]
    {
        let reading = namespace::probe("antivirus", &format!("{installed}{script}"));
        let products = reading["products"].as_array().unwrap();
        let product = products.iter().find(|product| product["name"] == "Bitdefender").unwrap();
        assert_eq!((&product["version"], &product["real_time"]), (&version, &real_time));
    }
}
