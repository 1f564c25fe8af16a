//! Gathers what is known for the question of a run's present step, and has the procedure answer it.

mod devices;

use jiff::Timestamp;

pub use devices::{DEVICES, device_facts};

use super::Result;
use super::judge::Bench;
use super::networks::members;
use super::runs::edition_of;
use crate::domain::id::{DeviceId, NetworkId};
use crate::domain::network_device::NetworkDevice;
use crate::domain::procedure::{FieldKind, Procedure, Question, Step, Subjects};
use crate::domain::proposal::Proposal;
use crate::domain::run::{Event, Run, Subject};
use crate::procedure::{self, Facts, Limits, Snapshot};

pub use crate::procedure::{Change, Difference};
use crate::store::Read;

/// What the readings answer to the question of a run's present step; `None`: it asks none they could answer.
///
/// # Errors
/// When the store refuses.
pub async fn propose(
    db: &mut Read,
    bench: &Bench,
    run: &Run,
    now: Timestamp,
) -> Result<Option<Proposal>> {
    let procedure = edition_of(&bench.library, run)?;
    let step = run.present_step().and_then(|id| procedure.step(id));
    let Some(question) = step.and_then(|step| step.answered_by) else { return Ok(None) };
    let facts = facts(db, bench, run, procedure, question, now).await?;
    Ok(Some(procedure::propose(question, &facts, now)))
}

/// An answer with what the readings propose to it, as they are in this transaction: a person who answers otherwise says
/// why, and what was proposed is kept.
///
/// # Errors
/// When the store refuses.
pub(super) async fn with_proposal(
    db: &mut Read,
    bench: &Bench,
    run: &Run,
    event: Event,
    now: Timestamp,
) -> Result<Event> {
    match event {
        Event::Answer { step, yes, entry, .. } if run.present_step() == Some(&step) => {
            let proposal = propose(db, bench, run, now).await?;
            Ok(Event::Answer { step, yes, entry, proposal })
        }
        other => Ok(other),
    }
}

async fn facts(
    db: &mut Read,
    bench: &Bench,
    run: &Run,
    procedure: &Procedure,
    question: Question,
    now: Timestamp,
) -> Result<Facts> {
    let limits =
        Limits { loss_pct: bench.thresholds.loss_pct, jitter_ms: bench.thresholds.jitter_ms };
    let empty = Facts { limits, ..Facts::default() };
    Ok(match question {
        Question::HasInternet
        | Question::IsStable
        | Question::DeviceFault
        | Question::CablingFault
        | Question::ConfigurationFault => {
            let Some(network) = network_of(db, run).await? else { return Ok(empty) };
            let ids: Vec<DeviceId> =
                members(db, &network).await?.into_iter().map(|placed| placed.device).collect();
            let parts = db.parts_of_network(&network).await?;
            let known: Vec<NetworkDevice> = db.network_devices().await?;
            Facts {
                devices: device_facts(db, bench, &ids, now).await?,
                network_devices: known
                    .into_iter()
                    .filter(|device| parts.contains(&device.id))
                    .collect(),
                ..empty
            }
        }
        Question::FaultsCleared => Facts {
            devices: of_one(db, bench, run, now).await?,
            alerts: db.alerts_of_run(&run.id).await?,
            ..empty
        },
        Question::HasAntivirus
        | Question::AntivirusUpdated
        | Question::FirewallCorrect
        | Question::MalwarePresent
        | Question::OtherAnomaly => Facts { devices: of_one(db, bench, run, now).await?, ..empty },
        Question::Snapshot => Facts {
            devices: of_one(db, bench, run, now).await?,
            before: before(db, run).await?,
            ..empty
        },
        Question::PagePublished => Facts { pages: db.page_checks(&run.id).await?, ..empty },
        Question::MailboxExists | Question::MailboxDomainReady => {
            let mailbox = mailbox(procedure, run);
            let made_by = match &mailbox {
                Some((field, address)) => {
                    db.completed_with(&run.id, &run.procedure, (field, address)).await?
                }
                None => None,
            };
            Facts {
                mail: db.mail_check(&run.id).await?,
                mailbox: mailbox.map(|(_, address)| address),
                mailbox_made_by: made_by,
                ..empty
            }
        }
    })
}

/// What is known of the PC the run stands at.
async fn of_one(
    db: &mut Read,
    bench: &Bench,
    run: &Run,
    now: Timestamp,
) -> Result<Vec<procedure::DeviceFacts>> {
    let device = run.present_device.as_ref().or(run.device.as_ref());
    let devices: Vec<DeviceId> = device.cloned().into_iter().collect();
    device_facts(db, bench, &devices, now).await
}

