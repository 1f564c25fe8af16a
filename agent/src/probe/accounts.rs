//! Local accounts: who can log on, who commands the PC, and when each last did. Passwords are neither kept nor shown; of
//! a password's line only whether it is locked is looked at.

#[cfg(any(target_os = "linux", test))]
mod logons;
#[cfg(any(target_os = "linux", test))]
mod passwd;
#[cfg(any(target_os = "linux", test))]
mod sudoers;

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

use atalaya_reading::{Account, Accounts, bounds};

/// Accounts within their bound: those of people and those that command the PC first; what does not fit is counted.
#[cfg(any(target_os = "linux", windows, test))]
fn listed(mut accounts: Vec<Account>) -> Accounts {
    accounts.sort_by(|a, b| {
        let rank = |account: &Account| (account.system, account.administrator != Some(true));
        rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name))
    });
    let left_out = u32::try_from(accounts.len().saturating_sub(bounds::ACCOUNTS));
    accounts.truncate(bounds::ACCOUNTS);
    Accounts { accounts, left_out: left_out.unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_come_before_the_system_and_the_rest_is_counted() {
        let mut accounts: Vec<Account> = (0..300)
            .map(|n| Account { name: format!("s{n}"), system: true, ..Account::default() })
            .collect();
        accounts.push(Account { name: "zoe".into(), ..Account::default() });
        let listed = listed(accounts);
        assert_eq!((listed.accounts.len(), listed.left_out), (bounds::ACCOUNTS, 45));
        assert_eq!(listed.accounts[0].name, "zoe");
    }
}
