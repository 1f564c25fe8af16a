//! The fleet as pages see it: one light row per device, and the history of one.

use jiff::{SignedDuration, Timestamp};
use sqlx::FromRow;

use super::engine::{Read, on};
use super::intake::SampleRow;
use super::{Result, row};
use crate::domain::alert::Verdict;
use crate::domain::device::DeviceStatus;
use crate::domain::id::{AreaId, DeviceId};
use crate::domain::reading::{Sample, SectionKind};

/// A device as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Identity.
    pub id: DeviceId,
    /// Name.
    pub name: String,
    /// Name without accents and case.
    pub folded_name: String,
    /// Area.
    pub area: Option<AreaId>,
    /// Name of the area.
    pub area_name: Option<String>,
    /// Whether it is listened to.
    pub status: DeviceStatus,
    /// Operating system.
    pub os: String,
    /// Part of the sample municipality.
    pub sample: bool,
    /// Last sign of life by the collector's clock.
    pub last_seen_at: Option<Timestamp>,
    /// Worst verdict of each section's rules.
    pub antivirus: Verdict,
    /// See `antivirus`.
    pub firewall: Verdict,
    /// See `antivirus`.
    pub disk: Verdict,
    /// See `antivirus`.
    pub connectivity: Verdict,
    /// See `antivirus`.
    pub system: Verdict,
    /// Open alerts.
    pub open_alerts: i64,
    /// Open alerts that are critical.
    pub critical_alerts: i64,
    /// Whether the agent is silent by the rule.
    pub silent: bool,
}

/// Liveness of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Last sign of life by the collector's clock.
    pub last_seen_at: Timestamp,
    /// When the agent took its newest record, its own clock.
    pub last_taken_at: Timestamp,
    /// The agent's clock minus the collector's, microseconds.
    pub clock_skew_us: i64,
    /// `antivirus:12,firewall:60`: seconds since each unchanged section was looked at.
    pub unchanged: String,
}

impl Live {
    /// When a section received at `received_at` was last looked at, by the collector's clock: one that did not change
    /// is not sent again, and the report says how long before it was looked at.
    pub fn looked_at(&self, kind: SectionKind, received_at: Timestamp) -> Timestamp {
        let mut marks = self.unchanged.split(',').filter_map(|mark| mark.split_once(':'));
        let age =
            marks.find(|(name, _)| *name == kind.as_str()).and_then(|(_, age)| age.parse().ok());
        let looked =
            age.and_then(|age| self.last_seen_at.checked_sub(SignedDuration::from_secs(age)).ok());
        looked.map_or(received_at, |looked| looked.max(received_at))
    }
}

/// Devices by what is shown of them. Adds up to `total`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FleetCounts {
    /// All devices that are not revoked.
    pub total: i64,
    /// Wait for approval.
    pub pending: i64,
    /// Agent silent.
    pub silent: i64,
    /// Worst is critical.
    pub critical: i64,
    /// Worst is a warning.
    pub warning: i64,
    /// Not everything is known.
    pub unknown: i64,
    /// All well.
    pub ok: i64,
}

#[derive(FromRow)]
struct DeviceRowColumns {
    id: String,
    name: String,
    folded_name: String,
    area_id: Option<String>,
    area_name: Option<String>,
    status: String,
    os: String,
    sample: bool,
    last_seen_at: Option<i64>,
    antivirus: Option<String>,
    firewall: Option<String>,
    disk: Option<String>,
    connectivity: Option<String>,
    system: Option<String>,
    open_alerts: i64,
    critical_alerts: i64,
    silent_alerts: i64,
}

fn verdict(column: &'static str, word: Option<&str>) -> Result<Verdict> {
    word.map_or(Ok(Verdict::Unknown), |word| row::word("health", column, word, Verdict::parse))
}

