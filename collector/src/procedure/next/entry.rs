//! What a step asks for, and whether it was given.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::refused::{NOTE_CHARACTERS, Refused};
use super::Case;
use crate::domain::procedure::{Field, FieldKind, Need, Step};
use crate::domain::run::{Entry, EventData};

/// Most addresses in one field.
const ADDRESSES: usize = 20;

/// What was given with a step, once it is known to be enough: the note, and what the event keeps.
pub(super) fn given(
    case: &Case<'_>,
    step: &Step,
    entry: Entry,
) -> Result<(String, EventData), Refused> {
    let note = bounded(&entry.note)?;
    let lacks = |what, remedy| Err(Refused::Lacks { step: step.id.clone(), what, remedy });
    if step.needs(Need::Note) && note.is_empty() {
        return lacks("una nota", "escriba qué se hizo o qué se encontró");
    }
    if step.needs(Need::Attachment) && case.attachments == 0 {
        return lacks("un archivo", "adjúntelo al trámite y vuelva a marcar el paso");
    }
    if step.needs(Need::Signature) && entry.signature.is_none() {
        return lacks("una firma", "pídala con «Pedir firma» o adjunte la hoja firmada");
    }
    let mut data = EventData {
        fields: fields(step, &entry.fields)?,
        signature: entry.signature,
        ..EventData::default()
    };
    if step.plans {
        if entry.plan.is_empty() {
            return Err(Refused::EmptyPlan);
        }
        for planned in &entry.plan {
            if case.course.subject(planned.position).is_none() {
                return Err(Refused::NotPart(format!("el lugar {}", planned.position)));
            }
        }
        data.plan = entry.plan;
    }
    Ok((note, data))
}

fn fields(
    step: &Step,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Refused> {
    if let Some(stray) = given.keys().find(|name| step.fields.iter().all(|one| one.name != **name))
    {
        let why = format!("el paso {} no pide este dato", step.id);
        return Err(Refused::Field { label: stray.clone(), why });
    }
    let mut kept = BTreeMap::new();
    for field in &step.fields {
        let value = given.get(&field.name).map_or("", |value| value.trim());
        let bad = |why: String| Refused::Field { label: field.label.clone(), why };
        if value.is_empty() {
            if field.required {
                return Err(bad("hace falta".to_owned()));
            }
            continue;
        }
        check(field, value).map_err(bad)?;
        kept.insert(field.name.clone(), value.to_owned());
    }
    Ok(kept)
}

fn check(field: &Field, value: &str) -> Result<(), String> {
    let long = value.chars().count();
    let most = usize::try_from(field.max).unwrap_or(usize::MAX);
    if long > most {
        return Err(format!("tiene {long} caracteres; caben {most}"));
    }
    let one_line = !matches!(field.kind, FieldKind::LongText | FieldKind::Url);
    if value.chars().any(|c| c.is_control() && (one_line || !matches!(c, '\n' | '\r' | '\t'))) {
        return Err("tiene caracteres que no se pueden guardar".to_owned());
    }
    let fits = match field.kind {
        FieldKind::Text | FieldKind::LongText | FieldKind::System | FieldKind::Clave => true,
        FieldKind::Date => value.parse::<Date>().is_ok(),
        FieldKind::Number => value.parse::<u64>().is_ok(),
        FieldKind::Email => is_email(value),
        FieldKind::Url => return addresses(value),
        FieldKind::Choice => field.choices.iter().any(|choice| choice == value),
    };
    if fits { Ok(()) } else { Err(format!("«{value}» no sirve; {}", remedy(field))) }
}

fn addresses(value: &str) -> Result<(), String> {
    let lines: Vec<&str> = value.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() > ADDRESSES {
        return Err(format!("son {} direcciones; caben {ADDRESSES}", lines.len()));
    }
    let is_web = |line: &str| {
        let rest = line.strip_prefix("https://").or_else(|| line.strip_prefix("http://"));
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
            && !line.contains(char::is_whitespace)
    };
    match lines.iter().find(|line| !is_web(line)) {
        Some(line) => Err(format!("«{line}» no es una dirección; empiece con https:// o http://")),
        None => Ok(()),
    }
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !value.contains(char::is_whitespace)
}

fn remedy(field: &Field) -> String {
    match field.kind {
        FieldKind::Date => "escriba la fecha así: 2026-11-22".to_owned(),
        FieldKind::Number => "escriba un número entero".to_owned(),
        FieldKind::Email => "escriba un correo, por ejemplo nombre@ejemplo.gob.mx".to_owned(),
        FieldKind::Choice => format!("elija una de: {}", field.choices.join(", ")),
        _ => "corríjalo".to_owned(),
    }
}

/// A note without blanks around it, if it is not too long.
pub(super) fn bounded(note: &str) -> Result<String, Refused> {
    let note = note.trim();
    match note.chars().count() {
        long if long > NOTE_CHARACTERS => Err(Refused::LongNote(long)),
        _ => Ok(note.to_owned()),
    }
}

/// A note that must say something.
pub(super) fn required(note: &str) -> Result<String, Refused> {
    let note = bounded(note)?;
    if note.is_empty() { Err(Refused::EmptyNote) } else { Ok(note) }
}
