//! The engine: what an event makes of a run. Pure; effects are data, carried out by `actions`.

mod course;
mod entry;
mod step;
mod undo;
mod walk;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use self::undo::undoable;

use self::entry::{bounded, required};
use self::walk::Walk;
use super::clock;
use super::refused::Refused;
use crate::domain::access::Actor;
use crate::domain::id::PersonId;
use crate::domain::procedure::{Document, Procedure, Step, StepId, StepKind};
use crate::domain::run::{
    Course, Entry, Event, EventKind, NewEvent, Outcome, RecordedEvent, Run, RunState, Waiting,
};
use crate::domain::working_time::WorkingHours;

/// A run as the engine needs it.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The edition it began with.
    pub procedure: &'a Procedure,
    /// The run.
    pub run: Run,
    /// What it walks: all areas or networks, and the PCs of the present one and of the next to visit. For an undo the PCs
    /// of all.
    pub course: Course,
    /// Who carried out the steps that four-eyes rules speak of.
    pub authors: BTreeMap<StepId, Vec<PersonId>>,
    /// Files added since the run came to its present step.
    pub attachments: u32,
    /// Its record, for an undo; else empty.
    pub record: Vec<RecordedEvent>,
}

/// What an event made of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The run afterwards.
    pub run: Run,
    /// What it walks, afterwards.
    pub course: Course,
    /// What is appended to its record, in order.
    pub events: Vec<NewEvent>,
    /// What is to be done because of it; safe to repeat.
    pub effects: Vec<Effect>,
}

/// What `actions` carry out after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The run came to a step where a person is needed.
    Arrived {
        /// Which.
        step: StepId,
    },
    /// It began to wait, or waits no more.
    WaitChanged,
    /// It was given to somebody.
    Assigned,
    /// A document comes out of the step that was carried out.
    Issues {
        /// Which.
        document: Document,
    },
    /// It is over.
    Closed {
        /// How.
        outcome: Outcome,
    },
    /// A new run begins at that step, linked to this one.
    Restart {
        /// Where it begins.
        to: StepId,
    },
}

/// The events and the state a run begins with. What opens it is the first step, where that is something somebody did
/// by asking; a plan is left to be made.
///
/// # Errors
/// When what the first step asks for was not given.
pub fn open(
    procedure: &Procedure,
    run: Run,
    course: Course,
    entry: Entry,
    actor: &Actor,
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    let Some(first) = procedure.steps.first() else {
        return Err(Refused::Circles(procedure.code.clone()));
    };
    let mut run = Run { updated_at: now, ..run };
    run.clock = clock::begun(procedure, hours, now);
    let case = Case {
        procedure,
        run,
        course,
        authors: BTreeMap::new(),
        // A file that comes with the request is added right after it.
        attachments: 1,
        record: Vec::new(),
    };
    let mut event = NewEvent::new(EventKind::Opened, Some(first.id.clone()), actor.clone());
    let subject = case.course.next_to_plan(None);
    let priority = Some(case.run.priority);
    let next = match &first.kind {
        StepKind::Action { next } if !first.plans => {
            let (note, data) = entry::given(&case, first, entry)?;
            (event.note, event.data) = (note, data);
            next
        }
        _ => {
            event.note = bounded(&entry.note)?;
            &first.id
        }
    };
    event.data.priority = priority;
    let mut walk = case.walk(hours, now);
    walk.arrive(event, next, subject, None)?;
    walk.settle()?;
    Ok(taken(walk, None))
}

/// Takes an event in.
///
/// # Errors
/// [`Refused`] says why nothing changed.
pub fn next(
    case: Case<'_>,
    event: Event,
    actor: &Actor,
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    let RunState::Open { step: present } = &case.run.state else {
        return closed(case, event, actor, hours, now);
    };
    let step = case.step(present)?.clone();
    let mut record = NewEvent::new(EventKind::Noted, Some(present.clone()), actor.clone());
    let procedure = case.procedure;
    match event {
        Event::Complete { step: asked, entry } => {
            return step::complete(case, &step, &asked, entry, actor, hours, now);
        }
        Event::Answer { step: asked, yes, entry, proposal } => {
            return step::answer(case, &step, &asked, (yes, proposal), entry, actor, hours, now);
        }
        Event::Undo { reason } => return undo::undo(case, &reason, actor, hours, now),
        Event::TakeSubject { position } => {
            may(&case, &step, &step.id, actor)?;
            return course::take(case, record, position, hours, now);
        }
        Event::CheckDevice { device, checks, note, done, snapshots } => {
            may(&case, &step, &step.id, actor)?;
            let checked = course::Checked { device, checks, note, done, snapshots };
            return course::check(case, &step, record, checked, hours, now);
        }
        Event::CarryDevice { device, reason, to } => {
            may(&case, &step, &step.id, actor)?;
            return course::carry(case, &step, record, (device, reason, to), hours, now);
        }
        Event::Note { text } => record.note = required(&text)?,
        Event::Attach { attached } => {
            record.kind = EventKind::AttachmentAdded;
            record.data.attached = Some(attached);
        }
        Event::Pause { wait, note } => {
            may(&case, &step, &step.id, actor)?;
            if case.run.waiting.is_some() {
                return Err(Refused::Unfit("el trámite ya está en espera"));
            }
            record.kind = EventKind::Paused;
            record.note = bounded(&note)?;
            record.data.waiting = Some(Waiting { wait, since: now, note: record.note.clone() });
            record.data.clock = Some(clock::paused(&case.run, hours, now));
        }
        Event::Resume { note } => {
            may(&case, &step, &step.id, actor)?;
            if case.run.waiting.is_none() {
                return Err(Refused::Unfit("el trámite no está en espera"));
            }
            if step.waits_for.is_some() {
                let why = "este paso es la espera misma: márquelo como hecho cuando llegue lo que se espera";
                return Err(Refused::Unfit(why));
            }
            record.kind = EventKind::Resumed;
            record.note = bounded(&note)?;
            record.data.clock = Some(clock::running(&case.run, hours, now));
        }
        Event::Assign { to } => {
            record.kind = EventKind::Assigned;
            (record.data.assignee, record.note) =
                to.map_or_else(|| (None, String::new()), |(person, name)| (Some(person), name));
        }
        Event::Prioritise { priority, note } => {
            record.kind = EventKind::Prioritised;
            record.data.priority = Some(priority);
            record.note = bounded(&note)?;
        }
        Event::AlertJoined { evidence } => {
            record.kind = EventKind::AlertJoined;
            record.evidence = Some(evidence);
        }
        Event::AlertCleared { evidence, all_clear } => {
            record.kind = EventKind::AlertCleared;
            // Recovery belongs to the step that verifies, wherever the run stands now.
            record.step = verification(procedure).or(record.step);
            record.evidence = Some(evidence);
            if all_clear {
                record.note = "No queda ninguna alerta abierta.".to_owned();
            }
        }
        Event::ActionEnded { evidence } => {
            record.kind = EventKind::ActionEnded;
            record.evidence = Some(evidence);
        }
        Event::Recovered => {
            record.kind = EventKind::Recovered;
            record.note = "La falla desapareció y nadie había intervenido.".to_owned();
            record.data.outcome = Some(Outcome::Recovered);
        }
    }
    let mut walk = case.walk(hours, now);
    walk.push(record);
    Ok(taken(walk, Some(&step)))
}

