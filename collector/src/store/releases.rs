//! Releases of the agent, to whom they are offered, and how updates ended.

use atalaya_proto::release::{Manifest, Version};
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::{AreaId, DeviceId};
use crate::domain::release::{DeviceUpdate, Ended, Offer, Release, UpdateOutcome};

#[derive(FromRow)]
struct ReleaseColumns {
    manifest: String,
    signature: String,
    added_by: String,
    added_at: i64,
}

impl ReleaseColumns {
    fn read(self) -> Result<Release> {
        let unreadable = |_| row::unreadable("agent_release", "manifest", &self.manifest);
        Ok(Release {
            manifest: Manifest::parse(self.manifest.as_bytes()).map_err(unreadable)?,
            signature: self.signature,
            added_by: self.added_by,
            added_at: row::instant("agent_release", "added_at", self.added_at)?,
        })
    }
}

#[derive(FromRow)]
struct OfferColumns {
    version: String,
    area_id: Option<String>,
    share: i64,
    offered_by: String,
    offered_at: i64,
}

impl OfferColumns {
    fn read(self) -> Result<Offer> {
        Ok(Offer {
            version: row::word("agent_offer", "version", &self.version, Version::parse)?,
            area: self.area_id.map(AreaId::new),
            share: row::number("agent_offer", "share", self.share)?,
            offered_by: self.offered_by,
            offered_at: row::instant("agent_offer", "offered_at", self.offered_at)?,
        })
    }
}

#[derive(FromRow)]
struct UpdateColumns {
    target: String,
    offered_version: Option<String>,
    asked_at: Option<i64>,
    version: Option<String>,
    outcome: Option<String>,
    detail: String,
    ended_at: Option<i64>,
}

#[derive(FromRow)]
struct FleetColumns {
    name: String,
    agent_version: String,
    #[sqlx(flatten)]
    update: UpdateColumns,
}

impl UpdateColumns {
    fn read(self) -> Result<DeviceUpdate> {
        let ended = match (self.version, self.outcome, self.ended_at) {
            (Some(version), Some(outcome), Some(at)) => Some(Ended {
                version,
                outcome: row::word("device_update", "outcome", &outcome, UpdateOutcome::parse)?,
                detail: self.detail,
                at: row::instant("device_update", "ended_at", at)?,
            }),
            _ => None,
        };
        Ok(DeviceUpdate {
            target: self.target,
            offered: self.offered_version,
            asked_at: row::some_instant("device_update", "asked_at", self.asked_at)?,
            ended,
        })
    }
}

impl Read {
    /// All releases kept here, newest added first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn releases(&mut self) -> Result<Vec<Release>> {
        let sql = "SELECT manifest, signature, added_by, added_at FROM agent_release
                   ORDER BY added_at DESC, version, target";
        let rows: Vec<ReleaseColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        rows.into_iter().map(ReleaseColumns::read).collect()
    }

    /// All offers, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn offers(&mut self) -> Result<Vec<Offer>> {
        let sql = "SELECT version, area_id, share, offered_by, offered_at FROM agent_offer
                   ORDER BY offered_at DESC, id DESC";
        let rows: Vec<OfferColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        rows.into_iter().map(OfferColumns::read).collect()
    }

    /// What is known of a device's updates; none: it never asked for one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn device_update(&mut self, device: &DeviceId) -> Result<Option<DeviceUpdate>> {
        let sql = "SELECT target, offered_version, asked_at, version, outcome, detail, ended_at
                   FROM device_update WHERE device_id = $1";
        let found: Option<UpdateColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_optional(db).await)?;
        found.map(UpdateColumns::read).transpose()
    }

    /// Name, version and updates of every device that asked for one, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn device_updates(&mut self) -> Result<Vec<(String, String, DeviceUpdate)>> {
        let sql = "SELECT d.name, d.agent_version, u.target, u.offered_version, u.asked_at, u.version, u.outcome,
                       u.detail, u.ended_at
                   FROM device_update u JOIN device d ON d.id = u.device_id ORDER BY d.folded_name, d.id";
        let rows: Vec<FleetColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        rows.into_iter().map(|row| Ok((row.name, row.agent_version, row.update.read()?))).collect()
    }

    /// How many devices ended an update to each version, by outcome.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn update_outcomes(&mut self) -> Result<Vec<(String, UpdateOutcome, i64)>> {
        let sql = "SELECT version, outcome, count(*) FROM device_update
                   WHERE version IS NOT NULL AND outcome IS NOT NULL GROUP BY version, outcome ORDER BY version, outcome";
        let rows: Vec<(String, String, i64)> =
            on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        rows.into_iter()
            .map(|(version, outcome, count)| {
                let parse = UpdateOutcome::parse;
                Ok((version, row::word("device_update", "outcome", &outcome, parse)?, count))
            })
            .collect()
    }
}

