//! One step of a procedure file: where it leads, what the system does in it, what it asks for.

use toml::Table;

use super::keys::{Keys, Names, shown};
use super::{LIMIT_HOURS, is_name, roles};
use crate::domain::procedure::{
    Auto, Cursor, Document, Field, FieldKind, Need, Question, Step, StepId, StepKind, Wait,
    WordList,
};
use crate::domain::run::Outcome;
use crate::procedure::fault::{Fault, Place};

/// Highest number of a step.
const NUMBER: u32 = 999;
/// Most fields of a step.
const FIELDS: usize = 40;
/// Most characters of a field: unless the file says otherwise, and at most.
const LINE_CHARACTERS: u32 = 500;
const LONG_CHARACTERS: u32 = 2_000;
const MOST_CHARACTERS: u32 = 4_000;
/// How an end may have come about; the others are the engine's own.
const OUTCOMES: [Outcome; 4] =
    [Outcome::Completed, Outcome::Rejected, Outcome::Retired, Outcome::Cancelled];

pub(super) fn read(table: Table, nth: usize, faults: &mut Vec<Fault>) -> Option<Step> {
    let mut keys = Keys::new(table, Place::NthStep(nth), faults);
    let number = keys.number("number", 1, NUMBER);
    if let Some(number) = number {
        keys.moved(Place::Step(StepId::new(number.to_string())));
    }
    let letter = letter(&mut keys);
    let id = StepId::new(format!("{}{letter}", number.unwrap_or_default()));
    if number.is_some() {
        keys.moved(Place::Step(id.clone()));
    }
    let role = keys.word("role", &roles());
    let (text, note) = (keys.text("text"), keys.some_text("note"));
    let kind = kind(&mut keys);
    let auto = auto(&mut keys);
    let answered_by = keys.some_word("answered_by", &Names::of(Question::ALL));
    let (plans, has_checklist) = (keys.flag("plans"), keys.flag("checklist"));
    let completes = keys.some_word("completes", &Names::of(Cursor::ALL));
    let needs = keys.words("needs", &Names::of(Need::ALL));
    let waits_for = keys.some_word("waits_for", &Names::of(Wait::ALL));
    let document = keys.some_word("document", &Names::of(Document::ALL));
    let limit_hours = keys.some_number("limit_hours", 1, LIMIT_HOURS);
    let notify = keys.flag("notify");
    let fields = keys.tables("field", FIELDS, "campos");
    keys.finish();
    let fields = fields.into_iter().filter_map(|table| field(table, &id, faults)).collect();
    Some(Step {
        number: number?,
        letter,
        role: role?,
        kind: kind?,
        text,
        note,
        answered_by,
        auto,
        plans,
        completes,
        has_checklist,
        needs,
        fields,
        waits_for,
        document,
        limit_hours,
        notify,
        id,
    })
}

fn letter(keys: &mut Keys<'_>) -> String {
    let letter = keys.some_text("letter").unwrap_or_default();
    if letter.len() > 1 || letter.bytes().any(|byte| !byte.is_ascii_lowercase()) {
        let value = shown(&letter);
        keys.fault(format!("«letter» vale «{value}»; use una sola letra minúscula de la a a la z"));
    }
    letter
}

/// Where a step leads; `None` after a fault.
fn kind(keys: &mut Keys<'_>) -> Option<StepKind> {
    let ways = ["next", "yes", "no", "restart", "end"];
    let given: Vec<&str> = ways.into_iter().filter(|key| keys.has(key)).collect();
    let has_outcome = keys.has("outcome");
    let mut jump = |key| keys.some_text(key).map(StepId::new);
    let (next, yes, no, restart) = (jump("next"), jump("yes"), jump("no"), jump("restart"));
    let end = keys.flag("end");
    let (yes_label, no_label) = (keys.some_text("yes_label"), keys.some_text("no_label"));
    let outcome = keys.some_word("outcome", &Names::of(&OUTCOMES)).unwrap_or(Outcome::Completed);
    if has_outcome && !end {
        keys.fault("«outcome» sólo va con `end = true`");
    }
    if (yes_label.is_some() || no_label.is_some()) && yes.is_none() && no.is_none() {
        keys.fault("«yes_label» y «no_label» sólo van en una pregunta (`yes` y `no`)");
    }
    match given.as_slice() {
        ["next"] => Some(StepKind::Action { next: next? }),
        ["yes", "no"] => Some(StepKind::Question { yes: yes?, no: no?, yes_label, no_label }),
        ["restart"] => Some(StepKind::Restart { to: restart? }),
        ["end"] if end => Some(StepKind::End { outcome }),
        [one @ ("yes" | "no")] => {
            let lacking = if *one == "yes" { "no" } else { "yes" };
            keys.fault(format!("tiene «{one}» y le falta «{lacking}»; una pregunta lleva ambos"));
            None
        }
        [] | ["end"] => {
            let ways = "`next`, o `yes` y `no`, o `restart`, o `end = true`";
            keys.fault(format!("no dice a dónde sigue; ponga {ways}"));
            None
        }
        several => {
            let several = several.join(", ");
            keys.fault(format!("dice a dónde sigue de varias maneras ({several}); deje una"));
            None
        }
    }
}

/// What the system does in a step: it answers (`decided_by`) or carries out (`takes`).
fn auto(keys: &mut Keys<'_>) -> Option<Auto> {
    let some = |decides| {
        let members = Auto::ALL.iter().copied().filter(|auto| auto.decides() == decides);
        Names::of(&members.collect::<Vec<_>>())
    };
    let decided_by = keys.some_word("decided_by", &some(true));
    let takes = keys.some_word("takes", &some(false));
    if decided_by.is_some() && takes.is_some() {
        keys.fault("no puede llevar «decided_by» y «takes»; deje uno");
    }
    decided_by.or(takes)
}

fn field(table: Table, step: &StepId, faults: &mut Vec<Fault>) -> Option<Field> {
    let called = table.get("name").and_then(|name| name.as_str()).unwrap_or_default();
    let place = Place::Field(step.clone(), shown(called));
    let mut keys = Keys::new(table, place, faults);
    let name = keys.text("name");
    if !name.is_empty() && !is_name(&name) {
        keys.fault("use en «name» letras minúsculas sin acento, números y «_»");
    }
    let label = keys.text("label");
    let kind = keys.word("kind", &Names::of(FieldKind::ALL));
    let required = keys.flag("required");
    let choices = keys.texts("choices");
    let usual = match kind {
        Some(FieldKind::LongText | FieldKind::Url) => LONG_CHARACTERS,
        _ => LINE_CHARACTERS,
    };
    let max = keys.some_number("max", 1, MOST_CHARACTERS).unwrap_or(usual);
    keys.finish();
    Some(Field { name, label, kind: kind?, required, choices, max })
}
