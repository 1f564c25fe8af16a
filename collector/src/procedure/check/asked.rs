//! What steps ask for: fields, evidence, checklists, and who may not carry out a step because of another.

use std::collections::{BTreeMap, BTreeSet};

use super::at;
use crate::domain::procedure::{Field, FieldKind, FourEyes, Procedure, Step, StepId};
use crate::procedure::fault::{Fault, Place};

/// Fewest and most values of a choice.
const CHOICES: std::ops::RangeInclusive<usize> = 2..=50;
/// What a secret is called; none is kept in a run.
const SECRETS: [&str; 6] = ["password", "contrasena", "clave_de_acceso", "pin", "secret", "token"];

pub(super) fn check(procedure: &Procedure, faults: &mut Vec<Fault>) {
    let mut kinds: BTreeMap<&str, (FieldKind, &StepId)> = BTreeMap::new();
    for step in &procedure.steps {
        fields(step, &mut kinds, faults);
    }
    checklist(procedure, faults);
    for (nth, rule) in (1..).zip(&procedure.four_eyes) {
        four_eyes(procedure, nth, rule, faults);
    }
}

fn fields<'a>(
    step: &'a Step,
    kinds: &mut BTreeMap<&'a str, (FieldKind, &'a StepId)>,
    faults: &mut Vec<Fault>,
) {
    let mut seen = BTreeSet::new();
    for field in &step.fields {
        let mut add = |what: String| {
            faults.push(Fault::new(&Place::Field(step.id.clone(), field.name.clone()), what));
        };
        if !seen.insert(&field.name) {
            add("está dos veces; cambie el nombre de uno".into());
            continue;
        }
        let (kind, first) = *kinds.entry(&field.name).or_insert((field.kind, &step.id));
        if kind != field.kind {
            let (was, is) = (kind.as_str(), field.kind.as_str());
            add(format!(
                "en el paso {first} es de clase {was} y aquí de clase {is}; un nombre es una sola cosa"
            ));
        }
        if SECRETS.contains(&field.name.as_str()) {
            add("una contraseña no se guarda en un trámite; quite el campo".into());
        }
        for what in choices(field) {
            add(what);
        }
    }
}

fn choices(field: &Field) -> Vec<String> {
    if field.kind != FieldKind::Choice {
        let stray =
            (!field.choices.is_empty()).then(|| "«choices» sólo va con `kind = \"choice\"`".into());
        return stray.into_iter().collect();
    }
    let mut faults = Vec::new();
    if !CHOICES.contains(&field.choices.len()) {
        let (least, most) = (CHOICES.start(), CHOICES.end());
        faults.push(format!("«choice» necesita de {least} a {most} opciones en «choices»"));
    }
    let mut seen = BTreeSet::new();
    let again = field.choices.iter().filter(|choice| !seen.insert(*choice));
    faults.extend(again.map(|choice| format!("la opción «{choice}» está dos veces")));
    faults
}

fn checklist(procedure: &Procedure, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for check in &procedure.checks {
        if !seen.insert(&check.code) {
            let what = "está dos veces; cambie el código de una";
            faults.push(Fault::new(&Place::Check(check.code.clone()), what));
        }
    }
    let asking: Vec<&Step> = procedure.steps.iter().filter(|step| step.has_checklist).collect();
    if procedure.checks.is_empty() {
        let what = "«checklist» necesita al menos un [[check]]";
        faults.extend(asking.iter().map(|step| Fault::new(&at(step), what)));
    } else if asking.is_empty() {
        let what = "hay [[check]] y ningún paso tiene `checklist = true`";
        faults.push(Fault::new(&Place::Head, what));
    }
}

fn four_eyes(procedure: &Procedure, nth: usize, rule: &FourEyes, faults: &mut Vec<Fault>) {
    let mut add = |what: String| faults.push(Fault::new(&Place::FourEyes(nth), what));
    for id in [&rule.step, &rule.not_by] {
        match procedure.step(id) {
            None => add(format!("no existe el paso «{id}»")),
            Some(step) if step.auto.is_some() || step.is_end() => {
                add(format!(
                    "el paso {id} lo cumple el sistema o es un final: no lo hace una persona"
                ));
            }
            Some(_) => {}
        }
    }
    if rule.step == rule.not_by {
        add(format!("el paso {} no puede excluirse a sí mismo", rule.step));
    }
}