impl Write {
    /// Keeps a release.
    ///
    /// # Errors
    /// A conflict when there is one of that version and target.
    pub async fn add_release(&mut self, release: &Release) -> Result<()> {
        let sql =
            "INSERT INTO agent_release (version, target, manifest, signature, added_by, added_at)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let manifest = &release.manifest;
        on!(self, |db| sqlx::query(sql)
            .bind(manifest.version.to_string())
            .bind(&manifest.target)
            .bind(manifest.to_string())
            .bind(&release.signature)
            .bind(&release.added_by)
            .bind(release.added_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Drops all releases of a version and its offers; how many releases there were.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_release(&mut self, version: Version) -> Result<u64> {
        self.withdraw(version).await?;
        let sql = "DELETE FROM agent_release WHERE version = $1";
        let removed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(version.to_string())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(removed)
    }

    /// Offers a version; an earlier offer of it to the same devices is replaced.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_offer(&mut self, offer: &Offer) -> Result<()> {
        let area = offer.area.as_ref().map(AreaId::as_str);
        let clear = "DELETE FROM agent_offer WHERE version = $1 AND coalesce(area_id, '') = $2";
        on!(self, |db| sqlx::query(clear)
            .bind(offer.version.to_string())
            .bind(area.unwrap_or(""))
            .execute(db)
            .await
            .map(drop))?;
        let sql = "INSERT INTO agent_offer (id, version, area_id, share, offered_by, offered_at)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        on!(self, |db| sqlx::query(sql)
            .bind(Uuid::now_v7().to_string())
            .bind(offer.version.to_string())
            .bind(area)
            .bind(i64::from(offer.share))
            .bind(&offer.offered_by)
            .bind(offer.offered_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Takes all offers of a version back; how many there were.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn withdraw(&mut self, version: Version) -> Result<u64> {
        let sql = "DELETE FROM agent_offer WHERE version = $1";
        Ok(on!(self, |db| sqlx::query(sql)
            .bind(version.to_string())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?)
    }

    /// Keeps what a device's agent was built for and what it was offered; written only when something changed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_asked(
        &mut self,
        device: &DeviceId,
        target: &str,
        offered: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO device_update (device_id, target, offered_version, asked_at, detail)
                   VALUES ($1, $2, $3, $4, '')
                   ON CONFLICT (device_id) DO UPDATE SET target = $2, offered_version = $3, asked_at = $4";
        on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(target)
            .bind(offered)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("device");
        Ok(())
    }

    /// Keeps how a device's update ended; false when this very end is known already.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_update_end(&mut self, device: &DeviceId, ended: &Ended) -> Result<bool> {
        let sql = "INSERT INTO device_update (device_id, target, version, outcome, detail, ended_at)
                   VALUES ($1, '', $2, $3, $4, $5)
                   ON CONFLICT (device_id) DO UPDATE SET version = $2, outcome = $3, detail = $4, ended_at = $5
                   WHERE device_update.version IS NULL OR device_update.version <> $2
                       OR device_update.outcome <> $3 OR device_update.detail <> $4";
        let changed: u64 = on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(&ended.version)
            .bind(ended.outcome.as_str())
            .bind(&ended.detail)
            .bind(ended.at.as_microsecond())
            .execute(db)
            .await
            .map(|done| done.rows_affected()))?;
        if changed > 0 {
            self.bump("device");
        }
        Ok(changed > 0)
    }
}
