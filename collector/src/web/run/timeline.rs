//! The steps of a run as its page shows them: what is done, what is present, what will not be needed.
//! Pure.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;

use crate::actions::undone;
use crate::domain::person::Role;
use crate::domain::procedure::{Procedure, Step, StepId};
use crate::domain::run::{EventData, EventKind, Evidence, RecordedEvent, Run};
use crate::web::words;

/// Events of one step that are shown; a plan over hundreds of areas repeats its steps.
const SHOWN: usize = 12;

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
    /// What happened at it, the last of it.
    pub events: Vec<EventView>,
    /// Events before those.
    pub hidden: usize,
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
    /// What was given with it and what was proposed, a line each.
    pub lines: Vec<String>,
    /// It was taken back later.
    pub undone: bool,
    /// What the agents said.
    pub evidence: Option<Evidence>,
}

impl EventView {
    fn new(event: &RecordedEvent, procedure: &Procedure, undone: &BTreeSet<u32>) -> EventView {
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
            lines: lines(procedure, &event.data),
            undone: undone.contains(&event.number),
            evidence: event.evidence.clone(),
        }
    }
}

/// Belongs to no step: remarks, and how the run ended by itself.
fn stands_alone(event: &RecordedEvent) -> bool {
    event.step.is_none()
        || matches!(
            event.kind,
            EventKind::Noted | EventKind::Recovered | EventKind::Assigned | EventKind::Prioritised
        )
}

/// What was given with an event and what was proposed.
fn lines(procedure: &Procedure, data: &EventData) -> Vec<String> {
    let fields = || procedure.steps.iter().flat_map(|step| &step.fields);
    let label = |name: &String| {
        fields().find(|field| field.name == *name).map_or(name.clone(), |field| field.label.clone())
    };
    let mut lines: Vec<String> =
        data.fields.iter().map(|(name, value)| format!("{}: {value}", label(name))).collect();
    match data.plan.as_slice() {
        [] => {}
        [one] => lines.push(format!("Fecha puesta: {}", one.on)),
        more => lines.push(format!("Fechas puestas: {}", more.len())),
    }
    if let Some(proposal) = &data.proposal {
        let said = match proposal.answer {
            Some(true) => "sí",
            Some(false) => "no",
            None => "no se sabe",
        };
        lines.push(format!("Las lecturas proponían: {said}. {}", proposal.because));
    }
    if let Some(signed) = &data.signature {
        lines.push(format!("Firmó {}, {}", signed.name, signed.post));
    }
    if let Some(attached) = &data.attached {
        lines.push(format!("Archivo: {}", attached.name));
    }
    if let Some(to) = data.carried_to {
        lines.push(format!("Para el {to}"));
    }
    lines
}

/// Events that belong to no step, newest first.
pub fn others(procedure: &Procedure, events: &[RecordedEvent]) -> Vec<EventView> {
    let undone = undone(events);
    let alone = events.iter().rev().filter(|event| stands_alone(event));
    alone.take(SHOWN).map(|event| EventView::new(event, procedure, &undone)).collect()
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
    let of_step = |step: &Step| {
        let id = step.id.clone();
        events.iter().filter(move |event| event.step.as_ref() == Some(&id) && !stands_alone(event))
    };
    let view = |step: &Step| StepView {
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
        hidden: of_step(step).count().saturating_sub(SHOWN),
        events: of_step(step)
            .skip(of_step(step).count().saturating_sub(SHOWN))
            .map(|event| EventView::new(event, procedure, &undone))
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