/// A closed run still takes remarks, files, evidence that came late, and an undo of what closed it.
fn closed(
    case: Case<'_>,
    event: Event,
    actor: &Actor,
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    let mut record = NewEvent::new(EventKind::Noted, None, actor.clone());
    match event {
        Event::Note { text } => record.note = required(&text)?,
        Event::AlertCleared { evidence, .. } => {
            record.kind = EventKind::AlertCleared;
            record.evidence = Some(evidence);
        }
        Event::ActionEnded { evidence } => {
            record.kind = EventKind::ActionEnded;
            record.evidence = Some(evidence);
        }
        Event::Attach { attached } => {
            record.kind = EventKind::AttachmentAdded;
            record.data.attached = Some(attached);
        }
        Event::Undo { reason } => return undo::undo(case, &reason, actor, hours, now),
        _ => return Err(Refused::Closed),
    }
    let mut walk = case.walk(hours, now);
    walk.push(record);
    Ok(taken(walk, None))
}

/// Whether the actor may carry out the present step.
fn may(case: &Case<'_>, step: &Step, asked: &StepId, actor: &Actor) -> Result<(), Refused> {
    if *asked != step.id {
        return Err(Refused::Stale { asked: asked.clone(), present: step.id.clone() });
    }
    if !actor.may_act_as(step.role) {
        return Err(Refused::NotYours { step: step.id.clone(), role: step.role.title() });
    }
    let Some(person) = actor.person() else { return Ok(()) };
    let rules = case.procedure.four_eyes.iter().filter(|rule| rule.step == step.id);
    for rule in rules {
        if case.authors.get(&rule.not_by).is_some_and(|authors| authors.contains(person)) {
            let (step, other) = (step.id.clone(), rule.not_by.clone());
            return Err(Refused::SameEyes { step, other });
        }
    }
    Ok(())
}

fn verification(procedure: &Procedure) -> Option<StepId> {
    procedure.steps.iter().find(|step| step.answered_by.is_some()).map(|step| step.id.clone())
}

impl<'a> Case<'a> {
    fn step(&self, id: &StepId) -> Result<&'a Step, Refused> {
        self.procedure.step(id).ok_or_else(|| Refused::NoSuchStep {
            procedure: self.procedure.code.clone(),
            edition: self.procedure.edition.clone(),
            step: id.clone(),
        })
    }

    fn walk(self, hours: &'a WorkingHours, now: Timestamp) -> Walk<'a> {
        let Case { procedure, run, course, .. } = self;
        Walk { procedure, run, course, hours, now, events: Vec::new() }
    }
}

/// What a walk came to, with the effects that follow from it. `from` is the step that was carried out.
fn taken(walk: Walk<'_>, from: Option<&Step>) -> Taken {
    let Walk { run, course, events, .. } = walk;
    let mut effects = Vec::new();
    let moved = |event: &&NewEvent| event.data.to.is_some() || event.data.outcome.is_some();
    if let Some(first) = events.iter().find(moved)
        && let Some(step) = from
        && first.step.as_ref() == Some(&step.id)
    {
        effects.extend(step.document.map(|document| Effect::Issues { document }));
        if let StepKind::Restart { to } = &step.kind {
            effects.push(Effect::Restart { to: to.clone() });
        }
    }
    if events.iter().any(|event| event.kind == EventKind::Assigned) {
        effects.push(Effect::Assigned);
    }
    if events.iter().any(|event| matches!(event.kind, EventKind::Paused | EventKind::Resumed)) {
        effects.push(Effect::WaitChanged);
    }
    match &run.state {
        RunState::Closed { outcome, .. } if events.iter().any(|e| e.data.outcome.is_some()) => {
            effects.push(Effect::Closed { outcome: *outcome });
        }
        RunState::Open { step } if events.iter().any(|event| event.data.to.is_some()) => {
            effects.push(Effect::Arrived { step: step.clone() });
        }
        _ => {}
    }
    Taken { run, course, events, effects }
}

#[cfg(test)]
mod tests;
