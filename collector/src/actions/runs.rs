//! How runs begin and what machines write into them. Runs inside the caller's transaction.

use jiff::Timestamp;
use jiff::tz::Offset;
use uuid::Uuid;

use super::judge::evidence;
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::alert::Judgement;
use crate::domain::device::Device;
use crate::domain::id::RunId;
use crate::domain::procedure::{Procedure, StepId};
use crate::domain::run::{Event, Run, RunState};
use crate::procedure::{self, Library, Taken};
use crate::store::Write;

/// The code of the procedure that alerts open.
const CORRECTIVE: &str = "corrective";
/// Central Mexico: folios count by its years.
const MEXICO_HOURS: i8 = -6;

/// Joins an alert to the device's open corrective run, which is opened if there is none.
pub(super) async fn join_corrective(
    db: &mut Write,
    library: &Library,
    device: &Device,
    judgement: &Judgement,
    now: Timestamp,
) -> Result<RunId> {
    let id = match db.open_corrective(&device.id).await? {
        Some(run) => run.id,
        None => open_corrective(db, library, device, judgement, now).await?,
    };
    let event = Event::AlertJoined { evidence: evidence(judgement) };
    append_machine_event(db, library, &id, event, now).await?;
    db.set_clear_since(&id, None).await?;
    Ok(id)
}

async fn open_corrective(
    db: &mut Write,
    library: &Library,
    device: &Device,
    judgement: &Judgement,
    now: Timestamp,
) -> Result<RunId> {
    let procedure = library.get(CORRECTIVE).ok_or_else(|| missing(CORRECTIVE, ""))?;
    let run = Run {
        id: RunId::new(Uuid::now_v7().to_string()),
        folio: db.next_folio(&procedure.series, year(now)).await?,
        procedure: procedure.code.clone(),
        edition: procedure.edition.clone(),
        device: Some(device.id.clone()),
        area: device.area.clone(),
        title: format!("{} en {}", judgement.rule.title(), device.name),
        state: RunState::Open { step: first_step(procedure)? },
        touched: false,
        version: 0,
        opened_at: now,
        updated_at: now,
        sample: device.sample,
    };
    let note = format!("El agente de {} reportó la falla.", device.name);
    let taken = procedure::open(procedure, run, note, Actor::Machine, now);
    db.add_run(&taken.run).await?;
    append(db, 0, &taken, now).await?;
    Ok(taken.run.id)
}

/// Takes an event of the machine into a run.
pub(super) async fn append_machine_event(
    db: &mut Write,
    library: &Library,
    id: &RunId,
    event: Event,
    now: Timestamp,
) -> Result<()> {
    let Some(run) = db.run(id).await? else { return Ok(()) };
    let procedure = edition_of(library, &run)?;
    let taken = procedure::next(procedure, &run, event, &Actor::Machine, now)?;
    save(db, run.version, &taken, now).await
}

/// Keeps what an event made of a run, unless somebody was faster.
pub(super) async fn save(
    db: &mut Write,
    read_version: u32,
    taken: &Taken,
    now: Timestamp,
) -> Result<()> {
    if !db.save_run(&taken.run, read_version).await? {
        return Err(Error::Overtaken);
    }
    append(db, read_version, taken, now).await
}

async fn append(db: &mut Write, after: u32, taken: &Taken, now: Timestamp) -> Result<()> {
    for (number, event) in (after + 1..).zip(&taken.events) {
        db.append_event(&taken.run.id, number, event, now).await?;
    }
    Ok(())
}

/// The edition a run began with.
pub(super) fn edition_of<'a>(library: &'a Library, run: &Run) -> Result<&'a Procedure> {
    let found = library.edition(&run.procedure, &run.edition);
    found.ok_or_else(|| missing(&run.procedure, &run.edition))
}

fn first_step(procedure: &Procedure) -> Result<StepId> {
    let first = procedure.steps.first().map(|step| step.id.clone());
    first.ok_or_else(|| missing(&procedure.code, &procedure.edition))
}

fn missing(code: &str, edition: &str) -> Error {
    Error::NoProcedure { code: code.to_owned(), edition: edition.to_owned() }
}

/// The year in Mexico.
fn year(now: Timestamp) -> i16 {
    Offset::constant(MEXICO_HOURS).to_datetime(now).year()
}
