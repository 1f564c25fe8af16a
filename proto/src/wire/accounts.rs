//! Local accounts: readings to messages and back.

use atalaya_reading::{Account, Accounts, bounds};
use jiff::Timestamp;

use super::{Malformed, at_most, cut_to, some_instant, some_text_to};
use crate::v1;

impl From<&Accounts> for v1::Accounts {
    fn from(value: &Accounts) -> Self {
        let cut = value.accounts.len().saturating_sub(bounds::ACCOUNTS);
        v1::Accounts {
            accounts: value.accounts.iter().take(bounds::ACCOUNTS).map(account).collect(),
            left_out: value.left_out.saturating_add(u32::try_from(cut).unwrap_or(u32::MAX)),
        }
    }
}

fn account(account: &Account) -> v1::Account {
    v1::Account {
        name: bounds::text(&account.name, bounds::NAME),
        full_name: cut_to(&account.full_name, bounds::NAME),
        enabled: account.enabled,
        administrator: account.administrator,
        last_logon_at_us: account.last_logon_at.map(Timestamp::as_microsecond),
        system: account.system,
    }
}

impl TryFrom<v1::Accounts> for Accounts {
    type Error = Malformed;

    fn try_from(message: v1::Accounts) -> Result<Self, Malformed> {
        let accounts = at_most("accounts.accounts", message.accounts, bounds::ACCOUNTS)?;
        Ok(Accounts {
            accounts: accounts.into_iter().map(read_account).collect(),
            left_out: message.left_out,
        })
    }
}

fn read_account(message: v1::Account) -> Account {
    Account {
        name: bounds::text(&message.name, bounds::NAME),
        full_name: some_text_to(&message.full_name, bounds::NAME),
        enabled: message.enabled,
        administrator: message.administrator,
        last_logon_at: some_instant(message.last_logon_at_us),
        system: message.system,
    }
}
