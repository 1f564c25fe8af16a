//! Network devices: devices without an agent, who looks at them, and what these last saw.

use jiff::Timestamp;
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::fleet::Live;
use super::{Result, row};
use crate::domain::device::{Device, DeviceStatus, Hints};
use crate::domain::id::{DeviceId, SiteId};
use crate::domain::network_device::{Answering, NetworkDevice, NetworkDeviceKind};
use crate::domain::reading::{Section, SectionKind, TargetKind, TargetSpec};
use crate::domain::text::fold;

#[derive(FromRow)]
struct NetworkDeviceColumns {
    device_id: String,
    name: String,
    kind: String,
    probe: String,
    address: String,
    site_id: Option<String>,
    site_name: Option<String>,
    state: String,
    state_since: i64,
    sample: bool,
}

impl NetworkDeviceColumns {
    fn read(self) -> Result<NetworkDevice> {
        let table = "network_device";
        Ok(NetworkDevice {
            id: DeviceId::new(self.device_id),
            name: self.name,
            kind: row::word(table, "kind", &self.kind, NetworkDeviceKind::parse)?,
            probe: row::word(table, "probe", &self.probe, probe)?,
            address: self.address,
            site: self.site_id.map(SiteId::new),
            site_name: self.site_name,
            state: row::word(table, "state", &self.state, Answering::parse)?,
            state_since: row::instant(table, "state_since", self.state_since)?,
            sample: self.sample,
        })
    }
}

fn probe(word: &str) -> Option<TargetKind> {
    match word {
        "icmp" => Some(TargetKind::Icmp),
        "tcp" => Some(TargetKind::Tcp),
        _ => None,
    }
}

fn probe_word(kind: TargetKind) -> &'static str {
    if kind == TargetKind::Tcp { "tcp" } else { "icmp" }
}

/// That a PC looks at a network device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// What is looked at.
    pub network_device: DeviceId,
    /// Who looks.
    pub watcher: DeviceId,
    /// Name of who looks.
    pub watcher_name: String,
}

#[derive(FromRow)]
struct LookColumns {
    device_id: String,
    received_at: i64,
    body: String,
    last_seen_at: i64,
    last_taken_at: i64,
    clock_skew_us: i64,
    unchanged: String,
}

const LISTED: &str =
    "SELECT n.device_id, d.name, n.kind, n.probe, n.address, n.site_id, s.name AS site_name,
        n.state, n.state_since, d.sample
    FROM network_device n JOIN device d ON d.id = n.device_id LEFT JOIN site s ON s.id = n.site_id
    WHERE d.status = 'approved' AND (cast($1 AS text) IS NULL OR n.device_id = $1)
    ORDER BY s.name, d.folded_name, d.id";

impl Read {
    /// Every network device that is looked after, by place and name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn network_devices(&mut self) -> Result<Vec<NetworkDevice>> {
        self.listed_network_devices(None).await
    }

    /// A network device; none also when it was removed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn network_device(&mut self, id: &DeviceId) -> Result<Option<NetworkDevice>> {
        Ok(self.listed_network_devices(Some(id)).await?.pop())
    }

    /// Whether a device is a network device, looked after or removed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn is_network_device(&mut self, id: &DeviceId) -> Result<bool> {
        let sql = "SELECT count(*) FROM network_device WHERE device_id = $1";
        let count: i64 =
            on!(self, |db| sqlx::query_scalar(sql).bind(id.as_str()).fetch_one(db).await)?;
        Ok(count > 0)
    }

    async fn listed_network_devices(
        &mut self,
        id: Option<&DeviceId>,
    ) -> Result<Vec<NetworkDevice>> {
        let id = id.map(DeviceId::as_str);
        let rows: Vec<NetworkDeviceColumns> =
            on!(self, |db| sqlx::query_as(LISTED).bind(id).fetch_all(db).await)?;
        rows.into_iter().map(NetworkDeviceColumns::read).collect()
    }

    /// Who looks at what, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn watches(&mut self) -> Result<Vec<Watch>> {
        let sql = "SELECT w.network_device_id, w.watcher_id, d.name
                   FROM network_device_watcher w JOIN device d ON d.id = w.watcher_id
                   WHERE d.status <> 'revoked' ORDER BY d.folded_name, d.id";
        let rows: Vec<(String, String, String)> =
            on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        let watch = |(network_device, watcher, watcher_name)| Watch {
            network_device: DeviceId::new(network_device),
            watcher: DeviceId::new(watcher),
            watcher_name,
        };
        Ok(rows.into_iter().map(watch).collect())
    }

    /// The last look at the network of every PC that watches something, when it was received, and how the PC lives.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn looks_of_watchers(&mut self) -> Result<Vec<(DeviceId, Section, Timestamp, Live)>> {
        let sql = "SELECT s.device_id, s.received_at, s.body, l.last_seen_at, l.last_taken_at,
                       l.clock_skew_us, l.unchanged
                   FROM section s JOIN device_live l ON l.device_id = s.device_id
                   WHERE s.kind = $1 AND s.device_id IN
                       (SELECT watcher_id FROM network_device_watcher)";
        let kind = SectionKind::Connectivity;
        let rows: Vec<LookColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(kind.as_str()).fetch_all(db).await)?;
        rows.into_iter()
            .map(|look| {
                let section = Section::from_json(kind, &look.body)
                    .map_err(|_| row::unreadable("section", "body", &look.body))?;
                let live = Live {
                    last_seen_at: row::instant("device_live", "last_seen_at", look.last_seen_at)?,
                    last_taken_at: row::instant(
                        "device_live",
                        "last_taken_at",
                        look.last_taken_at,
                    )?,
                    clock_skew_us: look.clock_skew_us,
                    unchanged: look.unchanged,
                };
                let received_at = row::instant("section", "received_at", look.received_at)?;
                Ok((DeviceId::new(look.device_id), section, received_at, live))
            })
            .collect()
    }

    /// What each PC is to measure beside its own targets.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn watched_targets(&mut self) -> Result<Vec<(DeviceId, TargetSpec)>> {
        let sql = "SELECT w.watcher_id, n.device_id, d.name, n.probe, n.address
                   FROM network_device_watcher w
                   JOIN network_device n ON n.device_id = w.network_device_id
                   JOIN device d ON d.id = n.device_id
                   WHERE d.status = 'approved' ORDER BY w.watcher_id, n.device_id";
        let rows: Vec<(String, String, String, String, String)> =
            on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        rows.into_iter()
            .map(|(watcher, id, name, kind, address)| {
                let kind = row::word("network_device", "probe", &kind, probe)?;
                Ok((DeviceId::new(watcher), TargetSpec { id, name, kind, address }))
            })
            .collect()
    }
}

