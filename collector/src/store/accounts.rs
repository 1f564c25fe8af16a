//! Administrator accounts of PCs that somebody knows of.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::DeviceId;

impl Read {
    /// Accounts known to command a PC; none before its first reading of accounts.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn accepted_administrators(
        &mut self,
        device: &DeviceId,
    ) -> Result<Option<BTreeSet<String>>> {
        let sql = "SELECT names FROM accepted_administrators WHERE device_id = $1";
        let found: Option<String> =
            on!(self, |db| sqlx::query_scalar(sql).bind(device.as_str()).fetch_optional(db).await)?;
        let unreadable = |names: &str| row::unreadable("accepted_administrators", "names", names);
        found.map(|names| serde_json::from_str(&names).map_err(|_| unreadable(&names))).transpose()
    }
}

impl Write {
    /// Keeps the accounts known to command a PC, in place of those before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn accept_administrators(
        &mut self,
        device: &DeviceId,
        names: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO accepted_administrators (device_id, names, updated_at)
                   VALUES ($1, $2, $3)
                   ON CONFLICT (device_id) DO UPDATE SET names = $2, updated_at = $3";
        let names = serde_json::to_string(names).unwrap_or_else(|_| "[]".to_owned());
        on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(&names)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("section");
        Ok(())
    }
}
