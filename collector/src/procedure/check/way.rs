//! The way through the steps: their numbers, their jumps, and that every one is reached and leads to an end.

use std::collections::BTreeSet;

use super::at;
use crate::domain::procedure::{Procedure, Step, StepId, StepKind};
use crate::procedure::fault::{Fault, Place};

pub(super) fn check(procedure: &Procedure, faults: &mut Vec<Fault>) {
    let Some(first) = procedure.steps.first() else {
        faults.push(Fault::new(&Place::Head, "no tiene ningún paso; escriba al menos un [[step]]"));
        return;
    };
    if !matches!(first.kind, StepKind::Action { .. }) {
        let what = "el primer paso es una actividad: quien abre el trámite la cumple; ponga `next`";
        faults.push(Fault::new(&at(first), what));
    }
    let before = faults.len();
    numbers(procedure, faults);
    jumps(procedure, faults);
    if faults.len() > before {
        // On wrong jumps every step behind them would be said to be out of reach.
        return;
    }
    let ends = |step: &Step| step.is_end() || matches!(step.kind, StepKind::Restart { .. });
    if !procedure.steps.iter().any(Step::is_end) {
        let what = "ningún paso tiene `end = true`; todo trámite necesita un final";
        faults.push(Fault::new(&Place::Head, what));
    }
    let reached = reach(procedure, &first.id);
    for step in &procedure.steps {
        if !reached.contains(&step.id) {
            faults.push(Fault::new(&at(step), unreached(procedure, step, first)));
            continue;
        }
        let from_here = reach(procedure, &step.id);
        if !procedure.steps.iter().any(|one| ends(one) && from_here.contains(&one.id)) {
            let what = "desde él no se llega a ningún final; revise a dónde llevan los pasos";
            faults.push(Fault::new(&at(step), what));
        }
    }
}

fn unreached(procedure: &Procedure, step: &Step, first: &Step) -> String {
    let is_led_to =
        procedure.steps.iter().any(|one| one.id != step.id && one.targets().contains(&&step.id));
    if is_led_to {
        return format!(
            "no se llega a él desde el paso {}; revise a dónde llevan los pasos",
            first.id
        );
    }
    format!(
        "ningún paso lleva a él y el trámite empieza en el {}; quítelo o haga que un paso lleve a él",
        first.id
    )
}

/// Steps stand in order, none is missing, and a letter says why it is there.
fn numbers(procedure: &Procedure, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    let mut last: Option<&Step> = None;
    for step in &procedure.steps {
        if !step.letter.is_empty() && step.note.is_none() {
            let what = "un paso con letra no es del manual: diga en «note» por qué está";
            faults.push(Fault::new(&at(step), what));
        }
        if !seen.insert(&step.id) {
            faults
                .push(Fault::new(&at(step), "está dos veces; cambie el número o la letra de uno"));
            continue;
        }
        let previous = last.map_or(0, |last| last.number);
        match last {
            Some(last) if (step.number, &step.letter) < (last.number, &last.letter) => {
                let what = format!("viene después del paso {}; ponga los pasos en orden", last.id);
                faults.push(Fault::new(&at(step), what));
            }
            _ if step.number > previous + 1 => {
                let missing = previous + 1;
                let what =
                    format!("falta el paso {missing}; los números van seguidos, como en el manual");
                faults.push(Fault::new(&at(step), what));
            }
            _ => {}
        }
        last = Some(step);
    }
}

fn jumps(procedure: &Procedure, faults: &mut Vec<Fault>) {
    for step in &procedure.steps {
        let jumps: Vec<(&str, &StepId)> = match &step.kind {
            StepKind::Action { next } => vec![("next", next)],
            StepKind::Question { yes, no, .. } => vec![("yes", yes), ("no", no)],
            StepKind::Restart { to } => vec![("restart", to)],
            StepKind::End { .. } => vec![],
        };
        if let StepKind::Question { yes, no, .. } = &step.kind
            && yes == no
        {
            let what = format!(
                "el sí y el no llevan al mismo paso «{yes}»; si da igual la respuesta no es una pregunta"
            );
            faults.push(Fault::new(&at(step), what));
        }
        for (key, to) in jumps.iter().filter(|(_, to)| procedure.step(to).is_none()) {
            let known: Vec<&str> = procedure.steps.iter().map(|one| one.id.as_str()).collect();
            let known = known.join(", ");
            let what =
                format!("«{key}» lleva al paso «{to}», que no existe; los pasos son {known}");
            faults.push(Fault::new(&at(step), what));
        }
    }
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
