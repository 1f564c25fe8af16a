//! A run of a procedure begins.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::judge::Bench;
use super::notify;
use super::runs::{carry_out, missing, save, year};
use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::id::{AreaId, DeviceId, RunId};
use crate::domain::procedure::Procedure;
use crate::domain::run::{Course, Entry, Priority, Requester, Run, Subject};
use crate::procedure;
use crate::store::{Store, Write};

/// Most characters of a title.
pub const TITLE_CHARACTERS: usize = 200;
/// Most areas or networks of a plan.
pub const SUBJECTS: usize = 1_000;

/// What a run is to be about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// Code of the procedure; its present edition is taken.
    pub procedure: String,
    /// What it is about, in a line.
    pub title: String,
    /// The device it is about.
    pub device: Option<DeviceId>,
    /// The area it is about.
    pub area: Option<AreaId>,
    /// The areas or networks it walks: identity and name, in order.
    pub subjects: Vec<(String, String)>,
    /// Who asked for it.
    pub requester: Requester,
    /// How soon it should be seen to.
    pub priority: Priority,
    /// What the first step asks for.
    pub entry: Entry,
    /// What whoever asked follows it with; goes into the notice that it was opened, and is not kept.
    pub follow_code: Option<String>,
    /// The rejected run it takes up again.
    pub restarts: Option<RunId>,
    /// The run it is a part of.
    pub parent: Option<RunId>,
    /// Part of the removable sample municipality.
    pub sample: bool,
}

impl Opening {
    /// A run of a procedure about something.
    pub fn new(procedure: impl Into<String>, title: impl Into<String>) -> Opening {
        Opening { procedure: procedure.into(), title: title.into(), ..Opening::default() }
    }

    /// The same once more, linked to the rejected one, with what was given so far to be corrected.
    pub fn again(run: &Run) -> Opening {
        Opening {
            device: run.device.clone(),
            area: run.area.clone(),
            requester: run.requester.clone(),
            priority: run.priority,
            entry: Entry { fields: run.fields.clone(), ..Entry::default() },
            restarts: Some(run.id.clone()),
            sample: run.sample,
            ..Opening::new(run.procedure.clone(), run.title.clone())
        }
    }
}

/// Opens a run.
///
/// # Errors
/// When there is no such procedure, what the first step asks for is missing, or the store refuses.
pub async fn open_run(
    store: &Store,
    bench: &Bench,
    opening: Opening,
    actor: &Actor,
    now: Timestamp,
) -> Result<Run> {
    let mut db = store.write().await?;
    let run = begin(&mut db, bench, opening, actor, now).await?;
    db.commit().await?;
    Ok(run)
}

/// Opens a run inside the caller's transaction.
pub(super) async fn begin(
    db: &mut Write,
    bench: &Bench,
    opening: Opening,
    actor: &Actor,
    now: Timestamp,
) -> Result<Run> {
    let found = bench.library.get(&opening.procedure);
    let procedure = found.ok_or_else(|| missing(&opening.procedure, ""))?;
    let title = opening.title.trim().to_owned();
    let long = title.chars().count();
    if title.is_empty() || long > TITLE_CHARACTERS {
        let why =
            format!("el asunto tiene {long} caracteres; escriba entre 1 y {TITLE_CHARACTERS}");
        return Err(Error::Unfit(why));
    }
    let course = course(procedure, &opening.subjects)?;
    let entry = first_fields(procedure, opening.entry.clone());
    let folio = db.next_folio(&procedure.series, year(now)).await?;
    let follow_code = opening.follow_code.clone();
    let run = blank(procedure, opening, folio, title, now)?;
    db.add_run(&run).await?;
    db.add_subjects(&run.id, &course.subjects).await?;
    if procedure.walks_devices() || procedure.steps.iter().any(|step| step.has_checklist) {
        db.add_devices_of_subjects(&run.id).await?;
    }
    let taken = procedure::open(procedure, run, course.clone(), entry, actor, &bench.hours, now)?;
    save(db, procedure, 0, &course, &taken, now).await?;
    notify::opened(db, procedure, &taken.run, follow_code.as_deref(), now).await?;
    carry_out(db, bench, &taken, actor, now).await?;
    Ok(taken.run)
}

fn course(procedure: &Procedure, subjects: &[(String, String)]) -> Result<Course> {
    let Some(kind) = procedure.subjects() else { return Ok(Course::default()) };
    if subjects.is_empty() || subjects.len() > SUBJECTS {
        let why = format!("elija entre 1 y {SUBJECTS} áreas o redes; van {}", subjects.len());
        return Err(Error::Unfit(why));
    }
    let subject = |(position, (id, name)): (u32, &(String, String))| Subject {
        position,
        kind,
        id: id.clone(),
        name: name.clone(),
        planned_on: None,
        done_at: None,
    };
    let subjects = (1..).zip(subjects).map(subject).collect();
    Ok(Course { subjects, devices: BTreeMap::new() })
}

/// Of the values given, those the first step asks for: a run taken up again brings the others from later steps.
fn first_fields(procedure: &Procedure, mut entry: Entry) -> Entry {
    if let Some(first) = procedure.steps.first() {
        entry.fields.retain(|name, _| first.fields.iter().any(|field| field.name == *name));
    }
    entry
}

fn blank(
    procedure: &Procedure,
    opening: Opening,
    folio: String,
    title: String,
    now: Timestamp,
) -> Result<Run> {
    let first = procedure.steps.first().map(|step| step.id.clone());
    let step = first.ok_or_else(|| missing(&procedure.code, &procedure.edition))?;
    let edition = (procedure.code.clone(), procedure.edition.clone());
    let id = RunId::new(Uuid::now_v7().to_string());
    Ok(Run {
        device: opening.device,
        area: opening.area,
        priority: opening.priority,
        requester: opening.requester,
        restarts: opening.restarts,
        parent: opening.parent,
        sample: opening.sample,
        ..Run::begun(id, folio, edition, title, step, now)
    })
}
