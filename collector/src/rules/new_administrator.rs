//! Did an account appear that commands the PC and that nobody vouched for?

use super::{Facts, Finding};
use crate::domain::reading::{Account, Accounts};

/// Accounts named in the sentence; the rest are counted.
const NAMED: usize = 5;

/// The accounts that command the PC.
pub fn administrators(accounts: &Accounts) -> impl Iterator<Item = &Account> {
    accounts.accounts.iter().filter(|account| account.administrator == Some(true))
}

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(accounts) = facts.accounts().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.accounts());
    };
    let Some(known) = &facts.administrators else {
        return Finding::unknown("Todavía no hay con qué comparar las cuentas que administran.");
    };
    let new: Vec<&str> = administrators(accounts)
        .map(|account| account.name.as_str())
        .filter(|name| !known.contains(*name))
        .collect();
    if new.is_empty() {
        return Finding::ok("Las cuentas que administran el equipo son las conocidas.");
    }
    let named = new.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = match new.len().saturating_sub(NAMED) {
        0 => String::new(),
        rest => format!(" y {rest} más"),
    };
    Finding::warning(format!("Cuenta nueva que administra el equipo: {named}{more}."))
}