impl DeviceRowColumns {
    fn read(self) -> Result<DeviceRow> {
        Ok(DeviceRow {
            id: DeviceId::new(self.id),
            name: self.name,
            folded_name: self.folded_name,
            area: self.area_id.map(AreaId::new),
            area_name: self.area_name,
            status: row::word("device", "status", &self.status, DeviceStatus::parse)?,
            os: self.os,
            sample: self.sample,
            last_seen_at: row::some_instant("device_live", "last_seen_at", self.last_seen_at)?,
            antivirus: verdict("antivirus", self.antivirus.as_deref())?,
            firewall: verdict("firewall", self.firewall.as_deref())?,
            disk: verdict("disk", self.disk.as_deref())?,
            connectivity: verdict("connectivity", self.connectivity.as_deref())?,
            system: verdict("system", self.system.as_deref())?,
            open_alerts: self.open_alerts,
            critical_alerts: self.critical_alerts,
            silent: self.silent_alerts > 0,
        })
    }
}

impl DeviceRow {
    /// The state a person sees: one of `revoked`, `quarantined`, `pending`, `silent`, `critical`, `warning`,
    /// `unknown`, `ok`; the first that holds.
    pub fn state(&self) -> &'static str {
        let verdicts = [self.antivirus, self.firewall, self.disk, self.connectivity, self.system];
        match self.status {
            DeviceStatus::Revoked => "revoked",
            DeviceStatus::Quarantined => "quarantined",
            DeviceStatus::Pending => "pending",
            DeviceStatus::Approved if self.silent => "silent",
            DeviceStatus::Approved if self.critical_alerts > 0 => "critical",
            DeviceStatus::Approved if self.open_alerts > 0 => "warning",
            DeviceStatus::Approved if verdicts.contains(&Verdict::Unknown) => "unknown",
            DeviceStatus::Approved => "ok",
        }
    }
}

impl FleetCounts {
    /// Counts rows by state; revoked and quarantined devices are not counted.
    pub fn of(rows: &[DeviceRow]) -> FleetCounts {
        let mut counts = FleetCounts::default();
        for row in rows {
            let field = match row.state() {
                "pending" => &mut counts.pending,
                "silent" => &mut counts.silent,
                "critical" => &mut counts.critical,
                "warning" => &mut counts.warning,
                "unknown" => &mut counts.unknown,
                "ok" => &mut counts.ok,
                _ => continue,
            };
            *field += 1;
            counts.total += 1;
        }
        counts
    }
}

#[derive(FromRow)]
pub(super) struct SampleColumns {
    device_number: i64,
    taken_at: i64,
    cpu_permille: Option<i64>,
    memory_permille: Option<i64>,
    swap_permille: Option<i64>,
    volume_free_permille: Option<i64>,
    drive_temperature_c: Option<i64>,
    uptime_s: Option<i64>,
    loss_permille: Option<i64>,
    rtt_median_us: Option<i64>,
    rtt_p95_us: Option<i64>,
    jitter_us: Option<i64>,
    gateway_rtt_us: Option<i64>,
    listening_ports: Option<i64>,
}

impl SampleColumns {
    pub(super) fn read(self) -> Result<SampleRow> {
        let small = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        Ok(SampleRow {
            device_number: self.device_number,
            taken_at: row::instant("sample", "taken_at", self.taken_at)?,
            sample: Sample {
                cpu_permille: small(self.cpu_permille),
                memory_permille: small(self.memory_permille),
                swap_permille: small(self.swap_permille),
                volume_free_permille: small(self.volume_free_permille),
                drive_temperature_c: self.drive_temperature_c.and_then(|c| i32::try_from(c).ok()),
                uptime_s: self.uptime_s.and_then(|s| u64::try_from(s).ok()),
                loss_permille: small(self.loss_permille),
                rtt_median_us: small(self.rtt_median_us),
                rtt_p95_us: small(self.rtt_p95_us),
                jitter_us: small(self.jitter_us),
                gateway_rtt_us: small(self.gateway_rtt_us),
                listening_ports: small(self.listening_ports),
            },
        })
    }
}

