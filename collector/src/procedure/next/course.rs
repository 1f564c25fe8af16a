//! What is done to the areas, networks and PCs a run walks, beside its steps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::entry::{bounded, required};
use super::{Case, Taken, taken};
use crate::domain::id::DeviceId;
use crate::domain::procedure::{Auto, Step, StepId, StepKind};
use crate::domain::run::{DeviceState, EventKind, NewEvent, SubjectDevice};
use crate::domain::working_time::WorkingHours;
use crate::procedure::refused::Refused;

/// What was noted of a PC.
pub(super) struct Checked {
    pub device: DeviceId,
    pub checks: BTreeMap<String, bool>,
    pub note: String,
    pub done: bool,
    pub snapshots: (Option<String>, Option<String>),
}

/// Another area or network comes to its turn: while the plan is made it is planned next, later visited next.
pub(super) fn take(
    case: Case<'_>,
    mut event: NewEvent,
    position: u32,
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    let Some(subject) = case.course.subject(position) else {
        return Err(Refused::NotPart(format!("el lugar {position}")));
    };
    let is_planning = case.course.next_to_plan(None).is_some();
    if !is_planning && subject.done_at.is_some() {
        return Err(Refused::Unfit("esa visita ya se terminó"));
    }
    event.kind = EventKind::SubjectTaken;
    let present = case.run.present_step().cloned();
    let visit = if is_planning { None } else { first_of_visit(&case) };
    let Some(to) = visit.or(present) else { return Err(Refused::Closed) };
    let mut walk = case.walk(hours, now);
    let device = if is_planning { None } else { walk.visit(Some(position)).1 };
    event.note = walk.turn(Some(position), device.as_ref());
    walk.arrive(event, &to, Some(position), device)?;
    walk.settle()?;
    Ok(taken(walk, None))
}

/// Where each visit begins: where the plan leads once it is complete.
fn first_of_visit(case: &Case<'_>) -> Option<StepId> {
    let planned = |step: &&Step| step.auto == Some(Auto::AllPlanned);
    let step = case.procedure.steps.iter().find(planned)?;
    match &step.kind {
        StepKind::Question { yes, .. } => Some(yes.clone()),
        _ => None,
    }
}

/// Notes something of a PC of the present area.
pub(super) fn check(
    case: Case<'_>,
    step: &Step,
    mut event: NewEvent,
    checked: Checked,
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    if !step.has_checklist {
        return Err(Refused::Unfit("en este paso no se revisan equipos uno por uno"));
    }
    present(&case, &checked.device)?;
    let is_check = |code: &String| case.procedure.checks.iter().any(|check| check.code == *code);
    if let Some(stray) = checked.checks.keys().find(|code| !is_check(code)) {
        return Err(Refused::NotPart(format!("«{stray}»")));
    }
    event.kind = EventKind::DeviceChecked;
    event.note = bounded(&checked.note)?;
    event.data.subject = case.run.subject;
    event.data.finished = checked.done.then(|| checked.device.clone());
    event.data.device = Some(checked.device);
    event.data.checks = checked.checks;
    (event.data.before, event.data.after) = checked.snapshots;
    let mut walk = case.walk(hours, now);
    walk.push(event);
    Ok(taken(walk, None))
}

/// Leaves a PC of the present area for another date.
pub(super) fn carry(
    case: Case<'_>,
    step: &Step,
    mut event: NewEvent,
    (device, reason, to): (DeviceId, String, Option<Date>),
    hours: &WorkingHours,
    now: Timestamp,
) -> Result<Taken, Refused> {
    let state = present(&case, &device)?.state;
    if state != DeviceState::Pending {
        return Err(Refused::Unfit("ese equipo ya está hecho o pospuesto"));
    }
    if !step.has_checklist && !case.procedure.walks_devices() {
        return Err(Refused::Unfit("en este procedimiento no se revisan equipos uno por uno"));
    }
    event.kind = EventKind::DeviceCarried;
    event.note = required(&reason)?;
    event.data.subject = case.run.subject;
    event.data.device = Some(device.clone());
    event.data.carried_to = to;
    let is_present = case.run.present_device.as_ref() == Some(&device);
    let asks = case.procedure.steps.iter().find(|step| step.auto == Some(Auto::AllDevices));
    let asks = asks.filter(|_| is_present).map(|step| step.id.clone());
    let subject = case.run.subject;
    let mut walk = case.walk(hours, now);
    walk.push(event);
    if let Some(to) = asks {
        let machine = crate::domain::access::Actor::Machine;
        let turn = NewEvent::new(EventKind::SubjectTaken, Some(step.id.clone()), machine);
        walk.arrive(turn, &to, subject, None)?;
        walk.settle()?;
    }
    Ok(taken(walk, None))
}

fn present<'a>(case: &'a Case<'_>, device: &DeviceId) -> Result<&'a SubjectDevice, Refused> {
    let devices = case.course.devices_of(case.run.subject.unwrap_or(0));
    let found = devices.iter().find(|one| one.device == *device);
    found.ok_or_else(|| Refused::NotPart("ese equipo".to_owned()))
}
