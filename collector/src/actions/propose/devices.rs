//! What is known of PCs now: their sections with their age, what the rules say of them, their newest network test.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::actions::Result;
use crate::actions::judge::Bench;
use crate::domain::device::Device;
use crate::domain::id::DeviceId;
use crate::domain::reading::{ActionKind, Evidence, SectionKind};
use crate::procedure::{DeviceFacts, SectionFact, TestFact};
use crate::rules;
use crate::store::{ActionRecord, Live, Read, SectionRow};

/// Most PCs whose readings answer one question.
pub const DEVICES: usize = 300;
/// A measurement older than this is not looked for.
const SAMPLES: SignedDuration = SignedDuration::from_hours(24);
/// A network test ordered before this is not looked for.
const TESTS: SignedDuration = SignedDuration::from_hours(2);

/// What is known of PCs now, by name; at most [`DEVICES`].
///
/// # Errors
/// When the store refuses.
pub async fn device_facts(
    db: &mut Read,
    bench: &Bench,
    devices: &[DeviceId],
    now: Timestamp,
) -> Result<Vec<DeviceFacts>> {
    let devices = devices.get(..DEVICES).unwrap_or(devices);
    if devices.is_empty() {
        return Ok(Vec::new());
    }
    let mut sections = db.sections_among(devices).await?;
    let lives = db.live_among(devices).await?;
    let samples = db.samples_among(devices, before(now, SAMPLES)).await?;
    let policies = db.area_policies().await?;
    let mut alerts = db.open_alerts_among(devices).await?;
    let mut tests = tests(db, devices, now).await?;
    let mut known = Vec::new();
    for device in db.devices_among(devices).await? {
        let sections = sections.remove(&device.id).unwrap_or_default();
        let live = lives.get(&device.id);
        let sample = samples.get(&device.number);
        let facts = rules::Facts {
            changed_at: sections.iter().map(|(kind, row)| (*kind, row.changed_at)).collect(),
            sections: sections.iter().map(|(kind, row)| (*kind, row.section.clone())).collect(),
            sample: sample.map(|row| row.sample),
            sampled_at: sample.map(|row| row.taken_at),
            clock_skew_us: live.map(|live| live.clock_skew_us),
            area_policy: device.area.as_ref().and_then(|area| policies.get(area)).cloned(),
            administrators: match devices {
                // Asked for one PC only: no question about several wants it.
                [one] => db.accepted_administrators(one).await?,
                _ => None,
            },
        };
        let of_device = alerts.extract_if(.., |alert| alert.device == device.id).collect();
        known.push(DeviceFacts {
            silent: is_silent(bench, &device, live, now),
            seen_at: live.map(|live| live.last_seen_at),
            judgements: rules::judge(&facts, &bench.thresholds, now),
            sections: looked_at(sections, live),
            alerts: of_device,
            test: tests.remove(&device.id),
            id: device.id,
            name: device.name,
        });
    }
    Ok(known)
}

fn looked_at(
    sections: HashMap<SectionKind, SectionRow>,
    live: Option<&Live>,
) -> std::collections::BTreeMap<SectionKind, SectionFact> {
    let fact = |(kind, row): (SectionKind, SectionRow)| {
        let looked_at = live.map_or(row.received_at, |live| live.looked_at(kind, row.received_at));
        (kind, SectionFact { section: row.section, looked_at })
    };
    sections.into_iter().map(fact).collect()
}

/// Whether the PC does not report now. At night too: whether that is a fault is for the rule, but an answer needs a PC
/// that speaks.
fn is_silent(bench: &Bench, device: &Device, live: Option<&Live>, now: Timestamp) -> bool {
    let seen = live.map_or(device.enrolled_at, |live| live.last_seen_at);
    now.as_second().saturating_sub(seen.as_second()) > bench.thresholds.silent_minutes.max(1) * 60
}

/// The newest network test of each PC that measured something.
async fn tests(
    db: &mut Read,
    devices: &[DeviceId],
    now: Timestamp,
) -> Result<HashMap<DeviceId, TestFact>> {
    let kind = ActionKind::NetworkTest.as_str();
    let records = db.actions_among(devices, kind, before(now, TESTS)).await?;
    let mut newest = HashMap::new();
    for record in records {
        let ActionRecord { device, evidence, finished_at, .. } = record;
        if let (Some(Evidence::NetworkTest(test)), Some(ended_at)) = (evidence, finished_at) {
            newest.entry(device).or_insert(TestFact { test, ended_at });
        }
    }
    Ok(newest)
}

fn before(now: Timestamp, ago: SignedDuration) -> Timestamp {
    now.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH)
}
