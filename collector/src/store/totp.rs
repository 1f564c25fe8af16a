//! Second factors: the sealed secret of each person, the last code taken, and recovery codes as hashes.

use jiff::Timestamp;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::PersonId;

/// A person's second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totp {
    /// The secret, sealed.
    pub sealed: String,
    /// When a first code proved that the telephone has it; `None`: not yet, and it is not asked for.
    pub enrolled_at: Option<Timestamp>,
    /// Number of the last half minute whose code was taken.
    pub last_step: i64,
}

impl Read {
    /// A person's second factor.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn totp(&mut self, person: &PersonId) -> Result<Option<Totp>> {
        let sql = "SELECT sealed, enrolled_at, last_step FROM person_totp WHERE person_id = $1";
        let found: Option<(String, Option<i64>, i64)> =
            on!(self, |db| sqlx::query_as(sql).bind(person.as_str()).fetch_optional(db).await)?;
        found
            .map(|(sealed, enrolled_at, last_step)| {
                let enrolled_at = row::some_instant("person_totp", "enrolled_at", enrolled_at)?;
                Ok(Totp { sealed, enrolled_at, last_step })
            })
            .transpose()
    }

    /// How many recovery codes a person has left.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn recovery_codes_left(&mut self, person: &PersonId) -> Result<i64> {
        let sql = "SELECT count(*) FROM recovery_code WHERE person_id = $1 AND used_at IS NULL";
        Ok(on!(self, |db| sqlx::query_scalar(sql).bind(person.as_str()).fetch_one(db).await)?)
    }
}

impl Write {
    /// Keeps a secret that is not proven yet, in place of any other.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn begin_totp(&mut self, person: &PersonId, sealed: &str) -> Result<()> {
        self.end_totp(person).await?;
        let sql = "INSERT INTO person_totp (person_id, sealed, last_step) VALUES ($1, $2, 0)";
        on!(self, |db| sqlx::query(sql)
            .bind(person.as_str())
            .bind(sealed)
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Notes that the code of a half minute was taken; false when it or a later one already was, and nothing changes.
    /// The first one enrols.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_totp_step(
        &mut self,
        person: &PersonId,
        step: i64,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "UPDATE person_totp SET last_step = $2, enrolled_at = coalesce(enrolled_at, $3)
                   WHERE person_id = $1 AND last_step < $2";
        let taken: u64 = on!(self, |db| sqlx::query(sql)
            .bind(person.as_str())
            .bind(step)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(taken == 1)
    }

    /// Takes a person's second factor and recovery codes away.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_totp(&mut self, person: &PersonId) -> Result<()> {
        for sql in [
            "DELETE FROM person_totp WHERE person_id = $1",
            "DELETE FROM recovery_code WHERE person_id = $1",
        ] {
            on!(self, |db| sqlx::query(sql).bind(person.as_str()).execute(db).await.map(drop))?;
        }
        Ok(())
    }

    /// Keeps the hash of a recovery code.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_recovery_code(&mut self, person: &PersonId, hash: &str) -> Result<()> {
        let sql = "INSERT INTO recovery_code (person_id, code_hash) VALUES ($1, $2)";
        on!(self, |db| sqlx::query(sql)
            .bind(person.as_str())
            .bind(hash)
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Spends a recovery code; false when there is none like it or it was spent.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_recovery_code(
        &mut self,
        person: &PersonId,
        hash: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "UPDATE recovery_code SET used_at = $3
                   WHERE person_id = $1 AND code_hash = $2 AND used_at IS NULL";
        let used: u64 = on!(self, |db| sqlx::query(sql)
            .bind(person.as_str())
            .bind(hash)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(used == 1)
    }
}
