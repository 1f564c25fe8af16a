//! Failures to sign in, by login, by code and by address, and the wait they cost.

use jiff::{SignedDuration, Timestamp};

use super::Error;
use crate::store::{Read, Write};

/// Failures of one login or code before the first wait.
pub(super) const FREE_FAILURES: i64 = 4;
/// Failures from one address before the first wait: a whole building may share one.
const FREE_FAILURES_OF_ADDRESS: i64 = 24;
/// The longest wait, seconds.
pub(super) const LONGEST_WAIT: i64 = 15 * 60;

/// What failures are counted of.
pub(super) struct Subject {
    key: String,
    free: i64,
}

impl Subject {
    pub(super) fn login(login: &str) -> Subject {
        Subject { key: format!("login {login}"), free: FREE_FAILURES }
    }

    /// Codes of the second factor: whoever has the password may not try them all.
    pub(super) fn code(login: &str) -> Subject {
        Subject { key: format!("code {login}"), free: FREE_FAILURES }
    }

    pub(super) fn address(address: &str) -> Subject {
        Subject { key: format!("address {address}"), free: FREE_FAILURES_OF_ADDRESS }
    }
}

/// Whether they may try now.
pub(super) async fn check(
    read: &mut Read,
    subjects: &[Subject],
    now: Timestamp,
) -> Result<(), Error> {
    for subject in subjects {
        if let Some((_, until)) = read.login_failures(&subject.key).await?
            && until > now
        {
            return Err(Error::Wait((until.as_second() - now.as_second()).max(1)));
        }
    }
    Ok(())
}

pub(super) async fn failed(
    write: &mut Write,
    subjects: &[Subject],
    now: Timestamp,
) -> Result<(), Error> {
    for Subject { key, free } in subjects {
        let before = write.login_failures(key).await?.map_or(0, |(failures, _)| failures);
        write.set_login_failures(key, before + 1, now + wait_after(before + 1, *free)).await?;
    }
    Ok(())
}

pub(super) async fn succeeded(write: &mut Write, subjects: &[Subject]) -> Result<(), Error> {
    for subject in subjects {
        write.clear_login_failures(&subject.key).await?;
    }
    Ok(())
}

/// None at first, then 2, 4, 8 … seconds, at most a quarter of an hour.
pub(super) fn wait_after(failures: i64, free: i64) -> SignedDuration {
    let beyond = failures - free;
    let seconds = if beyond <= 0 { 0 } else { 1_i64 << beyond.min(20) };
    SignedDuration::from_secs(seconds.min(LONGEST_WAIT))
}
