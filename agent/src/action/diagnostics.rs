//! Diagnostics: what tells how the agent fares, as bounded texts. No file is named by the collector, and none that holds
//! a key is read.

use atalaya_reading::{Diagnostics, DiagnosticsPart, Evidence, bounds};

use super::Orders;
use crate::config::Config;
use crate::recent_log;
use crate::status::Status;

/// Bytes of each of the longer parts, so that none crowds the others out.
const PART: usize = 20 * 1024;
/// Words in the name of a setting whose value is not told.
const SECRET: [&str; 6] = ["secret", "password", "token", "key", "code", "credential"];

/// Gathers it.
pub fn collect(orders: &Orders) -> Evidence {
    let status = {
        let mut spool = orders.outbox.spool.borrow_mut();
        let health = orders.outbox.health.borrow();
        serde_json::to_string_pretty(&Status::of(
            &mut spool,
            &health,
            &orders.about.work.borrow(),
            orders.about.started_at,
        ))
    };
    let blocks = orders.blocks.all();
    let part = |name: &str, text: String| DiagnosticsPart {
        name: name.into(),
        text: bounds::lines(&text, PART),
    };
    let os = orders.about.os;
    let agent = format!(
        "atalaya-agent {}\n{os}\nestado en {}\n",
        env!("CARGO_PKG_VERSION"),
        orders.state.path().display()
    );
    let parts = vec![
        part("agent", agent),
        part("status", status.unwrap_or_default()),
        part("settings", settings(&orders.config)),
        part("blocked_ports", serde_json::to_string_pretty(&blocks).unwrap_or_default()),
        part("orders", orders.audit_log.tail(8 * 1024)),
        part("log", recent_log::tail(PART)),
    ];
    Evidence::Diagnostics(Diagnostics { parts })
}

/// The settings file as written, values of secrets left out.
fn settings(config: &Config) -> String {
    let Some(file) = &config.file else { return "valores de fábrica\n".into() };
    match std::fs::read_to_string(file) {
        Ok(text) => format!("{}\n{}", file.display(), without_secrets(&text)),
        Err(error) => format!("{}: {error}\n", file.display()),
    }
}

fn without_secrets(text: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((name, _)) if SECRET.iter().any(|word| name.to_lowercase().contains(word)) => {
            format!("{name}= (no se muestra)\n")
        }
        // What opens a door is not always called so.
        _ if line.contains("atl1.") => "(no se muestra)\n".into(),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_not_told() {
        let text = "interval_s = 60\n# atl1.abc\nproxy_password = \"x\"\nAPI_TOKEN=y\n";
        let shown = without_secrets(text);
        assert_eq!(
            shown,
            "interval_s = 60\n(no se muestra)\nproxy_password = (no se muestra)\nAPI_TOKEN= (no se muestra)\n"
        );
    }
}
