//! What the forms of a run send, read into what the engine takes.

use jiff::civil::Date;

use crate::domain::procedure::StepId;
use crate::domain::run::{Entry, Event, Planned};
use crate::web::error::Error;
use crate::web::fields::Typed;

/// The date of an area or network, by its position.
const DATE: &str = "fecha.";

/// The version of the run a form was made for.
///
/// # Errors
/// When it is no number.
pub fn version(typed: &Typed) -> Result<u32, Error> {
    let bad = |_| Error::Invalid("La página no está completa: vuelve a cargarla.".into());
    typed.get("version").parse().map_err(bad)
}

/// What was done at the present step.
///
/// # Errors
/// When the answer is neither yes nor no, or a date is none.
pub fn event(typed: &Typed) -> Result<Event, Error> {
    let (step, entry) = (StepId::new(typed.get("paso")), entry(typed)?);
    match typed.get("respuesta") {
        "" => Ok(Event::Complete { step, entry }),
        "si" => Ok(Event::Answer { step, yes: true, entry, proposal: None }),
        "no" => Ok(Event::Answer { step, yes: false, entry, proposal: None }),
        _ => Err(Error::Invalid("La respuesta debe ser sí o no.".into())),
    }
}

fn entry(typed: &Typed) -> Result<Entry, Error> {
    let mut plan = Vec::new();
    for (position, value) in typed.under(DATE) {
        let Some(on) = day(value)? else { continue };
        let bad = |_| Error::Invalid("La página no está completa: vuelve a cargarla.".into());
        plan.push(Planned { position: position.parse().map_err(bad)?, on });
    }
    Ok(Entry { note: typed.get("nota").to_owned(), fields: typed.fields(), plan, signature: None })
}

/// What was typed as the date of an area or network.
pub fn date(typed: &Typed, position: u32) -> String {
    typed.get(&format!("{DATE}{position}")).to_owned()
}

/// A day as browsers send it; blank is none.
///
/// # Errors
/// When it is no day, or one no plan can mean.
pub fn day(value: &str) -> Result<Option<Date>, Error> {
    let value = value.trim();
    if value.is_empty() {
        return Ok(None);
    }
    let date: Option<Date> = value.parse().ok();
    let date = date.filter(|date| (2000..2100).contains(&date.year()));
    let bad = || Error::Invalid(format!("«{value}» no es una fecha: escríbela así, 2026-11-22."));
    date.map(Some).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_takes_the_dates_that_were_typed_and_refuses_what_is_none() {
        let typed = Typed::of(b"paso=1&nota=x&fecha.1=2026-11-22&fecha.2=&fecha.7=2026-12-01");
        let Event::Complete { entry, .. } = event(&typed).unwrap() else { panic!() };
        let days: Vec<(u32, String)> =
            entry.plan.iter().map(|one| (one.position, one.on.to_string())).collect();
        assert_eq!(days, [(1, "2026-11-22".to_owned()), (7, "2026-12-01".to_owned())]);
        for bad in ["ma%C3%B1ana", "2026-02-30", "0001-01-01", "9999-12-31"] {
            let typed = Typed::of(format!("paso=1&fecha.1={bad}").as_bytes());
            assert!(matches!(event(&typed), Err(Error::Invalid(_))), "{bad}");
        }
        assert!(event(&Typed::of(b"paso=1&respuesta=quiz%C3%A1")).is_err());
    }
}
