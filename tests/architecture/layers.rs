//! Who may import whom, as two tables: modules that may name only certain other modules of their crate, and
//! names that belong to certain files only.

use crate::Violation;
use crate::source::{Mention, Source};

/// Modules of the collector and the modules each may name beside itself.
/// What is not listed (the command edge, the wiring) may name everything.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("rules", &["domain"]),
    ("procedure", &["domain"]),
    ("flow", &["domain"]),
    ("store", &["domain"]),
    ("actions", &["store", "rules", "procedure", "domain", "verify"]),
    ("timers", &["actions", "domain"]),
    ("intake", &["actions", "domain", "live", "pki"]),
    ("live", &["store"]),
    ("mail", &["store", "domain"]),
    ("pki", &["domain"]),
    ("verify", &["domain"]),
    ("web", &["actions", "store", "domain", "live", "verify", "flow"]),
];

/// Any layer above the store may hold the handle and hand it to an action; its methods are the store's own affair.
const HANDLE: &str = "crate::store::Store";

/// Names, the files that may use them, and why nobody else may.
struct Reserved {
    /// Within this part of the tree.
    scope: &'static str,
    names: &'static [&'static str],
    /// Files and folders; `*` stands for one or more characters at the front.
    home: &'static [&'static str],
    remedy: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        scope: "collector/src/",
        names: &["sqlx"],
        home: &["collector/src/store.rs", "collector/src/store/"],
        remedy: "only `store` speaks SQL: give it a function named after the subject and call that",
    },
    Reserved {
        scope: "collector/src/",
        names: &["axum", "axum_extra", "tower_http", "askama"],
        home: &["collector/src/web.rs", "collector/src/web/"],
        remedy: "only `web` speaks HTTP: return plain data and let a page or an API route show it",
    },
    Reserved {
        scope: "collector/src/",
        names: &["tonic", "tonic_health", "tonic_reflection", "atalaya_proto::v1"],
        home: &["collector/src/intake.rs", "collector/src/intake/"],
        remedy: "only `intake` speaks gRPC: turn the message into domain types there",
    },
    Reserved {
        scope: "collector/src/",
        names: &["lettre"],
        home: &["collector/src/mail.rs", "collector/src/mail/"],
        remedy: "only `mail` speaks SMTP: queue a notice through `actions::notify`",
    },
    Reserved {
        scope: "collector/src/",
        names: &["hickory_resolver", "rustls_native_certs", "hyper::client", "url"],
        home: &["collector/src/verify.rs", "collector/src/verify/"],
        remedy: "only `verify` asks for addresses of others: give it a function and call that",
    },
    Reserved {
        scope: "agent/src/",
        names: &["atalaya_proto::v1", "tonic"],
        home: &[
            "agent/src/report.rs",
            "agent/src/report/",
            "agent/src/uplink.rs",
            "agent/src/uplink/",
            "agent/src/identity.rs",
            "agent/src/identity/",
        ],
        remedy: "only `report`, `uplink` and `identity` know the wire: return a reading and let `report` encode it",
    },
    Reserved {
        scope: "agent/src/",
        names: &[
            "procfs",
            "libc",
            "nix",
            "rustix",
            "zbus",
            "std::os::unix",
            "std::os::linux",
            "std::os::fd",
            "tokio::net::unix",
            "tokio::signal::unix",
        ],
        home: &["*linux.rs", "*/linux/"],
        remedy: "system calls live in files named linux.rs, chosen by one `cfg_select!` at the top of the module",
    },
    Reserved {
        scope: "agent/src/",
        names: &[
            "windows",
            "windows_registry",
            "windows_service",
            "wmi",
            "std::os::windows",
            "tokio::signal::windows",
        ],
        home: &["*windows.rs", "*/windows/"],
        remedy: "system calls live in files named windows.rs, chosen by one `cfg_select!` at the top of the module",
    },
];

/// Folders of pure code: `now` is an argument, and nothing touches the world.
const PURE: &[&str] = &[
    "collector/src/domain",
    "collector/src/rules",
    "collector/src/procedure",
    "collector/src/flow",
    "proto/",
];

/// Crates and modules that read a clock, a file, a socket or the environment.
const WORLD: &[&str] = &[
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::process",
    "std::env",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "tokio",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "Timestamp::now",
    "Zoned::now",
    "SystemTime::now",
    "Instant::now",
];

/// Folders of one operating system that only its own reader may name.
const LINUX_FOLDERS: &[&str] = &["/proc/", "/sys/", "/etc/", "/run/", "/var/", "/dev/"];

/// What is wrong in one file.
pub fn check(source: &Source) -> Vec<Violation> {
    if source.file.ends_with("/tests.rs") || source.file.starts_with("tests/") {
        return Vec::new();
    }
    let mut found = layers(source);
    found.extend(reserved(source));
    found.extend(world(source));
    found.extend(linux_folders(source));
    found
}

fn layers(source: &Source) -> Vec<Violation> {
    let Some((layer, may)) = LAYERS.iter().find(|(layer, _)| in_module(&source.file, layer)) else {
        return Vec::new();
    };
    let list = if may.is_empty() { "no other module".into() } else { may.join(", ") };
    let remedy = format!(
        "`{layer}` may name {list} of its crate: move the code or pass what it needs as data"
    );
    let may_hand_on = may.contains(&"actions");
    let foreign = |path: &&Mention| {
        if may_hand_on && path.what == HANDLE {
            return false;
        }
        let mut segments = path.what.split("::");
        segments.next() == Some("crate")
            && segments.next().is_some_and(|module| {
                is_module(module) && module != *layer && !may.contains(&module)
            })
    };
    source.paths.iter().filter(foreign).map(|path| violation(source, path, &remedy)).collect()
}

