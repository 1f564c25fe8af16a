//! Sockets that listen, really opened on a PC of its own: very many, of processes with strange names, of others.

use atalaya_tests::fixture::namespace;
use serde_json::{Value, json};

/// Listens on ports and says when it does.
const LISTEN: &str = r#"
cat > /run/listen.py <<'END'
import os, resource, signal, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
open('/proc/self/comm', 'wb').write(os.fsencode(sys.argv[1]))
held = []
for port in range(int(sys.argv[2]), int(sys.argv[3])):
    held.append(socket.create_server(('0.0.0.0', port), backlog=1))
print('ready', flush=True)
signal.pause()
END
listen() { coproc python3 /run/listen.py "$@"; read -r -u "${COPROC[0]}"; }
"#;

fn socket(reading: &Value, port: u16) -> Value {
    let all = reading["listening"].as_array().unwrap();
    all.iter().find(|socket| socket["port"] == port).cloned().unwrap_or_default()
}

#[test]
fn ten_thousand_sockets_are_counted_within_the_deadline() {
    let started = std::time::Instant::now();
    let reading = namespace::probe("firewall", &format!("{LISTEN}listen muchos 20000 30000"));
    println!("with starting the sockets: {:?}", started.elapsed());
    assert_eq!(reading["listening_status"], "ok");
    assert_eq!(reading["listening"].as_array().unwrap().len(), 4_096);
    assert_eq!(reading["listening_left_out"], 10_000 - 4_096);
    assert_eq!(socket(&reading, 20_000)["process"], "muchos");
}

#[test]
fn a_process_name_that_is_no_text_is_shown_as_far_as_it_is() {
    let reading =
        namespace::probe("firewall", &format!("{LISTEN}listen $'\\xff<b>\\x1b' 20000 20001"));
    assert_eq!(socket(&reading, 20_000)["process"], "\u{fffd}<b>");
}

#[test]
fn without_privilege_the_owner_of_a_socket_is_unknown_and_not_the_kernel() {
    let reading =
        namespace::probe_as_nobody("firewall", &format!("{LISTEN}listen ajeno 20000 20001"));
    assert_eq!(reading["listening_status"], "ok");
    let socket = socket(&reading, 20_000);
    assert_eq!(
        (&socket["port"], &socket["process"], &socket["pid"]),
        (&json!(20_000), &json!(null), &json!(null))
    );
}
