//! The steps of a run as its page shows them: what is done, what is present, what will not be needed.
//! Pure.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::actions::undone;
use crate::domain::person::Role;
use crate::domain::procedure::{Procedure, StepId, StepKind};
use crate::domain::run::{EventKind, Evidence, RecordedEvent, Run};
use crate::web::words;

/// Where a step stands in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Carried out.
    Done,
    /// To be carried out now.
    Present,
    /// May still come.
    Ahead,
    /// The way taken does not lead there.
    Skipped,
}

impl Standing {
    /// The class of its look.
    pub fn class(self) -> &'static str {
        match self {
            Standing::Done => "done",
            Standing::Present => "present",
            Standing::Ahead => "pending",
            Standing::Skipped => "skipped",
        }
    }

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Done => "hecho",
            Standing::Present => "es el paso actual",
            Standing::Ahead => "pendiente",
            Standing::Skipped => "no hizo falta",
        }
    }
}

/// A step as shown.
pub struct StepView {
    /// Its id.
    pub id: String,
    /// What is to be done or asked.
    pub text: String,
    /// What the manual leaves open.
    pub note: Option<String>,
    /// Who carries it out; nobody the end.
    pub role: Option<&'static str>,
    /// Where it stands.
    pub standing: Standing,
    /// Where yes and no lead, for a question.
    pub branches: Option<(String, String)>,
    /// What happened at it.
    pub events: Vec<EventView>,
}

/// An event as shown.
pub struct EventView {
    /// Icon of the sprite.
    pub icon: &'static str,
    /// Name of who did it.
    pub actor: String,
    /// In which role; `None` for the collector itself.
    pub role: Option<&'static str>,
    /// What happened.
    pub words: &'static str,
    /// When.
    pub at: Timestamp,
    /// What was written.
    pub note: String,
    /// What the agents said.
    pub evidence: Option<Evidence>,
}

impl EventView {
    fn new(event: &RecordedEvent) -> EventView {
        let (icon, words) = words::event(event.kind, event.answer);
        EventView {
            icon,
            words,
            actor: event.actor.clone(),
            role: match event.role.as_str() {
                "token" => Some("programa"),
                "console" => Some("en el servidor"),
                role => Role::parse(role).map(Role::title),
            },
            at: event.at,
            note: event.note.clone(),
            evidence: event.evidence.clone(),
        }
    }
}

/// Belongs to no step: remarks, and how the run ended by itself.
fn stands_alone(event: &RecordedEvent) -> bool {
    event.step.is_none() || matches!(event.kind, EventKind::Noted | EventKind::Recovered)
}

/// Events that belong to no step, newest first.
pub fn others(events: &[RecordedEvent]) -> Vec<EventView> {
    events.iter().rev().filter(|event| stands_alone(event)).map(EventView::new).collect()
}

/// The steps of the procedure, in the manual's order.
pub fn steps(procedure: &Procedure, run: &Run, events: &[RecordedEvent]) -> Vec<StepView> {
    let present = run.present_step();
    let ahead = present.map(|step| reachable(procedure, step)).unwrap_or_default();
    let undone = undone(events);
    let carried_out: HashSet<&StepId> = events
        .iter()
        .filter(|event| !undone.contains(&event.number))
        .filter(|event| {
            matches!(event.kind, EventKind::Opened | EventKind::Completed | EventKind::Answered)
        })
        .filter_map(|event| event.step.as_ref())
        .collect();
    let view = |step: &crate::domain::procedure::Step| StepView {
        id: step.id.to_string(),
        text: step.text.clone(),
        note: step.note.clone(),
        role: (!step.is_end()).then(|| step.role.title()),
        standing: if present == Some(&step.id) {
            Standing::Present
        } else if carried_out.contains(&step.id) {
            Standing::Done
        } else if ahead.contains(&step.id) {
            Standing::Ahead
        } else {
            Standing::Skipped
        },
        branches: match &step.kind {
            StepKind::Question { yes, no, .. } => Some((yes.to_string(), no.to_string())),
            StepKind::Action { .. } | StepKind::Restart { .. } | StepKind::End { .. } => None,
        },
        events: events
            .iter()
            .filter(|event| event.step.as_ref() == Some(&step.id) && !stands_alone(event))
            .map(EventView::new)
            .collect(),
    };
    procedure.steps.iter().map(view).collect()
}

/// Every step that can still come after `from`.
fn reachable(procedure: &Procedure, from: &StepId) -> HashSet<StepId> {
    let mut found = HashSet::new();
    let mut waiting = vec![from.clone()];
    while let Some(id) = waiting.pop() {
        let Some(step) = procedure.step(&id) else { continue };
        if !found.insert(id) {
            continue;
        }
        waiting.extend(step.targets().into_iter().cloned());
    }
    found
}
