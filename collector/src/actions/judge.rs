//! Judges a device by the rules and carries out what follows: alerts open, change and clear, and join the
//! device's corrective run. Runs inside the caller's transaction.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::Result;
use super::gather_outage::waits_for_others;
use super::runs::{append_machine_event, join_corrective};
use crate::domain::alert::{Alert, Judgement, REOPEN_SECONDS, Severity, Standing, Transition};
use crate::domain::device::Device;
use crate::domain::id::{AlertId, DeviceId};
use crate::domain::reading::{Sample, Section, SectionKind};
use crate::domain::run::{Event, Evidence};
use crate::domain::working_time::WorkingHours;
use crate::procedure::Library;
use crate::rules::{self, Facts, Thresholds, administrators};
use crate::store::{SectionRow, Write};

/// What judging needs beside the transaction.
#[derive(Debug)]
pub struct Bench {
    /// Thresholds of the rules.
    pub thresholds: Thresholds,
    /// The written procedures.
    pub library: Library,
    /// When people work.
    pub hours: WorkingHours,
}

impl Bench {
    /// The verdicts that rest on a measurement alone; see [`rules::sample_signature`].
    pub fn sample_signature(&self, sample: &Sample, clock_skew_us: i64) -> u32 {
        rules::sample_signature(&self.thresholds, sample, clock_skew_us)
    }
}

/// What judging a device came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judged {
    /// A change is being counted: judge again at the next look.
    pub unsettled: bool,
    /// Something opened, changed or cleared.
    pub changed: bool,
}

/// Judges a device by everything known of it now. A device that is not approved is left alone.
///
/// # Errors
/// When the store refuses; nothing of the transaction should then be kept.
pub async fn judge(db: &mut Write, bench: &Bench, id: &DeviceId, now: Timestamp) -> Result<Judged> {
    if !db.lock_device(id).await? {
        return Ok(Judged::default());
    }
    let Some(device) = db.device(id).await? else { return Ok(Judged::default()) };
    let facts = facts(db, &device, now).await?;
    let judgements = rules::judge(&facts, &bench.thresholds, now);
    settle(db, bench, &device, judgements, now).await
}

/// Takes judgements in: counts them, and acts on the changes they make.
///
/// # Errors
/// When the store refuses; nothing of the transaction should then be kept.
pub async fn settle(
    db: &mut Write,
    bench: &Bench,
    device: &Device,
    judgements: Vec<Judgement>,
    now: Timestamp,
) -> Result<Judged> {
    let mut health = db.health(&device.id).await?;
    let before = health.clone();
    let mut judged = Judged::default();
    let mut open = db.open_alerts(&device.id).await?;
    for judgement in judgements {
        let standing =
            health.standings.get(&judgement.rule).copied().unwrap_or_else(|| Standing::new(now));
        let hysteresis = rules::hysteresis(judgement.rule);
        let (standing, transition) = standing.apply(judgement.verdict, hysteresis, now);
        health.standings.insert(judgement.rule, standing);
        judged.unsettled |= standing.is_unsettled();
        judged.changed |= transition.is_some();
        let alert = open.iter_mut().find(|alert| alert.rule == judgement.rule);
        match (transition, alert) {
            (Some(Transition::Raise(severity)), _) => {
                raise(db, bench, device, &judgement, severity, now).await?
            }
            (Some(Transition::Clear), Some(alert)) => {
                clear(db, bench, alert, &judgement, now).await?
            }
            (_, Some(alert)) if standing.raised.is_some() => {
                update(db, alert, &judgement, standing, now).await?
            }
            (_, _) => {}
        }
    }
    if health != before {
        db.put_health(&device.id, &health, now).await?;
        db.bump("device");
    }
    Ok(judged)
}

async fn facts(db: &mut Write, device: &Device, now: Timestamp) -> Result<Facts> {
    let sections = db.sections_to_judge(&device.id).await?;
    let newest = db.samples(device.number, Timestamp::UNIX_EPOCH, 1).await?.pop();
    let area_policy = match &device.area {
        Some(area) => db.area_policy(area).await?,
        None => None,
    };
    let administrators = known_administrators(db, device, &sections, now).await?;
    Ok(Facts {
        changed_at: sections.iter().map(|(kind, row)| (*kind, row.changed_at)).collect(),
        sections: sections.into_iter().map(|(kind, row)| (kind, row.section)).collect(),
        sample: newest.map(|row| row.sample),
        sampled_at: newest.map(|row| row.taken_at),
        clock_skew_us: db.live(&device.id).await?.map(|live| live.clock_skew_us),
        area_policy,
        administrators,
    })
}

