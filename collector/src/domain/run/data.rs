//! What an event keeps beside its own columns, so that the run can be rebuilt from its events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::event::{Attached, Planned, Signed};
use super::{Outcome, Priority, Waiting};
use crate::domain::id::{DeviceId, PersonId};
use crate::domain::procedure::StepId;
use crate::domain::proposal::Proposal;

/// The clock of a run: until when its step and the whole should be done. While it waits, what is left is kept instead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clock {
    /// Since when it stands at its step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_since: Option<Timestamp>,
    /// Until when the step should be done; none: no limit, or it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_due_at: Option<Timestamp>,
    /// Until when the run should be done; none: no limit, or it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Working seconds left for the step while it waits; below 0: overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_left_s: Option<i64>,
    /// Working seconds left for the run while it waits; below 0: overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_s: Option<i64>,
}

/// What an event changed, beside its own columns: enough to rebuild the run from its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventData {
    /// The step it moved the run to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<StepId>,
    /// How the run ended with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The present area or network afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<u32>,
    /// The PC it is about, or the present one afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The area or network whose visit it finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visited: Option<u32>,
    /// The PC it finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<DeviceId>,
    /// Values that were given.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Dates that were given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<Planned>,
    /// The signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signed>,
    /// What the readings proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// What it waits for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The clock afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// Number of the first event that is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u32>,
    /// Who has it in hand afterwards; set with `Assigned` only, none there: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PersonId>,
    /// Its priority afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached: Option<Attached>,
    /// Lines of the checklist.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, bool>,
    /// The readings of the PC before (JSON).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The readings of the PC after (JSON).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The date a PC was carried to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried_to: Option<Date>,
}