impl Read {
    /// Every PC, by name. Keep what it returns while the change counters stand still.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn fleet(&mut self) -> Result<Vec<DeviceRow>> {
        let sql = "SELECT d.id, d.name, d.folded_name, d.area_id, a.name AS area_name, d.status, d.os, d.sample,
                       l.last_seen_at, h.antivirus, h.firewall, h.disk, h.connectivity, h.system,
                       coalesce(x.open_alerts, 0) AS open_alerts,
                       coalesce(x.critical_alerts, 0) AS critical_alerts,
                       coalesce(x.silent_alerts, 0) AS silent_alerts
                   FROM device d
                   LEFT JOIN area a ON a.id = d.area_id
                   LEFT JOIN device_live l ON l.device_id = d.id
                   LEFT JOIN health h ON h.device_id = d.id
                   LEFT JOIN (SELECT device_id, count(*) AS open_alerts,
                                  count(CASE WHEN severity = 'critical' THEN 1 END) AS critical_alerts,
                                  count(CASE WHEN rule = 'silent' THEN 1 END) AS silent_alerts
                              FROM alert WHERE cleared_at IS NULL GROUP BY device_id) x
                       ON x.device_id = d.id
                   WHERE NOT EXISTS (SELECT 1 FROM network_device n WHERE n.device_id = d.id)
                   ORDER BY d.folded_name, d.id";
        let rows: Vec<DeviceRowColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        rows.into_iter().map(DeviceRowColumns::read).collect()
    }

    /// Liveness of a device; none before its first report.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn live(&mut self, device: &DeviceId) -> Result<Option<Live>> {
        let sql = "SELECT last_seen_at, last_taken_at, clock_skew_us, unchanged FROM device_live
                   WHERE device_id = $1";
        let found: Option<(i64, i64, i64, String)> =
            on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_optional(db).await)?;
        found
            .map(|(seen, taken, clock_skew_us, unchanged)| {
                Ok(Live {
                    last_seen_at: row::instant("device_live", "last_seen_at", seen)?,
                    last_taken_at: row::instant("device_live", "last_taken_at", taken)?,
                    clock_skew_us,
                    unchanged,
                })
            })
            .transpose()
    }

    /// Approved PCs last seen before `before`, and those never seen that were enrolled before it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn devices_unseen(
        &mut self,
        before: Timestamp,
    ) -> Result<Vec<(DeviceId, Timestamp)>> {
        let sql = "SELECT d.id, coalesce(l.last_seen_at, d.enrolled_at) AS seen FROM device d
                   LEFT JOIN device_live l ON l.device_id = d.id
                   WHERE d.status = 'approved' AND coalesce(l.last_seen_at, d.enrolled_at) < $1
                       AND NOT EXISTS (SELECT 1 FROM network_device n WHERE n.device_id = d.id)";
        let rows: Vec<(String, i64)> =
            on!(self, |db| sqlx::query_as(sql).bind(before.as_microsecond()).fetch_all(db).await)?;
        rows.into_iter()
            .map(|(id, seen)| {
                Ok((DeviceId::new(id), row::instant("device_live", "last_seen_at", seen)?))
            })
            .collect()
    }

    /// Measurements of a device since an instant, oldest first, at most `limit` of the newest.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn samples(
        &mut self,
        number: i64,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<SampleRow>> {
        let sql = "SELECT * FROM (SELECT * FROM sample WHERE device_number = $1 AND taken_at >= $2
                                  ORDER BY taken_at DESC LIMIT $3) AS newest ORDER BY taken_at";
        let rows: Vec<SampleColumns> = on!(self, |db| sqlx::query_as(sql)
            .bind(number)
            .bind(since.as_microsecond())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(SampleColumns::read).collect()
    }

    /// Losses of a device: how many records, by reason.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn losses(&mut self, device: &DeviceId) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT reason, cast(sum(lost) AS bigint) FROM device_gap WHERE device_id = $1
                   GROUP BY reason ORDER BY reason";
        Ok(on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_all(db).await)?)
    }
}
