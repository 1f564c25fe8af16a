//! Enrolment codes.

use std::net::IpAddr;

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::enrolment::{EnrolmentCode, Spent};
use crate::domain::id::{AreaId, CodeId, DeviceId};

#[derive(FromRow)]
struct CodeColumns {
    id: String,
    secret_hash: String,
    area_id: Option<String>,
    network: Option<String>,
    approve: bool,
    sample: bool,
    expires_at: i64,
    spent_at: Option<i64>,
    spent_key_hash: Option<String>,
    device_id: Option<String>,
}

impl CodeColumns {
    fn read(self) -> Result<EnrolmentCode> {
        let spent = match (self.spent_at, self.spent_key_hash, self.device_id) {
            (Some(at), Some(key_hash), Some(device)) => Some(Spent {
                at: row::instant("enrolment_code", "spent_at", at)?,
                key_hash,
                device: DeviceId::new(device),
            }),
            _ => None,
        };
        let network = self.network.as_deref();
        Ok(EnrolmentCode {
            id: CodeId::new(self.id),
            secret_hash: self.secret_hash,
            area: self.area_id.map(AreaId::new),
            network: network
                .map(|text| row::word("enrolment_code", "network", text, read_network))
                .transpose()?,
            approve: self.approve,
            sample: self.sample,
            expires_at: row::instant("enrolment_code", "expires_at", self.expires_at)?,
            spent,
        })
    }
}

fn read_network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    Some((address.parse().ok()?, prefix.parse().ok()?))
}

impl Read {
    /// The code with that hash of its secret.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn enrolment_code(&mut self, secret_hash: &str) -> Result<Option<EnrolmentCode>> {
        let sql = "SELECT id, secret_hash, area_id, network, approve, sample, expires_at, spent_at,
                       spent_key_hash, device_id
                   FROM enrolment_code WHERE secret_hash = $1";
        let found: Option<CodeColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(secret_hash).fetch_optional(db).await)?;
        found.map(CodeColumns::read).transpose()
    }
}

impl Write {
    /// Keeps a new code.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_enrolment_code(
        &mut self,
        code: &EnrolmentCode,
        by: &str,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO enrolment_code
                       (id, secret_hash, area_id, network, approve, sample, created_by, created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let network = code.network.map(|(address, prefix)| format!("{address}/{prefix}"));
        on!(self, |db| sqlx::query(sql)
            .bind(code.id.as_str())
            .bind(&code.secret_hash)
            .bind(code.area.as_ref().map(AreaId::as_str))
            .bind(&network)
            .bind(code.approve)
            .bind(code.sample)
            .bind(by)
            .bind(now.as_microsecond())
            .bind(code.expires_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Marks a code as spent; false when it already was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn spend_enrolment_code(&mut self, id: &CodeId, spent: &Spent) -> Result<bool> {
        let sql = "UPDATE enrolment_code SET spent_at = $2, spent_key_hash = $3, device_id = $4
                   WHERE id = $1 AND spent_at IS NULL";
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(spent.at.as_microsecond())
            .bind(&spent.key_hash)
            .bind(spent.device.as_str())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }
}
