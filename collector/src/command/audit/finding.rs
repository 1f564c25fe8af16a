//! What does not fit in the ledger, in words that name the entry and what it is.

use std::collections::BTreeMap;

use crate::domain::ledger::{Finding, Verdict};
use crate::store::{EntryName, Read, Result};

/// A finding as a sentence.
pub(super) async fn sentence(read: &mut Read, finding: &Finding) -> Result<String> {
    let text = match finding {
        Finding::NoHead => "falta la última huella del libro (tabla ledger_head)".into(),
        Finding::Missing { first, last } => match first == last {
            true => format!("falta el asiento {first}: fue borrado"),
            false => format!("faltan los asientos {first} a {last}: fueron borrados"),
        },
        Finding::Doubled(entry) => {
            format!("{}: hay dos con ese número; uno fue agregado", named(read, *entry).await?)
        }
        Finding::Edited(entry) => format!(
            "{}: su contenido no es el que se asentó, o fue agregado después",
            named(read, *entry).await?
        ),
        Finding::Moved { entry, belongs_at } => format!(
            "{}: está fuera de orden; se asentó como el {belongs_at}",
            named(read, *entry).await?
        ),
        Finding::HashEdited(entry) => format!(
            "{}: se cambió su huella; su contenido es el que se asentó",
            named(read, *entry).await?
        ),
        Finding::Truncated { first, last } => {
            format!(
                "el libro termina antes de su última huella: faltan los asientos {first} a {last}"
            )
        }
        Finding::HeadEdited(entry) => {
            format!(
                "la última huella del libro no es la del asiento {entry}: una de las dos se cambió"
            )
        }
        Finding::Foreign { entry, what } => match entry.is_empty() {
            true => format!("{what}: no pasó por el libro, no tiene número de asiento"),
            false => format!("{what}: no pasó por el libro, aunque dice ser el asiento {entry}"),
        },
        Finding::Unwitnessed { first, last } => format!(
            "asientos {first} a {last}: se retiraron y ningún asiento da fe de ello, o su lista se cambió"
        ),
        Finding::ShorterThanExported(entry) => format!(
            "se guardó la huella del asiento {entry} y el libro ya no llega hasta ahí: se borró el final, o la base \
             de datos es una copia anterior"
        ),
        Finding::OtherThanExported { entry, sound_until } => format!(
            "la huella guardada del asiento {entry} es otra: algo entre los asientos {} y {entry} se reescribió, o la \
             huella es de otra base de datos",
            sound_until + 1
        ),
    };
    Ok(text)
}

/// Which events runs lack, when entries are gone.
pub(super) async fn lacking_events(read: &mut Read, verdict: &Verdict) -> Result<Vec<String>> {
    let gone = |finding: &Finding| {
        matches!(
            finding,
            Finding::Missing { .. } | Finding::Truncated { .. } | Finding::ShorterThanExported(_)
        )
    };
    if !verdict.findings.iter().any(gone) {
        return Ok(Vec::new());
    }
    let lacking: BTreeMap<String, Vec<i64>> = read.runs_lacking_events().await?;
    let sentence = |(folio, numbers): (String, Vec<i64>)| {
        let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
        format!("al trámite {folio} le faltan estos eventos: {}", numbers.join(", "))
    };
    Ok(lacking.into_iter().map(sentence).collect())
}

/// An entry with what its rows are.
async fn named(read: &mut Read, entry: i64) -> Result<String> {
    let names = read.entry_names(entry).await?.into_iter().map(|name| match name {
        EntryName::Event { folio, number } => format!("evento {number} del trámite {folio}"),
        EntryName::Audit { act, actor } => format!("{act}, de {actor}"),
    });
    let names: Vec<String> = names.collect();
    Ok(match names.is_empty() {
        true => format!("asiento {entry}"),
        false => format!("asiento {entry} ({})", names.join("; ")),
    })
}
