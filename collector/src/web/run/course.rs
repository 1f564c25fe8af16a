//! What a run walks, as its page shows it: the plan, the present area or network, and its PCs. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::form;
use crate::actions::{Change, Snapshot, differences};
use crate::domain::procedure::{Check, Procedure, Step, Subjects};
use crate::domain::run::{Course, DeviceState, Run, Subject, SubjectDevice};
use crate::web::fields::Typed;
use crate::web::markup::Look;

/// See the module.
pub struct CourseView {
    /// What it walks: `área` or `red`.
    pub one: &'static str,
    /// In the plural, with a capital.
    pub many: &'static str,
    /// In order.
    pub subjects: Vec<SubjectView>,
    /// How many are done.
    pub done: usize,
    /// The present one: its place, and its name.
    pub present: Option<(u32, String)>,
    /// PCs of the present one.
    pub devices: Vec<DeviceView>,
    /// PCs of the present one that are done or carried to another date.
    pub seen: usize,
    /// The present PC: its place among them, and its name.
    pub present_device: Option<(usize, String)>,
    /// The present step is carried out on the PCs one by one.
    pub has_checklist: bool,
}

/// An area or network of the plan.
pub struct SubjectView {
    /// Place in the plan.
    pub position: u32,
    /// Its name.
    pub name: String,
    /// The day it is to be visited.
    pub planned_on: Option<Date>,
    /// When its visit was finished.
    pub done_at: Option<Timestamp>,
    /// It is its turn.
    pub present: bool,
    /// What was typed as its date.
    pub typed: String,
    /// PCs done or carried, and PCs in all; none where PCs are not walked.
    pub progress: Option<(u32, u32)>,
}

/// A PC of the present area.
pub struct DeviceView {
    /// Identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// It is its turn.
    pub present: bool,
    /// Still to be seen to.
    pub pending: bool,
    /// How far it is.
    pub look: Look,
    /// Lines of the checklist: code, text, ticked.
    pub checks: Vec<(String, String, bool)>,
    /// What was written, or why it was carried.
    pub note: String,
    /// The date it was carried to.
    pub carried_to: Option<Date>,
    /// Its readings before and after: label, before, after, how they compare.
    pub changes: Vec<(String, String, String, &'static str)>,
}

impl CourseView {
    /// Of a run that walks areas or networks; none for the others.
    pub fn new(
        (procedure, step): (&Procedure, Option<&Step>),
        run: &Run,
        course: &Course,
        progress: &BTreeMap<u32, (u32, u32)>,
        sent: &Typed,
    ) -> Option<CourseView> {
        let subjects = procedure.subjects()?;
        let present = run.subject.filter(|_| run.is_open());
        let view = |subject: &Subject| SubjectView {
            position: subject.position,
            name: subject.name.clone(),
            planned_on: subject.planned_on,
            done_at: subject.done_at,
            present: present == Some(subject.position),
            typed: form::date(sent, subject.position),
            progress: progress.get(&subject.position).map(|(all, seen)| (*seen, *all)),
        };
        let devices = present.map(|position| course.devices_of(position)).unwrap_or_default();
        let at = |device: &SubjectDevice| run.present_device.as_ref() == Some(&device.device);
        let place = devices.iter().position(at);
        let name = |at: usize| devices.get(at).map(|one| (at + 1, one.name.clone()));
        let is_seen = |one: &&SubjectDevice| one.state != DeviceState::Pending;
        let (one, many) = match subjects {
            Subjects::Areas => ("área", "Áreas"),
            Subjects::Networks => ("red", "Redes"),
        };
        Some(CourseView {
            one,
            many,
            done: course.subjects.iter().filter(|subject| subject.done_at.is_some()).count(),
            present: present
                .and_then(|position| course.subject(position))
                .map(|subject| (subject.position, subject.name.clone())),
            seen: devices.iter().filter(is_seen).count(),
            present_device: place.and_then(name),
            devices: devices.iter().map(|one| device(one, at(one), &procedure.checks)).collect(),
            has_checklist: step.is_some_and(|step| step.has_checklist),
            subjects: course.subjects.iter().map(view).collect(),
        })
    }

    /// Some of the plan has no date yet.
    pub fn is_planning(&self) -> bool {
        self.subjects.iter().any(|subject| subject.planned_on.is_none())
    }
}

fn device(one: &SubjectDevice, present: bool, checks: &[Check]) -> DeviceView {
    let ticked = |check: &Check| one.checks.get(&check.code).copied().unwrap_or_default();
    DeviceView {
        id: one.device.to_string(),
        name: one.name.clone(),
        present,
        pending: one.state == DeviceState::Pending,
        look: look(one.state),
        checks: checks
            .iter()
            .map(|check| (check.code.clone(), check.text.clone(), ticked(check)))
            .collect(),
        note: one.note.clone(),
        carried_to: one.carried_to,
        changes: changes(one.before.as_deref(), one.after.as_deref()),
    }
}

fn look(state: DeviceState) -> Look {
    match state {
        DeviceState::Pending => Look { class: "pending", icon: "pending", word: "Pendiente" },
        DeviceState::Done => Look { class: "ok", icon: "ok", word: "Hecho" },
        DeviceState::Carried => Look { class: "warning", icon: "clock", word: "Pospuesto" },
    }
}

/// What the visit changed, by the readings kept; what cannot be read is not shown.
fn changes(
    before: Option<&str>,
    after: Option<&str>,
) -> Vec<(String, String, String, &'static str)> {
    let read = |text: Option<&str>| -> Option<Snapshot> { serde_json::from_str(text?).ok() };
    let (Some(before), Some(after)) = (read(before).or_else(|| read(after)), read(after)) else {
        return Vec::new();
    };
    let shown = |value: Option<String>| value.unwrap_or_else(|| "—".to_owned());
    differences(&before, &after)
        .into_iter()
        .map(|one| {
            let word = match one.change {
                Change::Same | Change::Different => "",
                Change::Better => "mejoró",
                Change::Worse => "empeoró",
                Change::Unknown => "no se sabe",
            };
            (one.label, shown(one.before), shown(one.after), word)
        })
        .collect()
}
