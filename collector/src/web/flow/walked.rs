//! What a run made of its procedure, for the picture: where each step stands, who did it and when, and the
//! jumps made. Pure.

use std::collections::{HashMap, HashSet};

use crate::actions::undone;
use crate::domain::procedure::{Procedure, StepId};
use crate::domain::run::{EventKind, RecordedEvent, Run};
use crate::flow::{Standing, Walked};
use crate::web::run::timeline;
use crate::web::since;

/// Reads the record of a run.
pub fn walked(procedure: &Procedure, run: &Run, events: &[RecordedEvent]) -> Walked {
    let undone = undone(events);
    let holds = |event: &&RecordedEvent| moves(event) && !undone.contains(&event.number);
    let moves: Vec<&RecordedEvent> = events.iter().filter(holds).collect();
    let mut by_step: HashMap<&StepId, Vec<&RecordedEvent>> = HashMap::new();
    for event in &moves {
        if let Some(step) = &event.step {
            by_step.entry(step).or_default().push(event);
        }
    }
    let standing = timeline::steps(procedure, run, events);
    Walked {
        standing: standing
            .into_iter()
            .map(|step| (StepId::new(step.id), step.standing.drawn()))
            .collect(),
        remarks: by_step
            .into_iter()
            .map(|(step, events)| (step.clone(), remarks(&events)))
            .collect(),
        jumps: jumps(run, &moves),
    }
}

/// The ways taken. Events of before runs kept where they led are followed by the next one's step.
fn jumps(run: &Run, moves: &[&RecordedEvent]) -> HashSet<(StepId, StepId)> {
    let following = moves.iter().skip(1).map(|event| event.step.as_ref());
    let led = moves.iter().zip(following.chain([run.present_step()]));
    led.filter_map(|(event, after)| {
        let to = event.data.to.as_ref().or(after)?;
        Some((event.step.clone()?, to.clone()))
    })
    .collect()
}

fn moves(event: &RecordedEvent) -> bool {
    matches!(event.kind, EventKind::Opened | EventKind::Completed | EventKind::Answered)
}

/// Who did a step and when, the last time, and how often.
fn remarks(events: &[&RecordedEvent]) -> Vec<String> {
    let Some(last) = events.last() else { return Vec::new() };
    let answer = match last.answer {
        Some(true) => "Sí: ",
        Some(false) => "No: ",
        None => "",
    };
    let mut lines = vec![format!("{answer}{}", last.actor), since::local(last.at)];
    if events.len() > 1 {
        lines.push(format!("{} veces", events.len()));
    }
    lines
}

impl timeline::Standing {
    fn drawn(self) -> Standing {
        match self {
            timeline::Standing::Done => Standing::Done,
            timeline::Standing::Present => Standing::Present,
            timeline::Standing::Ahead => Standing::Open,
            timeline::Standing::Skipped => Standing::Skipped,
        }
    }
}