/// The area or network a run visits now.
///
/// # Errors
/// When the store refuses.
pub async fn present_subject(db: &mut Read, run: &Run) -> Result<Option<Subject>> {
    let Some(position) = run.subject else { return Ok(None) };
    let subjects = db.run_subjects(&run.id).await?;
    Ok(subjects.into_iter().find(|subject| subject.position == position))
}

/// The network a run visits now.
///
/// # Errors
/// When the store refuses.
pub async fn network_of(db: &mut Read, run: &Run) -> Result<Option<NetworkId>> {
    let subject = present_subject(db, run).await?;
    let network = subject.filter(|subject| subject.kind == Subjects::Networks);
    Ok(network.map(|subject| NetworkId::new(subject.id)))
}

/// How the PC a run stands at was when its visit began.
async fn before(db: &mut Read, run: &Run) -> Result<Option<Snapshot>> {
    let (Some(position), Some(device)) = (run.subject, &run.present_device) else {
        return Ok(None);
    };
    let devices = db.run_devices(&run.id, Some(position)).await?;
    let of_area = devices.get(&position).map(Vec::as_slice).unwrap_or_default();
    let kept = of_area.iter().find(|one| one.device == *device);
    Ok(kept.and_then(|one| serde_json::from_str(one.before.as_deref()?).ok()))
}

/// The address of the mailbox a run is about, and the field it was written in.
pub(super) fn mailbox(procedure: &Procedure, run: &Run) -> Option<(String, String)> {
    let fields = procedure.steps.iter().flat_map(|step| &step.fields);
    let mut given = fields.filter(|field| field.kind == FieldKind::Email).filter_map(|field| {
        let value = run.fields.get(&field.name)?.trim();
        (!value.is_empty()).then(|| (field.name.clone(), value.to_owned()))
    });
    given.next()
}

/// The web addresses written in a run, in their order, one a line.
pub(super) fn pages(procedure: &Procedure, run: &Run) -> Vec<String> {
    let mut urls: Vec<String> = Vec::new();
    let fields = procedure.steps.iter().flat_map(|step| &step.fields);
    for field in fields.filter(|field| field.kind == FieldKind::Url) {
        let lines = run.fields.get(&field.name).map(|value| value.lines()).into_iter().flatten();
        for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
            if !urls.iter().any(|url| url == line) {
                urls.push(line.to_owned());
            }
        }
    }
    urls
}

/// What the readings answer to the questions of one PC in a procedure, step by step; and what is known of the PC.
///
/// # Errors
/// When the store refuses.
pub async fn answers_of_device(
    db: &mut Read,
    bench: &Bench,
    run: &Run,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Vec<(Step, Proposal)>> {
    let procedure = edition_of(&bench.library, run)?;
    let devices = device_facts(db, bench, std::slice::from_ref(device), now).await?;
    let facts = Facts { devices, ..Facts::default() };
    let asked = procedure.steps.iter().filter_map(|step| Some((step, step.answered_by?)));
    let of_one_pc = asked.filter(|(_, question)| {
        matches!(
            question,
            Question::HasAntivirus
                | Question::AntivirusUpdated
                | Question::FirewallCorrect
                | Question::MalwarePresent
                | Question::OtherAnomaly
        )
    });
    let answer = |(step, question): (&Step, Question)| {
        (step.clone(), procedure::propose(question, &facts, now))
    };
    Ok(of_one_pc.map(answer).collect())
}

/// With what the collector adds to what was noted of a PC: how it was when it was first looked at, and how it is once it
/// is done.
///
/// # Errors
/// When the store refuses.
pub(super) async fn with_snapshots(
    db: &mut Read,
    bench: &Bench,
    run: &Run,
    event: Event,
    now: Timestamp,
) -> Result<Event> {
    let Event::CheckDevice { device, checks, note, done, .. } = event else { return Ok(event) };
    let of_area = match run.subject {
        Some(position) => db.run_devices(&run.id, Some(position)).await?,
        None => Default::default(),
    };
    let kept = of_area.values().flatten().find(|one| one.device == device);
    let before = kept.and_then(|one| one.before.clone());
    let now_known = device_facts(db, bench, std::slice::from_ref(&device), now).await?;
    let taken = now_known.first().map(|facts| procedure::snapshot(facts, now));
    let taken = taken.and_then(|snapshot| serde_json::to_string(&snapshot).ok());
    let snapshots = (before.or_else(|| taken.clone()), taken.filter(|_| done));
    Ok(Event::CheckDevice { device, checks, note, done, snapshots })
}

/// How a PC changed between two snapshots as they are kept; nothing while one of them is missing.
pub fn changes(before: Option<&str>, after: Option<&str>) -> Vec<Difference> {
    let read = |text: Option<&str>| serde_json::from_str::<Snapshot>(text?).ok();
    match (read(before), read(after)) {
        (Some(before), Some(after)) => procedure::differences(&before, &after),
        _ => Vec::new(),
    }
}
