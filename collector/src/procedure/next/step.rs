//! A person carries out the present step or answers its question.

use jiff::Timestamp;

use super::entry::given;
use super::{Case, Taken, may, taken};
use crate::domain::access::Actor;
use crate::domain::procedure::{Cursor, Step, StepId, StepKind};
use crate::domain::proposal::Proposal;
use crate::domain::run::{Course, DeviceState, Entry, EventKind, NewEvent, Outcome, Run};
use crate::domain::working_time::WorkingHours;
use crate::procedure::refused::Refused;

pub(super) fn complete(
    case: Case<'_>,
    step: &Step,
    asked: &StepId,
    entry: Entry,
    actor: &Actor,
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    may(&case, step, asked, actor)?;
    let actor = actor.acting_as(step.role);
    let mut event = NewEvent::new(EventKind::Completed, Some(step.id.clone()), actor);
    (event.note, event.data) = given(&case, step, entry)?;
    finish(step, &case.run, &case.course, &mut event)?;
    let mut walk = case.walk(hours, now);
    match &step.kind {
        StepKind::Action { next } => walk.go(event, next)?,
        StepKind::Restart { .. } => {
            event.data.outcome = Some(Outcome::Rejected);
            walk.push(event);
        }
        StepKind::Question { .. } | StepKind::End { .. } => {
            let (step, remedy) = (step.id.clone(), "conteste sí o no");
            return Err(Refused::WrongKind { step, is: "una pregunta", remedy });
        }
    }
    Ok(taken(walk, Some(step)))
}

#[expect(clippy::too_many_arguments, reason = "what is answered, by whom and when")]
pub(super) fn answer(
    case: Case<'_>,
    step: &Step,
    asked: &StepId,
    (yes, proposal): (bool, Option<Proposal>),
    entry: Entry,
    actor: &Actor,
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    may(&case, step, asked, actor)?;
    let StepKind::Question { yes: if_yes, no: if_no, .. } = &step.kind else {
        let (step, remedy) = (step.id.clone(), "márquelo como hecho");
        return Err(Refused::WrongKind { step, is: "una actividad", remedy });
    };
    let actor = actor.acting_as(step.role);
    let mut event = NewEvent::new(EventKind::Answered, Some(step.id.clone()), actor);
    (event.note, event.data) = given(&case, step, entry)?;
    event.answer = Some(yes);
    if let Some(proposal) = proposal {
        if proposal.answer == Some(!yes) && event.note.is_empty() {
            let proposed = if yes { "no" } else { "sí" };
            return Err(Refused::NeedsReason { proposed, because: proposal.because });
        }
        event.data.proposal = Some(proposal);
    }
    finish(step, &case.run, &case.course, &mut event)?;
    let mut walk = case.walk(hours, now);
    walk.go(event, if yes { if_yes } else { if_no })?;
    Ok(taken(walk, Some(step)))
}

/// What of the course the step finishes.
fn finish(step: &Step, run: &Run, course: &Course, event: &mut NewEvent) -> Result<(), Refused> {
    if step.has_checklist {
        let devices = course.devices_of(run.subject.unwrap_or(0));
        let open = devices.iter().filter(|one| one.state == DeviceState::Pending).count();
        if open > 0 {
            return Err(Refused::PendingDevices(open));
        }
    }
    match step.completes {
        Some(Cursor::Visit) => event.data.visited = run.subject,
        Some(Cursor::Device) => event.data.finished.clone_from(&run.present_device),
        None => {}
    }
    Ok(())
}
