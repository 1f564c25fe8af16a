//! Administrative changes, appended in a hash chain; never changed.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Result;
use super::engine::{Read, Write, on};
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
    /// Appends to the audit trail.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit(&mut self, actor: &Actor, entry: &AuditEntry, now: Timestamp) -> Result<()> {
        // The tail is locked by writing to it, so that two collectors append one after the other.
        let lock = "INSERT INTO change_counter (subject, counter) VALUES ('audit', 1)
                    ON CONFLICT (subject) DO UPDATE SET counter = change_counter.counter + 1";
        on!(self, |db| sqlx::query(lock).execute(db).await.map(drop))?;
        let last = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
        let last: Option<(i64, String)> =
            on!(self, |db| sqlx::query_as(last).fetch_optional(db).await)?;
        let (number, previous) =
            last.map_or((1, String::new()), |(number, hash)| (number + 1, hash));
        let at = now.as_microsecond();
        let fields = [
            &number.to_string(),
            &at.to_string(),
            actor.name(),
            entry.act,
            &entry.subject,
            &entry.detail,
        ];
        let hash = chain_hash(&previous, &fields);
        let sql = "INSERT INTO audit (number, at, actor, act, subject, detail, hash)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        on!(self, |db| sqlx::query(sql)
            .bind(number)
            .bind(at)
            .bind(actor.name())
            .bind(entry.act)
            .bind(&entry.subject)
            .bind(&entry.detail)
            .bind(&hash)
            .execute(db)
            .await
            .map(drop))?;
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

/// SHA-256 over the previous hash and the fields, each with its length before it so that none runs into the next.
pub(super) fn chain_hash(previous: &str, fields: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for field in std::iter::once(&previous).chain(fields) {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    HEXLOWER.encode(&hasher.finalize())
}
