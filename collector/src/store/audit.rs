//! Administrative changes, appended to the ledger; never changed.

use jiff::Timestamp;

use super::Result;
use super::engine::{Read, Write, on};
use super::ledger::{Appended, AuditRow};
use crate::domain::access::Actor;

/// An administrative change to be recorded. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// What was done, e.g. `code.create`.
    pub act: &'static str,
    /// What it was done to, e.g. `device 0199…`.
    pub subject: String,
    /// Particulars.
    pub detail: String,
}

impl Write {
    /// Appends to the ledger, at the commit.
    ///
    /// # Errors
    /// None today; the commit tells.
    pub async fn audit(&mut self, actor: &Actor, entry: &AuditEntry, now: Timestamp) -> Result<()> {
        let row = AuditRow {
            number: 0,
            at: now.as_microsecond(),
            actor: actor.name().to_owned(),
            act: entry.act.to_owned(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
        };
        self.gathered().push(Appended::Audit(row));
        self.bump("audit");
        Ok(())
    }
}

impl Read {
    /// What was done, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit_acts(&mut self) -> Result<Vec<String>> {
        let sql = "SELECT act FROM audit ORDER BY number";
        Ok(on!(self, |db| sqlx::query_scalar(sql).fetch_all(db).await)?)
    }
}
