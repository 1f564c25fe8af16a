//! What areas decided about the ports of their PCs. Its history is in the audit trail.

use std::collections::HashMap;

use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::firewall_policy::{AreaPolicy, PermittedPort};
use crate::domain::id::{AreaId, DeviceId};

/// A policy with one of its ports; a policy without ports has one row without a port.
#[derive(FromRow)]
struct PolicyColumns {
    area_id: String,
    with_common: bool,
    updated_by: String,
    updated_at: i64,
    protocol: Option<String>,
    first_port: Option<i64>,
    last_port: Option<i64>,
    source: Option<String>,
}

impl PolicyColumns {
    fn port(&self) -> Result<Option<PermittedPort>> {
        let (Some(protocol), Some(first), Some(last), Some(source)) =
            (&self.protocol, self.first_port, self.last_port, &self.source)
        else {
            return Ok(None);
        };
        let text = format!("{protocol}/{first}-{last} {source}");
        row::word("area_policy_port", "protocol", &text, |text| text.parse().ok()).map(Some)
    }
}

const COLUMNS: &str = "SELECT p.area_id, p.with_common, p.updated_by, p.updated_at,
        t.protocol, t.first_port, t.last_port, t.source
    FROM area_firewall_policy p LEFT JOIN area_policy_port t ON t.area_id = p.area_id
    WHERE cast($1 AS text) IS NULL OR p.area_id = $1
    ORDER BY t.protocol, t.first_port, t.last_port, t.source";

impl Read {
    /// The policy of every area that has one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn area_policies(&mut self) -> Result<HashMap<AreaId, AreaPolicy>> {
        self.policies(None).await
    }

    /// The policy of an area; none where the configuration holds.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn area_policy(&mut self, area: &AreaId) -> Result<Option<AreaPolicy>> {
        Ok(self.policies(Some(area)).await?.remove(area))
    }

    async fn policies(&mut self, area: Option<&AreaId>) -> Result<HashMap<AreaId, AreaPolicy>> {
        let area = area.map(AreaId::as_str);
        let rows: Vec<PolicyColumns> =
            on!(self, |db| sqlx::query_as(COLUMNS).bind(area).fetch_all(db).await)?;
        let mut policies: HashMap<AreaId, AreaPolicy> = HashMap::new();
        for row in rows {
            let port = row.port()?;
            let updated_at = row::instant("area_firewall_policy", "updated_at", row.updated_at)?;
            let policy = policies.entry(AreaId::new(row.area_id)).or_insert_with(|| AreaPolicy {
                with_common: row.with_common,
                ports: Vec::new(),
                updated_by: row.updated_by,
                updated_at,
            });
            policy.ports.extend(port);
        }
        Ok(policies)
    }

    /// Approved devices that belong to an area.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn devices_of_area(&mut self, area: &AreaId) -> Result<Vec<DeviceId>> {
        let sql = "SELECT id FROM device WHERE area_id = $1 AND status = 'approved' ORDER BY id";
        let ids: Vec<String> =
            on!(self, |db| sqlx::query_scalar(sql).bind(area.as_str()).fetch_all(db).await)?;
        Ok(ids.into_iter().map(DeviceId::new).collect())
    }
}

impl Write {
    /// Gives an area a policy in place of the one it had.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_area_policy(&mut self, area: &AreaId, policy: &AreaPolicy) -> Result<()> {
        self.drop_area_policy(area).await?;
        let add = "INSERT INTO area_firewall_policy (area_id, with_common, updated_by, updated_at)
                   VALUES ($1, $2, $3, $4)";
        on!(self, |db| sqlx::query(add)
            .bind(area.as_str())
            .bind(policy.with_common)
            .bind(&policy.updated_by)
            .bind(policy.updated_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        let add = "INSERT INTO area_policy_port (area_id, protocol, first_port, last_port, source)
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        for port in &policy.ports {
            let source = port.source.map(|source| source.to_string()).unwrap_or_default();
            on!(self, |db| sqlx::query(add)
                .bind(area.as_str())
                .bind(&port.protocol)
                .bind(i64::from(port.first))
                .bind(i64::from(port.last))
                .bind(&source)
                .execute(db)
                .await
                .map(drop))?;
        }
        Ok(())
    }

    /// Takes an area's policy away: the configuration holds again.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn drop_area_policy(&mut self, area: &AreaId) -> Result<()> {
        let sql = "DELETE FROM area_firewall_policy WHERE area_id = $1";
        on!(self, |db| sqlx::query(sql).bind(area.as_str()).execute(db).await.map(drop))?;
        self.bump("device");
        Ok(())
    }
}
