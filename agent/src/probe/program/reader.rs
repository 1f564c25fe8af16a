//! Readers: processes that may run one of a few programs which ask for more privilege than the service has. The service
//! talks to the network, so it holds nothing it could do harm with; a reader has no network peer, runs what
//! [`Question::is_permitted`] lets through, and only reads.

mod linux;

use serde::{Deserialize, Serialize};

use linux::is_device;
pub use linux::{reader_of, through};

/// A program to be run, as it goes over the socket: one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name, without a folder.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// What it said, or why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Answer {
    /// It ran.
    Ran {
        /// Exit code; absent: a signal ended it.
        code: Option<i32>,
        /// Standard output; what is not UTF-8 in it is replaced.
        stdout: String,
        /// Standard error, likewise.
        stderr: String,
    },
    /// It could not be run, ran too long or said too much; Spanish, for people.
    Failed(String),
}

impl Question {
    /// The question to run `program` with `arguments`.
    pub fn new(program: &str, arguments: &[&str]) -> Question {
        let arguments = arguments.iter().map(|argument| argument.to_string()).collect();
        Question { program: program.into(), arguments }
    }

    /// Whether it only reads: the rules of the packet filter, the list of drives, or one drive without waking it.
    pub fn is_permitted(&self) -> bool {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        match (self.program.as_str(), arguments.as_slice()) {
            ("nft", ["-j", "list", "ruleset"]) => true,
            (
                "iptables-save"
                | "ip6tables-save"
                | "iptables-legacy-save"
                | "ip6tables-legacy-save",
                ["-t", "filter"],
            ) => true,
            ("smartctl", ["--scan", "-j"] | ["--scan", "-d", "sat", "-j"]) => true,
            ("smartctl", ["-a", "-j", "-n", "standby", device]) => is_device(device),
            ("smartctl", ["-a", "-j", "-n", "standby", "-d", kind, device]) => {
                is_kind(kind) && is_device(device)
            }
            _ => false,
        }
    }
}

fn is_kind(kind: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ',' | '+' | '/' | '_');
    (1..=64).contains(&kind.len()) && kind.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::Question;

    #[test]
    fn what_the_probes_ask_is_permitted() {
        for (program, arguments) in [
            ("nft", &["-j", "list", "ruleset"][..]),
            ("ip6tables-save", &["-t", "filter"]),
            ("smartctl", &["--scan", "-j"]),
            ("smartctl", &["-a", "-j", "-n", "standby", "/dev/nvme0"]),
            ("smartctl", &["-a", "-j", "-n", "standby", "-d", "sat+megaraid,0", "/dev/bus/0"]),
        ] {
            assert!(Question::new(program, arguments).is_permitted(), "{program} {arguments:?}");
        }
    }

    #[test]
    fn nothing_that_changes_something_or_names_another_file_passes() {
        for (program, arguments) in [
            ("smartctl", &["-a", "-j", "-n", "standby", "/etc/shadow"][..]),
            ("smartctl", &["-a", "-j", "-n", "standby", "/dev/../etc/shadow"]),
            ("smartctl", &["-a", "-j", "-n", "standby", "-d", "-t", "/dev/sda"]),
            ("smartctl", &["-a", "-j", "-n", "standby", "-d", "", "/dev/sda"]),
            ("smartctl", &["-s", "off", "/dev/sda"]),
            ("smartctl", &["-a", "-j", "-n", "never", "/dev/sda"]),
            ("smartctl", &["--scan", "-j", "-B", "/tmp/x"]),
            ("nft", &["flush", "ruleset"]),
            ("nft", &["-j", "list", "ruleset", "-f", "/tmp/x"]),
            ("iptables-save", &["-t", "filter", "-M", "/tmp/x"]),
            ("sh", &["-c", "id"]),
            ("../nft", &["-j", "list", "ruleset"]),
            ("nft", &[]),
        ] {
            assert!(!Question::new(program, arguments).is_permitted(), "{program} {arguments:?}");
        }
    }
}
