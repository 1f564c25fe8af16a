//! What a recorded event makes of a run. Nothing is decided here: replaying the events rebuilds the run.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::access::Actor;
use crate::domain::procedure::Procedure;
use crate::domain::run::{
    Course, DeviceState, EventData, EventKind, NewEvent, Outcome, RecordedEvent, Run, RunState,
};

/// What an event says, recorded or about to be.
struct Said<'a> {
    kind: EventKind,
    note: &'a str,
    data: &'a EventData,
    by_human: bool,
}

/// Takes a new event into a run and its course.
pub(super) fn evolve(run: &mut Run, course: &mut Course, event: &NewEvent, at: Timestamp) {
    let said = Said {
        kind: event.kind,
        note: &event.note,
        data: &event.data,
        by_human: event.actor.is_human(),
    };
    apply(run, course, &said, at);
    run.version += 1;
    run.updated_at = at;
}

/// Rebuilds a run and its course from the events. `run` and `course` give what never changes: whose run it is, and
/// which areas, networks and PCs it walks.
pub fn replay(
    procedure: &Procedure,
    run: &Run,
    course: &Course,
    events: &[RecordedEvent],
) -> (Run, Course) {
    let (mut run, mut course) = opening(procedure, run, course);
    let undone = undone(events);
    for event in events {
        let said = Said {
            kind: event.kind,
            note: &event.note,
            data: &event.data,
            by_human: event.role != Actor::Machine.role_word(),
        };
        if !undone.contains(&event.number) {
            apply(&mut run, &mut course, &said, event.at);
        }
        run.version = event.number;
        run.updated_at = event.at;
    }
    (run, course)
}

/// The run before its first event.
fn opening(procedure: &Procedure, run: &Run, course: &Course) -> (Run, Course) {
    let mut run = run.clone();
    if let Some(first) = procedure.steps.first() {
        run.state = RunState::Open { step: first.id.clone() };
    }
    run.fields.clear();
    (run.subject, run.present_device, run.waiting, run.assignee) = (None, None, None, None);
    (run.clock, run.priority, run.touched, run.version) = Default::default();
    let mut course = course.clone();
    for subject in &mut course.subjects {
        (subject.planned_on, subject.done_at) = (None, None);
    }
    for device in course.devices.values_mut().flatten() {
        device.state = DeviceState::Pending;
        device.checks.clear();
        device.note.clear();
        (device.before, device.after) = (None, None);
        (device.carried_to, device.updated_at) = (None, None);
    }
    (run, course)
}

/// Numbers of the events that were taken back: those that moved the run, from the one named to the undoing.
pub fn undone(events: &[RecordedEvent]) -> BTreeSet<u32> {
    let mut undone = BTreeSet::new();
    for event in events.iter().rev() {
        let Some(from) = event.data.undoes else { continue };
        let taken_back = events.iter().filter(|e| (from..event.number).contains(&e.number));
        undone.extend(taken_back.filter(|e| moves(e.kind)).map(|e| e.number));
    }
    undone
}

/// Whether an event moves a run along its steps; the others stay when a step is taken back.
pub(super) fn moves(kind: EventKind) -> bool {
    use EventKind::{Answered, Completed, Paused, Resumed, SubjectTaken};
    matches!(kind, Completed | Answered | Paused | Resumed | SubjectTaken)
}

fn apply(run: &mut Run, course: &mut Course, said: &Said<'_>, at: Timestamp) {
    let data = said.data;
    match said.kind {
        EventKind::Opened
        | EventKind::Completed
        | EventKind::Answered
        | EventKind::SubjectTaken => {
            walk(run, course, data, at);
            run.touched |= said.by_human && said.kind != EventKind::Opened;
            run.priority = data.priority.unwrap_or(run.priority);
        }
        EventKind::Paused | EventKind::Resumed => {
            run.waiting.clone_from(&data.waiting);
            run.clock = data.clock.unwrap_or(run.clock);
            run.touched |= said.by_human;
        }
        EventKind::Undone => {
            run.clock = data.clock.unwrap_or(run.clock);
            run.touched = true;
        }
        EventKind::Noted | EventKind::AttachmentAdded => run.touched |= said.by_human,
        EventKind::Assigned => run.assignee.clone_from(&data.assignee),
        EventKind::Prioritised => run.priority = data.priority.unwrap_or(run.priority),
        EventKind::DeviceChecked | EventKind::DeviceCarried => {
            device(run, course, said, at);
            run.touched |= said.by_human;
        }
        EventKind::Recovered => {
            let outcome = data.outcome.unwrap_or(Outcome::Recovered);
            run.state = RunState::Closed { at, outcome };
        }
        EventKind::AlertJoined | EventKind::AlertCleared | EventKind::ActionEnded => {}
    }
}

/// A step carried out or answered: the run moves, and with it what it walks.
fn walk(run: &mut Run, course: &mut Course, data: &EventData, at: Timestamp) {
    run.fields.extend(data.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    for planned in &data.plan {
        let subject = course.subjects.iter_mut().find(|one| one.position == planned.position);
        if let Some(subject) = subject {
            subject.planned_on = Some(planned.on);
        }
    }
    if let Some(visited) = data.visited
        && let Some(subject) = course.subjects.iter_mut().find(|one| one.position == visited)
    {
        subject.done_at = Some(at);
    }
    if let (Some(finished), Some(position)) = (&data.finished, run.subject) {
        let devices = course.devices.get_mut(&position).into_iter().flatten();
        for one in devices.filter(|one| one.device == *finished) {
            one.state = DeviceState::Done;
            one.updated_at = Some(at);
        }
    }
    if let Some(to) = &data.to {
        run.state = RunState::Open { step: to.clone() };
        (run.subject, run.present_device) = (data.subject, data.device.clone());
        run.waiting.clone_from(&data.waiting);
        run.clock = data.clock.unwrap_or(run.clock);
    }
    if let Some(outcome) = data.outcome {
        run.state = RunState::Closed { at, outcome };
        (run.waiting, run.clock) = (None, Default::default());
    }
}

fn device(run: &Run, course: &mut Course, said: &Said<'_>, at: Timestamp) {
    let (Some(id), Some(position)) = (&said.data.device, said.data.subject.or(run.subject)) else {
        return;
    };
    let devices = course.devices.get_mut(&position).into_iter().flatten();
    for one in devices.filter(|one| one.device == *id) {
        one.updated_at = Some(at);
        said.note.clone_into(&mut one.note);
        if said.kind == EventKind::DeviceCarried {
            one.state = DeviceState::Carried;
            one.carried_to = said.data.carried_to;
            continue;
        }
        one.checks.clone_from(&said.data.checks);
        let is_done = said.data.finished.as_ref() == Some(id);
        one.state = if is_done { DeviceState::Done } else { DeviceState::Pending };
        one.carried_to = None;
        if said.data.before.is_some() {
            one.before.clone_from(&said.data.before);
        }
        if said.data.after.is_some() {
            one.after.clone_from(&said.data.after);
        }
    }
}
