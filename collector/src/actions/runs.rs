//! How runs begin, and what is written into them. Inside the caller's transaction.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::judge::{Bench, evidence};
use super::notify::of_effect;
use super::open_run::{Opening, begin};
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::alert::Judgement;
use crate::domain::device::Device;
use crate::domain::id::RunId;
use crate::domain::person::Role;
use crate::domain::procedure::{FourEyes, Procedure};
use crate::domain::run::{Course, Entry, Event, Run};
use crate::procedure::{self, Case, Effect, Library, Taken};
use crate::store::{Read, Write};

/// The code of the procedure that alerts open.
const CORRECTIVE: &str = "corrective";
/// Central Mexico: folios count by its years.
const MEXICO_HOURS: i8 = -6;

/// Joins an alert to the device's open corrective run, which is opened if there is none.
pub(super) async fn join_corrective(
    db: &mut Write,
    bench: &Bench,
    device: &Device,
    judgement: &Judgement,
    now: Timestamp,
) -> Result<RunId> {
    let id = match db.open_corrective(&device.id).await? {
        Some(run) => run.id,
        None => open_corrective(db, bench, device, judgement, now).await?,
    };
    let event = Event::AlertJoined { evidence: evidence(judgement) };
    append_machine_event(db, bench, &id, event, now).await?;
    db.set_clear_since(&id, None).await?;
    Ok(id)
}

async fn open_corrective(
    db: &mut Write,
    bench: &Bench,
    device: &Device,
    judgement: &Judgement,
    now: Timestamp,
) -> Result<RunId> {
    let opening = Opening {
        device: Some(device.id.clone()),
        area: device.area.clone(),
        entry: Entry::note(format!("El agente de {} reportó la falla.", device.name)),
        sample: device.sample,
        ..Opening::new(CORRECTIVE, format!("{} en {}", judgement.rule.title(), device.name))
    };
    Ok(begin(db, bench, opening, &Actor::Machine, now).await?.id)
}

/// Takes an event of the machine into a run.
pub(super) async fn append_machine_event(
    db: &mut Write,
    bench: &Bench,
    id: &RunId,
    event: Event,
    now: Timestamp,
) -> Result<()> {
    let Some(run) = db.run(id).await? else { return Ok(()) };
    take_in(db, bench, run, event, &Actor::Machine, now).await.map(drop)
}

/// Takes an event into a run and carries out what follows.
pub(super) async fn take_in(
    db: &mut Write,
    bench: &Bench,
    run: Run,
    event: Event,
    actor: &Actor,
    now: Timestamp,
) -> Result<Run> {
    let procedure = edition_of(&bench.library, &run)?;
    let case = case(db, procedure, run, &event).await?;
    let (version, before) = (case.run.version, case.course.clone());
    let taken = procedure::next(case, event, actor, &bench.hours, now)?;
    save(db, procedure, version, &before, &taken, now).await?;
    carry_out(db, bench, &taken, actor, now).await?;
    Ok(taken.run)
}

/// What the engine needs to know to take an event in.
async fn case<'a>(
    db: &mut Read,
    procedure: &'a Procedure,
    run: Run,
    event: &Event,
) -> Result<Case<'a>> {
    let subjects = match procedure.subjects() {
        Some(_) => db.run_subjects(&run.id).await?,
        None => Vec::new(),
    };
    let mut course = Course { subjects, ..Course::default() };
    let mut record = Vec::new();
    if matches!(event, Event::Undo { .. }) {
        course.devices = db.run_devices(&run.id, None).await?;
        record = db.run_events(&run.id).await?;
    } else {
        let taken = match event {
            Event::TakeSubject { position } => Some(*position),
            _ => None,
        };
        for position in [run.subject, course.upcoming(run.subject), taken].into_iter().flatten() {
            course.devices.extend(db.run_devices(&run.id, Some(position)).await?);
        }
    }
    let step = run.present_step().and_then(|id| procedure.step(id));
    let mut authors = std::collections::BTreeMap::new();
    let of_step = |rule: &&FourEyes| step.is_some_and(|step| step.id == rule.step);
    for rule in procedure.four_eyes.iter().filter(of_step) {
        authors.insert(rule.not_by.clone(), db.authors_of_step(&run.id, &rule.not_by).await?);
    }
    let attachments = match run.clock.step_since {
        Some(since) if step.is_some_and(|step| !step.needs.is_empty()) => {
            db.attached_since(&run.id, since).await?
        }
        _ => 0,
    };
    let attachments = u32::try_from(attachments).unwrap_or(u32::MAX);
    Ok(Case { procedure, run, course, authors, attachments, record })
}

/// Keeps what an event made of a run, unless somebody was faster.
pub(super) async fn save(
    db: &mut Write,
    procedure: &Procedure,
    read_version: u32,
    before: &Course,
    taken: &Taken,
    now: Timestamp,
) -> Result<()> {
    if !db.save_run(&taken.run, role_of(procedure, &taken.run), read_version).await? {
        return Err(Error::Overtaken);
    }
    db.save_course(&taken.run.id, before, &taken.course).await?;
    for (number, event) in (read_version + 1..).zip(&taken.events) {
        db.append_event(&taken.run.id, number, event, now).await?;
    }
    Ok(())
}

/// Carries out the effects of an event.
pub(super) async fn carry_out(
    db: &mut Write,
    bench: &Bench,
    taken: &Taken,
    actor: &Actor,
    now: Timestamp,
) -> Result<()> {
    let procedure = edition_of(&bench.library, &taken.run)?;
    for effect in &taken.effects {
        of_effect(db, procedure, &taken.run, effect, actor, now).await?;
        match effect {
            Effect::Restart { to: _ } => {
                // Boxed, because a run that begins has effects of its own.
                Box::pin(begin(db, bench, Opening::again(&taken.run), actor, now)).await?;
            }
            Effect::Arrived { .. }
            | Effect::WaitChanged
            | Effect::Assigned
            | Effect::Issues { .. }
            | Effect::Closed { .. } => {}
        }
    }
    Ok(())
}

/// Whose turn it is.
fn role_of(procedure: &Procedure, run: &Run) -> Option<Role> {
    run.present_step().and_then(|step| procedure.step(step)).map(|step| step.role)
}

/// The edition a run began with.
pub(super) fn edition_of<'a>(library: &'a Library, run: &Run) -> Result<&'a Procedure> {
    let found = library.edition(&run.procedure, &run.edition);
    found.ok_or_else(|| missing(&run.procedure, &run.edition))
}

pub(super) fn missing(code: &str, edition: &str) -> Error {
    Error::NoProcedure { code: code.to_owned(), edition: edition.to_owned() }
}

/// The year in Mexico.
pub(super) fn year(now: Timestamp) -> i16 {
    Offset::constant(MEXICO_HOURS).to_datetime(now).year()
}
