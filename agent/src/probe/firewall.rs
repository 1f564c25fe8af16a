//! The firewall's verdict (is inbound traffic refused unless allowed, and what is allowed) and the sockets that listen
//! behind it. Sockets are read every time; rules, which cost a program, every few minutes or when a file of theirs
//! changed. A half that cannot be read leaves the other standing.

#[cfg(target_os = "linux")]
mod iptables;
#[cfg(target_os = "linux")]
mod nft;
#[cfg(target_os = "linux")]
mod ruleset;
#[cfg(target_os = "linux")]
mod walk;

#[cfg(any(windows, test))]
mod inbound_rules;
#[cfg(any(windows, test))]
mod profiles;
#[cfg(any(windows, test))]
mod socket_table;

use serde::Deserialize;

use crate::config::Invalid;

cfg_select! {
    target_os = "linux" => {
        mod linux;
        pub use linux::Reader;
    }
    windows => {
        mod windows;
        pub use self::windows::Reader;
    }
    _ => {
        pub use super::unsupported::Reader;
    }
}

/// Settings `[firewall]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Seconds between two looks at the rules.
    pub rules_every_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { rules_every_s: 300 }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_within("firewall.rules_every_s", self.rules_every_s, 10..=86_400)
    }
}
