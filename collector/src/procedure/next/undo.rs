//! The last step is taken back, while nobody has acted on it.

use jiff::Timestamp;

use super::entry::required;
use super::{Case, Effect, Taken};
use crate::domain::access::Actor;
use crate::domain::person::Role;
use crate::domain::procedure::StepKind;
use crate::domain::run::{EventKind, NewEvent, Outcome, RecordedEvent, RunState};
use crate::domain::working_time::WorkingHours;
use crate::procedure::evolve::{moves, replay, undone};
use crate::procedure::refused::Refused;

/// The event an undo would take back, if somebody may.
///
/// # Errors
/// Says why the last step cannot be taken back.
pub fn undoable<'a>(
    record: &'a [RecordedEvent],
    actor: &Actor,
) -> Result<&'a RecordedEvent, Refused> {
    let gone = undone(record);
    let is_step = |event: &&RecordedEvent| {
        moves(event.kind)
            && event.role != Actor::Machine.role_word()
            && !gone.contains(&event.number)
    };
    let Some(last) = record.iter().rev().find(is_step) else {
        return Err(Refused::Unfit("no hay ningún paso que deshacer"));
    };
    if last.data.signature.is_some() {
        return Err(Refused::Unfit("lo que ya se firmó no se deshace"));
    }
    let is_theirs = last.person.is_some() && last.person.as_ref() == actor.person();
    if !is_theirs && !actor.may_act_as(Role::Head) {
        return Err(Refused::Unfit(
            "solo quien hizo el paso, o el titular de TIC, lo puede deshacer",
        ));
    }
    let of_other = |event: &&RecordedEvent| {
        event.number > last.number && event.person.is_some() && event.person != last.person
    };
    match record.iter().find(of_other) {
        Some(_) => {
            Err(Refused::Unfit("alguien más ya trabajó sobre este paso: no se puede deshacer"))
        }
        None => Ok(last),
    }
}

pub(super) fn undo(
    case: Case<'_>,
    reason: &str,
    actor: &Actor,
    _hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    let reason = required(reason)?;
    let last = undoable(&case.record, actor)?;
    let restarted = last.step.as_ref().and_then(|step| case.procedure.step(step));
    if restarted.is_some_and(|step| matches!(step.kind, StepKind::Restart { .. }))
        && last.data.outcome == Some(Outcome::Rejected)
    {
        return Err(Refused::Unfit("el trámite ya se reinició en otro: siga en el nuevo"));
    }
    let mut event = NewEvent::new(EventKind::Undone, last.step.clone(), actor.clone());
    event.note = reason;
    event.data.undoes = Some(last.number);
    let mut record = case.record.clone();
    record.push(RecordedEvent {
        number: case.run.version + 1,
        at: now,
        actor: actor.name().to_owned(),
        person: actor.person().cloned(),
        role: actor.role_word().to_owned(),
        kind: event.kind,
        step: event.step.clone(),
        answer: None,
        note: event.note.clone(),
        evidence: None,
        data: event.data.clone(),
        hash: String::new(),
    });
    let (run, course) = replay(case.procedure, &case.run, &case.course, &record);
    let mut effects = Vec::new();
    if let RunState::Open { step } = &run.state {
        effects.push(Effect::Arrived { step: step.clone() });
    }
    Ok(Taken { run, course, events: vec![event], effects })
}