/// Administrator accounts somebody knows of. Those of the first reading are where knowing begins.
async fn known_administrators(
    db: &mut Write,
    device: &Device,
    sections: &HashMap<SectionKind, SectionRow>,
    now: Timestamp,
) -> Result<Option<BTreeSet<String>>> {
    let Some(Section::Accounts(reading)) =
        sections.get(&SectionKind::Accounts).map(|row| &row.section)
    else {
        return Ok(None);
    };
    let Some(accounts) = reading.known() else { return Ok(None) };
    if let Some(known) = db.accepted_administrators(&device.id).await? {
        return Ok(Some(known));
    }
    let found = administrators(accounts).map(|account| account.name.clone()).collect();
    db.accept_administrators(&device.id, &found, now).await?;
    Ok(Some(found))
}

/// An alert that cleared a short while ago opens again rather than anew.
async fn raise(
    db: &mut Write,
    bench: &Bench,
    device: &Device,
    judgement: &Judgement,
    severity: Severity,
    now: Timestamp,
) -> Result<()> {
    let last = db.last_cleared_alert(judgement.rule, &device.id).await?;
    let recent = last.filter(|alert| {
        alert.cleared_at.is_some_and(|at| now.as_second() - at.as_second() <= REOPEN_SECONDS)
    });
    let again = recent.is_some();
    let mut alert = match recent {
        Some(alert) => Alert { reopened: alert.reopened + 1, cleared_at: None, ..alert },
        None => Alert {
            id: AlertId::new(Uuid::now_v7().to_string()),
            rule: judgement.rule,
            device: device.id.clone(),
            severity,
            summary: String::new(),
            opened_at: now,
            updated_at: now,
            cleared_at: None,
            reopened: 0,
            run: None,
        },
    };
    alert.severity = severity;
    alert.summary.clone_from(&judgement.summary);
    alert.updated_at = now;
    alert.run = match waits_for_others(db, bench, judgement.rule, &device.id).await? {
        true => None,
        false => Some(join_corrective(db, bench, device, judgement, now).await?),
    };
    if again {
        db.update_alert(&alert).await?
    } else {
        db.add_alert(&alert).await?
    }
    Ok(())
}

/// Ends an alert, and says so in its run.
pub(super) async fn clear(
    db: &mut Write,
    bench: &Bench,
    alert: &mut Alert,
    judgement: &Judgement,
    now: Timestamp,
) -> Result<()> {
    alert.cleared_at = Some(now);
    alert.updated_at = now;
    alert.summary.clone_from(&judgement.summary);
    db.update_alert(alert).await?;
    let Some(run) = alert.run.clone() else { return Ok(()) };
    let alerts = db.alerts_of_run(&run).await?;
    let all_clear = alerts.iter().all(|alert| alert.cleared_at.is_some());
    if all_clear {
        db.set_clear_since(&run, Some(now)).await?;
    }
    let event = Event::AlertCleared { evidence: evidence(judgement), all_clear };
    append_machine_event(db, bench, &run, event, now).await
}

async fn update(
    db: &mut Write,
    alert: &mut Alert,
    judgement: &Judgement,
    standing: Standing,
    now: Timestamp,
) -> Result<()> {
    // While the reading is missing, the alert keeps what it was opened for.
    let Some(severity) = judgement.verdict.severity() else { return Ok(()) };
    let severity = standing.raised.unwrap_or(severity);
    if alert.severity == severity && alert.summary == judgement.summary {
        return Ok(());
    }
    alert.severity = severity;
    alert.summary.clone_from(&judgement.summary);
    alert.updated_at = now;
    Ok(db.update_alert(alert).await?)
}

/// What a judgement proves, as kept with the run.
pub(super) fn evidence(judgement: &Judgement) -> Evidence {
    Evidence {
        rule: judgement.rule.as_str().to_owned(),
        summary: judgement.summary.clone(),
        source: judgement.source.clone(),
        taken_at: judgement.taken_at,
    }
}
