//! Local accounts on the sheet: people first, administrators marked, those nobody knows of named.

use std::collections::BTreeSet;

use crate::domain::reading::{Account, Accounts};

/// Local accounts as shown.
pub struct AccountsView {
    /// Accounts of people, and any that commands the PC; administrators first.
    pub accounts: Vec<AccountView>,
    /// Accounts of services that command nothing.
    pub services: usize,
    /// Accounts beyond the list.
    pub left_out: u32,
}

/// One account.
pub struct AccountView {
    /// What was read.
    pub account: Account,
    /// It commands the PC, and nobody accepted that yet.
    pub unknown_administrator: bool,
}

impl AccountsView {
    pub(super) fn new(accounts: Accounts, accepted: Option<&BTreeSet<String>>) -> Self {
        let commands = |account: &Account| account.administrator == Some(true);
        let all = accounts.accounts.len();
        let mut shown: Vec<AccountView> = accounts
            .accounts
            .into_iter()
            .filter(|account| !account.system || commands(account))
            .map(|account| AccountView {
                unknown_administrator: commands(&account)
                    && accepted.is_some_and(|accepted| !accepted.contains(&account.name)),
                account,
            })
            .collect();
        shown.sort_by_key(|view| (!view.unknown_administrator, !commands(&view.account)));
        AccountsView { services: all - shown.len(), accounts: shown, left_out: accounts.left_out }
    }
}
