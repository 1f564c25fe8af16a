//! What the system does by itself: it needs a plan to walk, something that fills it, and a person in every circle.

use std::collections::BTreeSet;

use super::at;
use crate::domain::procedure::{About, Auto, Cursor, Procedure, Step, StepId, StepKind, Subjects};
use crate::procedure::fault::{Fault, Place};

pub(super) fn check(procedure: &Procedure, faults: &mut Vec<Fault>) {
    for step in &procedure.steps {
        kinds(step, faults);
        plan(procedure, step, faults);
        if step.auto.is_some() || step.is_end() {
            untouched(step, faults);
        }
    }
    if let Some(subjects) = procedure.subjects()
        && !procedure.steps.iter().any(|step| step.plans)
    {
        let about = if subjects == Subjects::Areas { About::Areas } else { About::Networks };
        let about = about.as_str();
        let what = format!("`about = \"{about}\"` necesita un paso con `plans = true`");
        faults.push(Fault::new(&Place::Head, what));
    }
    circles(procedure, faults);
}

/// Keys that belong to one kind of step only.
fn kinds(step: &Step, faults: &mut Vec<Fault>) {
    let mut add = |what: String| faults.push(Fault::new(&at(step), what));
    let is_action = matches!(step.kind, StepKind::Action { .. });
    let is_question = matches!(step.kind, StepKind::Question { .. });
    match step.auto {
        Some(auto) if auto.decides() && !is_question => {
            add("«decided_by» sólo va en una pregunta (`yes` y `no`)".into());
        }
        Some(auto) if auto.decides() && step.answered_by.is_some() => {
            add("no puede llevar «answered_by» y «decided_by»; deje uno".into());
        }
        Some(auto) if !auto.decides() && !is_action => {
            add("«takes» sólo va en una actividad (`next`)".into());
        }
        _ => {}
    }
    let only_actions = [
        ("plans", step.plans),
        ("completes", step.completes.is_some()),
        ("waits_for", step.waits_for.is_some()),
        ("checklist", step.has_checklist),
    ];
    for (key, _) in only_actions.iter().filter(|(_, is_given)| *is_given && !is_action) {
        add(format!("«{key}» sólo va en una actividad (`next`)"));
    }
}

/// What walks a plan needs one, and something in the file that moves it on.
fn plan(procedure: &Procedure, step: &Step, faults: &mut Vec<Fault>) {
    let mut add = |what: String| faults.push(Fault::new(&at(step), what));
    let auto = step.auto.map(|auto| {
        let key = if auto.decides() { "decided_by" } else { "takes" };
        (format!("{key} = {}", auto.as_str()), matches!(auto, Auto::AllDevices | Auto::NextDevice))
    });
    let completes = step
        .completes
        .map(|cursor| (format!("completes = {}", cursor.as_str()), cursor == Cursor::Device));
    let plans = step.plans.then(|| ("plans".to_owned(), false));
    let checklist = step.has_checklist.then(|| ("checklist".to_owned(), true));
    for (key, of_devices) in [auto, completes, plans, checklist].into_iter().flatten() {
        match procedure.subjects() {
            Some(Subjects::Areas) => {}
            _ if of_devices => {
                add(format!("«{key}» recorre los equipos de un área: ponga `about = \"areas\"`"));
            }
            Some(Subjects::Networks) => {}
            None => add(format!(
                "«{key}» necesita un plan: ponga `about = \"areas\"` o `about = \"networks\"`"
            )),
        }
    }
    if procedure.subjects().is_some()
        && let Some(auto) = step.auto
        && let Some(lacking) = never(procedure, auto)
    {
        let auto = auto.as_str();
        add(format!("«decided_by = {auto}» no se cumpliría nunca: ningún paso tiene {lacking}"));
    }
}

/// What is missing for an answer ever to be yes.
fn never(procedure: &Procedure, auto: Auto) -> Option<&'static str> {
    let any = |fits: &dyn Fn(&Step) -> bool| procedure.steps.iter().any(fits);
    match auto {
        Auto::AllPlanned if !any(&|step| step.plans) => Some("`plans = true`"),
        Auto::AllVisited if !any(&|step| step.completes == Some(Cursor::Visit)) => {
            Some("`completes = \"visit\"`")
        }
        Auto::AllDevices
            if !any(&|step| step.completes == Some(Cursor::Device) || step.has_checklist) =>
        {
            Some("`completes = \"device\"` ni `checklist = true`")
        }
        _ => None,
    }
}

/// Nobody stands at a step the system carries out, nor at an end: nothing can be asked there.
fn untouched(step: &Step, faults: &mut Vec<Fault>) {
    let given = [
        ("needs", !step.needs.is_empty()),
        ("field", !step.fields.is_empty()),
        ("waits_for", step.waits_for.is_some()),
        ("limit_hours", step.limit_hours.is_some()),
        ("notify", step.notify),
        ("document", step.document.is_some()),
        ("completes", step.completes.is_some()),
        ("checklist", step.has_checklist),
        ("plans", step.plans),
        ("answered_by", step.answered_by.is_some() && step.is_end()),
    ];
    for (key, _) in given.iter().filter(|(_, is_given)| *is_given) {
        let what = if step.is_end() {
            format!("el final no lo cumple nadie: quite «{key}»")
        } else {
            format!("lo cumple el sistema, que no puede dar lo que piden: quite «{key}»")
        };
        faults.push(Fault::new(&at(step), what));
    }
}

/// Steps the system alone would walk for ever.
fn circles(procedure: &Procedure, faults: &mut Vec<Fault>) {
    let mut told: BTreeSet<&StepId> = BTreeSet::new();
    for step in procedure.steps.iter().filter(|step| step.auto.is_some()) {
        let circle: Vec<&StepId> = automatic_from(procedure, step)
            .into_iter()
            .filter(|id| {
                let back = procedure.step(id).map(|one| automatic_from(procedure, one));
                back.is_some_and(|back| back.contains(&step.id))
            })
            .collect();
        if circle.contains(&&step.id) && told.insert(&step.id) {
            told.extend(&circle);
            let place = Place::Steps(circle.into_iter().cloned().collect());
            let what = "el sistema los cumple solo y forman un círculo sin fin; ponga entre ellos un paso de una persona";
            faults.push(Fault::new(&place, what));
        }
    }
}

/// The automatic steps the system comes to from a step without a person in between.
fn automatic_from<'a>(procedure: &'a Procedure, step: &'a Step) -> BTreeSet<&'a StepId> {
    let mut reached = BTreeSet::new();
    let mut waiting = step.targets();
    while let Some(id) = waiting.pop() {
        let automatic = procedure.step(id).filter(|step| step.auto.is_some());
        if let Some(step) = automatic
            && reached.insert(id)
        {
            waiting.extend(step.targets());
        }
    }
    reached
}