impl Write {
    /// Adds a network device nobody looks at yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_network_device(&mut self, new: &NetworkDevice, now: Timestamp) -> Result<()> {
        let device = Device {
            id: new.id.clone(),
            number: 0,
            name: new.name.clone(),
            area: None,
            status: DeviceStatus::Approved,
            hints: Hints::default(),
            enrolled_at: now,
            sample: new.sample,
        };
        self.add_device(&device).await?;
        let sql = "INSERT INTO network_device
                       (device_id, kind, probe, address, site_id, state, state_since)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        on!(self, |db| sqlx::query(sql)
            .bind(new.id.as_str())
            .bind(new.kind.as_str())
            .bind(probe_word(new.probe))
            .bind(&new.address)
            .bind(new.site.as_ref().map(SiteId::as_str))
            .bind(new.state.as_str())
            .bind(new.state_since.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("target");
        Ok(())
    }

    /// Changes what people say of a network device: name, kind, how it is reached, place.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn change_network_device(&mut self, changed: &NetworkDevice) -> Result<()> {
        let name = "UPDATE device SET name = $2, folded_name = $3 WHERE id = $1";
        on!(self, |db| sqlx::query(name)
            .bind(changed.id.as_str())
            .bind(&changed.name)
            .bind(fold(&changed.name))
            .execute(db)
            .await
            .map(drop))?;
        let sql = "UPDATE network_device SET kind = $2, probe = $3, address = $4, site_id = $5
                   WHERE device_id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(changed.id.as_str())
            .bind(changed.kind.as_str())
            .bind(probe_word(changed.probe))
            .bind(&changed.address)
            .bind(changed.site.as_ref().map(SiteId::as_str))
            .execute(db)
            .await
            .map(drop))?;
        self.bump("target");
        self.bump("device");
        Ok(())
    }

    /// Replaces who looks at a network device.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_watchers(&mut self, id: &DeviceId, watchers: &[DeviceId]) -> Result<()> {
        let clear = "DELETE FROM network_device_watcher WHERE network_device_id = $1";
        on!(self, |db| sqlx::query(clear).bind(id.as_str()).execute(db).await.map(drop))?;
        let add = "INSERT INTO network_device_watcher (network_device_id, watcher_id)
                   VALUES ($1, $2) ON CONFLICT DO NOTHING";
        for watcher in watchers {
            on!(self, |db| sqlx::query(add)
                .bind(id.as_str())
                .bind(watcher.as_str())
                .execute(db)
                .await
                .map(drop))?;
        }
        self.bump("target");
        Ok(())
    }

    /// Keeps what those who look say together.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_answering(
        &mut self,
        id: &DeviceId,
        state: Answering,
        since: Timestamp,
    ) -> Result<()> {
        let sql = "UPDATE network_device SET state = $2, state_since = $3 WHERE device_id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(id.as_str())
            .bind(state.as_str())
            .bind(since.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("network_device");
        Ok(())
    }
}
