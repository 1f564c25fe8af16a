//! Finds nonsense in a procedure: jumps to nowhere, steps nobody reaches, no way to the end.

use std::collections::BTreeSet;

use crate::domain::procedure::{Procedure, Step, StepId, StepKind};

/// Something wrong with a procedure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It has no step.
    #[error("it has no step")]
    Empty,
    /// A header field is blank.
    #[error("{0} is empty")]
    Blank(&'static str),
    /// Two steps have one id.
    #[error("step {0} stands twice")]
    Twice(StepId),
    /// A step without words.
    #[error("step {0} says nothing")]
    Silent(StepId),
    /// A jump to a step that is not there.
    #[error("step {from} leads to step {to}, which does not exist")]
    Missing {
        /// The step that jumps.
        from: StepId,
        /// Where to.
        to: StepId,
    },
    /// A step no way leads to.
    #[error("step {0} cannot be reached")]
    Unreachable(StepId),
    /// A step from which the end is never reached.
    #[error("step {0} has no way to the end")]
    Endless(StepId),
}

/// Everything wrong with a procedure; nothing for a sound one.
pub fn check(procedure: &Procedure) -> Vec<Fault> {
    let mut faults = blanks(procedure);
    let mut seen = BTreeSet::new();
    for step in &procedure.steps {
        if !seen.insert(&step.id) {
            faults.push(Fault::Twice(step.id.clone()));
        }
        if step.text.trim().is_empty() {
            faults.push(Fault::Silent(step.id.clone()));
        }
        let missing = step.targets().into_iter().filter(|to| procedure.step(to).is_none());
        faults.extend(missing.map(|to| Fault::Missing { from: step.id.clone(), to: to.clone() }));
    }
    let Some(first) = procedure.steps.first() else {
        faults.push(Fault::Empty);
        return faults;
    };
    let reached = reach(procedure, &first.id);
    let ends = |step: &&Step| {
        let from_here = reach(procedure, &step.id);
        procedure.steps.iter().any(|s| {
            (s.is_end() || matches!(s.kind, StepKind::Restart { .. })) && from_here.contains(&s.id)
        })
    };
    let unreached = procedure.steps.iter().filter(|step| !reached.contains(&step.id));
    faults.extend(unreached.map(|step| Fault::Unreachable(step.id.clone())));
    let endless = procedure.steps.iter().filter(|step| !ends(step));
    faults.extend(endless.map(|step| Fault::Endless(step.id.clone())));
    faults
}

fn blanks(procedure: &Procedure) -> Vec<Fault> {
    let fields = [
        ("code", &procedure.code),
        ("title", &procedure.title),
        ("edition", &procedure.edition),
        ("series", &procedure.series),
        ("source", &procedure.source),
    ];
    let blank = fields.into_iter().filter(|(_, value)| value.trim().is_empty());
    blank.map(|(name, _)| Fault::Blank(name)).collect()
}

fn reach<'a>(procedure: &'a Procedure, from: &'a StepId) -> BTreeSet<&'a StepId> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(id) = waiting.pop() {
        if reached.insert(id)
            && let Some(step) = procedure.step(id)
        {
            waiting.extend(step.targets());
        }
    }
    reached
}