/// Modules are lower case; a type or a macro at the root of the crate is no layer.
fn is_module(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
}

fn in_module(file: &str, module: &str) -> bool {
    file.strip_prefix("collector/src/")
        .and_then(|inside| inside.strip_prefix(module))
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn reserved(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    for rule in RESERVED.iter().filter(|rule| source.file.starts_with(rule.scope)) {
        if rule.home.iter().any(|home| lives_in(&source.file, home)) {
            continue;
        }
        let named = source
            .paths
            .iter()
            .filter(|path| rule.names.iter().any(|name| begins(&path.what, name)));
        found.extend(named.map(|path| violation(source, path, rule.remedy)));
    }
    found
}

fn lives_in(file: &str, home: &str) -> bool {
    match home.strip_prefix('*') {
        Some(end) if end.ends_with('/') => file.contains(end),
        Some(end) => file.ends_with(&format!("/{end}")),
        None if home.ends_with('/') => file.starts_with(home),
        None => file == home,
    }
}

fn world(source: &Source) -> Vec<Violation> {
    let pure =
        PURE.iter().any(|folder| source.file.starts_with(folder)) && source.file.contains("/src");
    if !pure {
        return Vec::new();
    }
    let remedy =
        "nothing here reads a clock, a file or a socket: take `now` and the data as arguments";
    let touches = |path: &&Mention| WORLD.iter().any(|name| begins(&path.what, name));
    source.paths.iter().filter(touches).map(|path| violation(source, path, remedy)).collect()
}

fn linux_folders(source: &Source) -> Vec<Violation> {
    // The settings name each system's default folder, side by side.
    let home = ["*linux.rs", "*/linux/", "agent/src/config.rs"]
        .iter()
        .any(|home| lives_in(&source.file, home));
    if home || !source.file.starts_with("agent/src/") {
        return Vec::new();
    }
    let remedy =
        "paths of one operating system live in its own file; a parser gets the text, not the path";
    let names = |text: &&Mention| {
        let inside = text.what.trim_start_matches(['b', 'r', '#', '"']);
        LINUX_FOLDERS.iter().any(|folder| inside.starts_with(folder))
    };
    source.texts.iter().filter(names).map(|text| violation(source, text, remedy)).collect()
}

/// Whether a path is that name or inside it.
fn begins(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn violation(source: &Source, at: &Mention, remedy: &str) -> Violation {
    Violation {
        file: source.file.clone(),
        line: at.line,
        found: at.what.clone(),
        remedy: remedy.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a text as if it stood in that file.
    fn found(file: &str, text: &str) -> Vec<String> {
        check(&Source::of(file, text)).into_iter().map(|violation| violation.found).collect()
    }

    #[test]
    fn a_layer_that_reaches_up_is_found() {
        let up = "use crate::{actions::open_run, domain::Alert};";
        assert_eq!(found("collector/src/store/alerts.rs", up), ["crate::actions::open_run"]);
        assert_eq!(
            found("collector/src/rules/silent.rs", "use super::super::store::Db;"),
            ["crate::store::Db"]
        );
        assert_eq!(
            found("collector/src/domain.rs", "fn f() { crate::store::x() }"),
            ["crate::store::x"]
        );
        assert!(found("collector/src/actions/open_run.rs", "use crate::store::Db;").is_empty());
        assert!(found("collector/src/lib.rs", "use crate::{web, store};").is_empty());
        assert!(found("collector/src/timers.rs", "use crate::store::Store;").is_empty());
        assert_eq!(found("collector/src/timers.rs", "use crate::store::Db;"), ["crate::store::Db"]);
    }

    #[test]
    fn sql_http_and_grpc_outside_their_home_are_found() {
        let all = "use sqlx::query; use axum::Router; use tonic::Status;";
        assert_eq!(
            found("collector/src/actions/x.rs", all),
            ["sqlx::query", "axum::Router", "tonic::Status"]
        );
        assert_eq!(found("collector/src/store/x.rs", all), ["axum::Router", "tonic::Status"]);
        assert_eq!(found("collector/src/web/fleet.rs", all), ["sqlx::query", "tonic::Status"]);
        assert_eq!(found("collector/src/intake.rs", all), ["sqlx::query", "axum::Router"]);
    }

    #[test]
    fn a_clock_or_a_file_in_pure_code_is_found() {
        let text = "fn f() { let now = Timestamp::now(); std::fs::read(\"x\") }";
        assert_eq!(found("collector/src/rules/x.rs", text), ["Timestamp::now", "std::fs::read"]);
        assert!(found("collector/src/timers.rs", text).is_empty());
    }

    #[test]
    fn a_probe_that_knows_the_wire_or_linux_is_found() {
        let text = "use atalaya_proto::v1; use std::os::unix::fs::PermissionsExt; const A: &str = \"/proc/net/tcp\";";
        assert_eq!(
            found("agent/src/probe/disk.rs", text),
            ["atalaya_proto::v1", "std::os::unix::fs::PermissionsExt", "\"/proc/net/tcp\""]
        );
        assert_eq!(found("agent/src/probe/disk/linux.rs", text), ["atalaya_proto::v1"]);
        assert!(found("agent/src/uplink.rs", "use atalaya_proto::v1;").is_empty());
    }
}
