//! Accounts kept on the PC itself. Passwords are neither read nor shown; who logs on from a directory is not listed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The local accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// At most 256, those of people first.
    #[serde(default)]
    pub accounts: Vec<Account>,
    /// How many more there are and did not fit.
    #[serde(default)]
    pub left_out: u32,
}

/// One local account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// The person's name, where one was entered.
    #[serde(default)]
    pub full_name: Option<String>,
    /// Whether anybody can log on with it. `None`: the system does not let the agent see.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Whether it commands the PC: root, or a member of the administrators.
    #[serde(default)]
    pub administrator: Option<bool>,
    /// Last log-on the system remembers. `None`: never, or not remembered.
    #[serde(default)]
    pub last_logon_at: Option<Timestamp>,
    /// Belongs to a service of the system, not to a person.
    #[serde(default)]
    pub system: bool,
}
