//! `[audit]`: where the heads of the ledger go, so that what was rewritten can be told from what was not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::Config;
use crate::actions::export_head::{Exports, Syslog};

/// The file in the data folder, unless the settings name another.
const FILE: &str = "audit-heads.jsonl";

/// Where the heads of the ledger go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// File of heads; absent: one in the data folder; empty: none.
    pub heads_file: Option<PathBuf>,
    /// `unix:/dev/log`, `udp:host:port` or `tcp:host:port`; absent: no syslog.
    pub syslog: Option<String>,
    /// Minutes between two heads.
    pub every_minutes: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Audit { heads_file: None, syslog: None, every_minutes: 60 }
    }
}

impl Config {
    /// The file heads go to; `None`: none.
    pub fn heads_file(&self) -> Option<PathBuf> {
        match self.audit.heads_file.as_deref() {
            None => Some(self.data_dir.join(FILE)),
            Some(file) if file == Path::new("") => None,
            Some(file) => Some(file.to_owned()),
        }
    }

    /// Where heads go, and how often.
    pub fn exports(&self) -> Exports {
        Exports {
            file: self.heads_file(),
            syslog: self.audit.syslog.as_deref().and_then(Syslog::parse),
            every: Duration::from_secs(60 * self.audit.every_minutes),
        }
    }
}

impl Audit {
    /// Key, value and remedy of what cannot be used.
    pub(super) fn wrong(&self) -> Option<(&'static str, String, &'static str)> {
        if !(1..=10_080).contains(&self.every_minutes) {
            let remedy = "use un número de 1 a 10080";
            return Some(("audit.every_minutes", self.every_minutes.to_string(), remedy));
        }
        let syslog = self.syslog.as_ref().filter(|text| Syslog::parse(text).is_none())?;
        let remedy = "escriba unix:/dev/log, udp:NOMBRE:514 o tcp:NOMBRE:601";
        Some(("audit.syslog", syslog.clone(), remedy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_named_with_its_remedy() {
        let syslog = Some("registro.ejemplo.mx".to_owned());
        let wrong = Audit { syslog, ..Audit::default() }.wrong().unwrap();
        assert_eq!((wrong.0, wrong.1.as_str()), ("audit.syslog", "registro.ejemplo.mx"));
        let wrong = Audit { every_minutes: 0, ..Audit::default() }.wrong().unwrap();
        assert_eq!(wrong.0, "audit.every_minutes");
        assert_eq!(Audit::default().wrong(), None);
    }

    #[test]
    fn heads_go_to_a_file_of_the_data_folder_unless_told_otherwise() {
        let mut config = Config { data_dir: "/datos".into(), ..Config::default() };
        assert_eq!(config.heads_file(), Some("/datos/audit-heads.jsonl".into()));
        config.audit.heads_file = Some("/otra/parte".into());
        assert_eq!(config.heads_file(), Some("/otra/parte".into()));
        config.audit.heads_file = Some("".into());
        assert_eq!(config.heads_file(), None);
    }
}
