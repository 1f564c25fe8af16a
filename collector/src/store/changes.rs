//! Change counters, by which pages and other collectors notice what changed, and leases, by which one collector
//! runs the timers.

use jiff::Timestamp;

use super::Result;
use super::engine::{Read, Write, on};

impl Read {
    /// All change counters.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn change_counters(&mut self) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT subject, counter FROM change_counter";
        Ok(on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?)
    }
}

impl Write {
    /// Takes or keeps a lease; true when it is ours until `until`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_lease(
        &mut self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let sql = "INSERT INTO lease (name, holder, expires_at) VALUES ($1, $2, $4)
                   ON CONFLICT (name) DO UPDATE SET holder = $2, expires_at = $4
                   WHERE lease.holder = $2 OR lease.expires_at < $3";
        let taken: u64 = on!(self, |db| sqlx::query(sql)
            .bind(name)
            .bind(holder)
            .bind(now.as_microsecond())
            .bind(until.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(taken == 1)
    }
}
