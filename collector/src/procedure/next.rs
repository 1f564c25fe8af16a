//! The engine: what an event makes of a run. Pure; effects are data, carried out by `actions`.

use jiff::Timestamp;

use crate::domain::access::Actor;
use crate::domain::procedure::{Procedure, Step, StepId, StepKind};
use crate::domain::run::{Event, EventKind, NewEvent, Outcome, Run, RunState};

/// Longest note, characters.
pub const NOTE_CHARACTERS: usize = 4_000;

/// What an event made of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The run afterwards.
    pub run: Run,
    /// What is appended to its record, in order.
    pub events: Vec<NewEvent>,
}

/// Why an event is refused. Shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The run is over.
    #[error("el trámite ya terminó")]
    Closed,
    /// Somebody was faster, or the page is old.
    #[error("el trámite ya no está en el paso {asked}: ahora está en el paso {present}")]
    Stale {
        /// The step that was answered.
        asked: StepId,
        /// The step it is at.
        present: StepId,
    },
    /// A question cannot be carried out, an action cannot be answered.
    #[error("el paso {step} es {is}: {remedy}")]
    WrongKind {
        /// The step.
        step: StepId,
        /// What it is.
        is: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Another role's step.
    #[error("el paso {step} corresponde a {role}")]
    NotYours {
        /// The step.
        step: StepId,
        /// Whose it is.
        role: &'static str,
    },
    /// A remark without words.
    #[error("la nota está vacía")]
    EmptyNote,
    /// Too long a remark.
    #[error("la nota tiene {0} caracteres; caben {NOTE_CHARACTERS}")]
    LongNote(usize),
    /// The run stands on a step its procedure does not have.
    #[error("la edición {edition} del procedimiento {procedure} no tiene el paso {step}")]
    NoSuchStep {
        /// Code of the procedure.
        procedure: String,
        /// Edition.
        edition: String,
        /// The step.
        step: StepId,
    },
}

/// The events and the state a run begins with. What opens it is the first step: somebody, or the machine,
/// reported the fault.
pub fn open(
    procedure: &Procedure,
    mut run: Run,
    note: String,
    actor: Actor,
    now: Timestamp,
) -> Taken {
    let first = procedure.steps.first();
    let mut events = vec![NewEvent {
        kind: EventKind::Opened,
        step: first.map(|step| step.id.clone()),
        answer: None,
        note,
        evidence: None,
        actor,
    }];
    if let Some(Step { kind: StepKind::Action { next }, .. }) = first {
        let end = arrive(procedure, &mut run, next, now);
        events.extend(end);
    }
    run.version = count(&events);
    Taken { run, events }
}

