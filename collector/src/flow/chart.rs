//! What is to be drawn: the steps of a procedure as nodes with exits, and what a run made of them.

use std::collections::{HashMap, HashSet};

use crate::domain::procedure::{Procedure, Step, StepId, StepKind};

/// A procedure as a graph. The first node is the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Name of the procedure.
    pub title: String,
    /// In the manual's order.
    pub nodes: Vec<Node>,
}

/// The symbol of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Where it begins.
    Start,
    /// Something is done.
    Operation,
    /// Something is asked.
    Decision,
    /// Where it is over.
    End,
}

/// Where a step stands in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No run is shown, or the step may still come.
    Open,
    /// Carried out.
    Done,
    /// To be carried out now.
    Present,
    /// The way taken does not lead there.
    Skipped,
}

/// A symbol of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The step's id; blank for the start.
    pub id: String,
    /// Its symbol.
    pub kind: Kind,
    /// Number and role, above the text.
    pub head: String,
    /// What is done or asked.
    pub text: String,
    /// What happened there in a run.
    pub remarks: Vec<String>,
    /// Where it stands.
    pub standing: Standing,
    /// Where it leads.
    pub exits: Vec<Exit>,
}

/// A line to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Index of the node it leads to.
    pub to: usize,
    /// What stands beside it: the answer; blank for none.
    pub label: String,
    /// Never drawn as a line: it leads into another run.
    pub apart: bool,
    /// The run went this way.
    pub taken: bool,
}

/// What a run made of its procedure.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Where each step stands; what is not in it is open.
    pub standing: HashMap<StepId, Standing>,
    /// What happened at each step, a line each.
    pub remarks: HashMap<StepId, Vec<String>>,
    /// The jumps made.
    pub jumps: HashSet<(StepId, StepId)>,
}

impl Chart {
    /// The chart of a procedure, with what a run made of it.
    pub fn new(procedure: &Procedure, walked: &Walked) -> Chart {
        let index: HashMap<&StepId, usize> =
            procedure.steps.iter().enumerate().map(|(at, step)| (&step.id, at + 1)).collect();
        let first = procedure.steps.first();
        let begun = first.is_some_and(|step| walked.standing.contains_key(&step.id));
        let start = Node {
            id: String::new(),
            kind: Kind::Start,
            head: String::new(),
            text: "Inicio".to_owned(),
            remarks: Vec::new(),
            standing: if begun { Standing::Done } else { Standing::Open },
            exits: first
                .map(|_| Exit { to: 1, label: String::new(), apart: false, taken: begun })
                .into_iter()
                .collect(),
        };
        let steps = procedure.steps.iter().map(|step| node(step, &index, walked));
        Chart {
            title: procedure.title.clone(),
            nodes: std::iter::once(start).chain(steps).collect(),
        }
    }
}

fn node(step: &Step, index: &HashMap<&StepId, usize>, walked: &Walked) -> Node {
    let standing = walked.standing.get(&step.id).copied().unwrap_or(Standing::Open);
    let exit = |to: &StepId, label: &str, apart: bool| {
        let taken = walked.jumps.contains(&(step.id.clone(), to.clone()));
        let label = label.to_owned();
        index.get(to).map(|to| Exit { to: *to, label, apart, taken })
    };
    let named = |own: &Option<String>, usual: &str| own.as_deref().unwrap_or(usual).to_owned();
    let (kind, exits) = match &step.kind {
        StepKind::Action { next } => (Kind::Operation, vec![exit(next, "", false)]),
        StepKind::Question { yes, no, yes_label, no_label } => {
            let (if_yes, if_no) = (named(yes_label, "Sí"), named(no_label, "No"));
            (Kind::Decision, vec![exit(yes, &if_yes, false), exit(no, &if_no, false)])
        }
        StepKind::Restart { to } => (Kind::Operation, vec![exit(to, "", true)]),
        StepKind::End { .. } => (Kind::End, Vec::new()),
    };
    let mark = match standing {
        Standing::Done => "✓ ",
        Standing::Present => "▶ ",
        Standing::Open | Standing::Skipped => "",
    };
    let head = match kind {
        Kind::End => format!("{mark}{}", step.id),
        _ => format!("{mark}{} · {}", step.id, step.role.title()),
    };
    Node {
        id: step.id.to_string(),
        kind,
        head,
        text: step.text.clone(),
        remarks: walked.remarks.get(&step.id).cloned().unwrap_or_default(),
        standing,
        exits: exits.into_iter().flatten().collect(),
    }
}
