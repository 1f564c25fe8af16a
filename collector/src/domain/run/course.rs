//! What a run walks: the areas or networks of its plan, and the PCs of each area.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::id::DeviceId;
use crate::domain::procedure::{Subjects, word_list};

/// An area or network of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Place in the plan, from 1.
    pub position: u32,
    /// Area or network.
    pub kind: Subjects,
    /// Identity of the area or network.
    pub id: String,
    /// Its name when the run began.
    pub name: String,
    /// The day it is to be visited.
    pub planned_on: Option<Date>,
    /// When its visit was finished.
    pub done_at: Option<Timestamp>,
}

/// A PC of an area of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectDevice {
    /// Identity.
    pub device: DeviceId,
    /// Its name when the run began.
    pub name: String,
    /// How far it is.
    pub state: DeviceState,
    /// Lines of the checklist that were ticked or crossed.
    pub checks: BTreeMap<String, bool>,
    /// The readings when its visit began (JSON).
    pub before: Option<String>,
    /// The readings when it was done (JSON).
    pub after: Option<String>,
    /// What was written, or why it was carried to another date.
    pub note: String,
    /// The date it was carried to.
    pub carried_to: Option<Date>,
    /// When something was last noted of it.
    pub updated_at: Option<Timestamp>,
}

/// How far a PC is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceState {
    /// Still to be seen to.
    Pending,
    /// Done.
    Done,
    /// Left for another date, with a reason.
    Carried,
}

word_list!(DeviceState: Pending = "pending", Done = "done", Carried = "carried");

/// The plan of a run; empty where it walks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// Areas or networks by position.
    pub subjects: Vec<Subject>,
    /// PCs by the position of their area; those of the present area and of the one to come are enough.
    pub devices: BTreeMap<u32, Vec<SubjectDevice>>,
}

impl Course {
    /// The area or network at a position.
    pub fn subject(&self, position: u32) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.position == position)
    }

    /// The PCs of an area.
    pub fn devices_of(&self, position: u32) -> &[SubjectDevice] {
        self.devices.get(&position).map_or(&[], Vec::as_slice)
    }

    /// The first one without a date, after `from` and then from the start.
    pub fn next_to_plan(&self, from: Option<u32>) -> Option<u32> {
        let open = || self.subjects.iter().filter(|subject| subject.planned_on.is_none());
        let after = from.unwrap_or(0);
        let next = open().find(|subject| subject.position > after);
        next.or_else(|| open().next()).map(|subject| subject.position)
    }

    /// The one to visit next: by its date, then by its place in the plan.
    pub fn next_to_visit(&self) -> Option<u32> {
        let open = self.subjects.iter().filter(|subject| subject.done_at.is_none());
        let order = |subject: &&Subject| {
            (subject.planned_on.is_none(), subject.planned_on, subject.position)
        };
        open.min_by_key(order).map(|subject| subject.position)
    }

    /// The one to visit once the present one is done.
    pub fn upcoming(&self, present: Option<u32>) -> Option<u32> {
        let others = self.subjects.iter().filter(|one| Some(one.position) != present);
        let subjects = others.cloned().collect();
        Course { subjects, ..Course::default() }.next_to_visit()
    }

    /// The first PC of an area that is still to be seen to.
    pub fn next_device(&self, position: u32) -> Option<&SubjectDevice> {
        self.devices_of(position).iter().find(|device| device.state == DeviceState::Pending)
    }
}