/// Takes an event in.
///
/// # Errors
/// [`Refused`] says why nothing changed.
pub fn next(
    procedure: &Procedure,
    run: &Run,
    event: Event,
    actor: &Actor,
    now: Timestamp,
) -> Result<Taken, Refused> {
    let RunState::Open { step: present } = &run.state else {
        return closed(run, event, actor, now);
    };
    let step = procedure.step(present).ok_or_else(|| Refused::NoSuchStep {
        procedure: procedure.code.clone(),
        edition: procedure.edition.clone(),
        step: present.clone(),
    })?;
    let mut after = Run { updated_at: now, ..run.clone() };
    let mut record = NewEvent {
        kind: EventKind::Noted,
        step: Some(present.clone()),
        answer: None,
        note: String::new(),
        evidence: None,
        actor: actor.clone(),
    };
    let mut end = None;
    match event {
        Event::Complete { step: asked, note } => {
            may(step, &asked, actor)?;
            let StepKind::Action { next } = &step.kind else {
                let remedy = "conteste sí o no";
                return Err(Refused::WrongKind { step: asked, is: "una pregunta", remedy });
            };
            record.kind = EventKind::Completed;
            record.actor = actor.acting_as(step.role);
            record.note = bounded(note)?;
            end = arrive(procedure, &mut after, next, now);
            after.touched = true;
        }
        Event::Answer { step: asked, yes, note } => {
            may(step, &asked, actor)?;
            let StepKind::Question { yes: if_yes, no: if_no } = &step.kind else {
                let remedy = "márquelo como hecho";
                return Err(Refused::WrongKind { step: asked, is: "una actividad", remedy });
            };
            record.kind = EventKind::Answered;
            record.actor = actor.acting_as(step.role);
            record.answer = Some(yes);
            record.note = bounded(note)?;
            end = arrive(procedure, &mut after, if yes { if_yes } else { if_no }, now);
            after.touched = true;
        }
        Event::Note { text } => {
            record.note = required(text)?;
            after.touched |= actor.is_human();
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
            record.note = if all_clear {
                "No queda ninguna alerta abierta.".to_owned()
            } else {
                String::new()
            };
        }
        Event::ActionEnded { evidence } => {
            record.kind = EventKind::ActionEnded;
            record.evidence = Some(evidence);
        }
        Event::Recovered => {
            record.kind = EventKind::Recovered;
            record.note = "La falla desapareció y nadie había intervenido.".to_owned();
            after.state = RunState::Closed { at: now, outcome: Outcome::Recovered };
        }
    }
    let mut events = vec![record];
    events.extend(end);
    after.version = run.version + count(&events);
    Ok(Taken { run: after, events })
}

/// A closed run still takes remarks, and evidence that came late.
fn closed(run: &Run, event: Event, actor: &Actor, now: Timestamp) -> Result<Taken, Refused> {
    let (kind, note, evidence) = match event {
        Event::Note { text } => (EventKind::Noted, required(text)?, None),
        Event::AlertCleared { evidence, .. } => {
            (EventKind::AlertCleared, String::new(), Some(evidence))
        }
        Event::Complete { .. }
        | Event::Answer { .. }
        | Event::AlertJoined { .. }
        | Event::ActionEnded { .. }
        | Event::Recovered => return Err(Refused::Closed),
    };
    let record = NewEvent { kind, step: None, answer: None, note, evidence, actor: actor.clone() };
    let after = Run { updated_at: now, version: run.version + 1, ..run.clone() };
    Ok(Taken { run: after, events: vec![record] })
}

fn may(step: &Step, asked: &StepId, actor: &Actor) -> Result<(), Refused> {
    if *asked != step.id {
        return Err(Refused::Stale { asked: asked.clone(), present: step.id.clone() });
    }
    if !actor.may_act_as(step.role) {
        return Err(Refused::NotYours { step: step.id.clone(), role: step.role.title() });
    }
    Ok(())
}

/// Moves to a step; the end closes the run by itself and says so.
fn arrive(procedure: &Procedure, run: &mut Run, step: &StepId, now: Timestamp) -> Option<NewEvent> {
    let is_end = procedure.step(step).is_some_and(|step| step.kind == StepKind::End);
    if !is_end {
        run.state = RunState::Open { step: step.clone() };
        return None;
    }
    run.state = RunState::Closed { at: now, outcome: Outcome::Completed };
    Some(NewEvent {
        kind: EventKind::Completed,
        step: Some(step.clone()),
        answer: None,
        note: String::new(),
        evidence: None,
        actor: Actor::Machine,
    })
}

fn verification(procedure: &Procedure) -> Option<StepId> {
    procedure.steps.iter().find(|step| step.answered_by.is_some()).map(|step| step.id.clone())
}

fn bounded(note: String) -> Result<String, Refused> {
    let note = note.trim();
    match note.chars().count() {
        long if long > NOTE_CHARACTERS => Err(Refused::LongNote(long)),
        _ => Ok(note.to_owned()),
    }
}

fn required(note: String) -> Result<String, Refused> {
    let note = bounded(note)?;
    if note.is_empty() { Err(Refused::EmptyNote) } else { Ok(note) }
}

fn count(events: &[NewEvent]) -> u32 {
    u32::try_from(events.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
