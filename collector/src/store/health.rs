//! What the rules say of a device: the worst verdict of each section, and where each rule stands.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::alert::{Rule, Severity, Standing, Verdict};
use crate::domain::id::DeviceId;
use crate::domain::reading::SectionKind;

/// What the rules say of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Where each rule stands.
    pub standings: BTreeMap<Rule, Standing>,
}

impl Health {
    /// The worst verdict of a section's rules; a raised alert counts while its rule cannot be told.
    pub fn section(&self, kind: SectionKind) -> Verdict {
        let counts = |rule: &Rule, standing: &Standing| {
            rule.section() == kind && !(rule.is_supplement() && shown(standing) == Verdict::Unknown)
        };
        let of_kind = self.standings.iter().filter(|(rule, standing)| counts(rule, standing));
        of_kind.map(|(_, standing)| shown(standing)).max().unwrap_or(Verdict::Unknown)
    }
}

fn shown(standing: &Standing) -> Verdict {
    match standing.raised {
        Some(Severity::Critical) => Verdict::Critical,
        Some(Severity::Warning) => Verdict::Warning,
        None if standing.verdict == Verdict::Unknown => Verdict::Unknown,
        // Bad but not yet believed is not shown as bad.
        None => Verdict::Ok,
    }
}

/// How a standing is kept.
#[derive(Serialize, Deserialize)]
struct StandingJson {
    raised: Option<String>,
    verdict: String,
    streak: u32,
    since: i64,
}

#[derive(FromRow)]
struct HealthColumns {
    standings: String,
}

impl HealthColumns {
    fn read(self) -> Result<Health> {
        let unreadable = || row::unreadable("health", "standings", &self.standings);
        let kept: BTreeMap<String, StandingJson> =
            serde_json::from_str(&self.standings).map_err(|_| unreadable())?;
        let mut health = Health::default();
        for (name, kept) in kept {
            // A rule that a newer version knows and this one does not is left alone.
            let Some(rule) = Rule::parse(&name) else { continue };
            let raised = kept.raised.as_deref();
            let standing = Standing {
                raised: raised
                    .map(|word| Severity::parse(word).ok_or_else(unreadable))
                    .transpose()?,
                verdict: Verdict::parse(&kept.verdict).ok_or_else(unreadable)?,
                streak: kept.streak,
                since: row::instant("health", "standings", kept.since)?,
            };
            health.standings.insert(rule, standing);
        }
        Ok(health)
    }
}

impl Read {
    /// What the rules last said of a device.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn health(&mut self, device: &DeviceId) -> Result<Health> {
        let sql = "SELECT standings FROM health WHERE device_id = $1";
        let found: Option<HealthColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(device.as_str()).fetch_optional(db).await)?;
        found.map_or_else(|| Ok(Health::default()), HealthColumns::read)
    }
}

impl Write {
    /// Keeps what the rules say of a device.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_health(
        &mut self,
        device: &DeviceId,
        health: &Health,
        now: Timestamp,
    ) -> Result<()> {
        let kept: BTreeMap<&str, StandingJson> = health
            .standings
            .iter()
            .map(|(rule, standing)| {
                let kept = StandingJson {
                    raised: standing.raised.map(|severity| severity.as_str().to_owned()),
                    verdict: standing.verdict.as_str().to_owned(),
                    streak: standing.streak,
                    since: standing.since.as_microsecond(),
                };
                (rule.as_str(), kept)
            })
            .collect();
        let standings = serde_json::to_string(&kept).unwrap_or_else(|_| "{}".to_owned());
        let sql = "INSERT INTO health
                       (device_id, antivirus, firewall, disk, connectivity, system, standings, evaluated_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                   ON CONFLICT (device_id) DO UPDATE SET antivirus = $2, firewall = $3, disk = $4,
                       connectivity = $5, system = $6, standings = $7, evaluated_at = $8";
        on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(health.section(SectionKind::Antivirus).as_str())
            .bind(health.section(SectionKind::Firewall).as_str())
            .bind(health.section(SectionKind::Disk).as_str())
            .bind(health.section(SectionKind::Connectivity).as_str())
            .bind(health.section(SectionKind::System).as_str())
            .bind(&standings)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }
}
