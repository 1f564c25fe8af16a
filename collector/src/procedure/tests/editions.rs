//! The library: editions beside each other, and which of them is present.

use jiff::Timestamp;

use crate::domain::edition::{Edition, Origin};
use crate::procedure::{Library, embedded_files, fingerprint, parse};

fn kept(edition: &str, text: &str, in_use: bool) -> Edition {
    Edition {
        code: "advice".into(),
        edition: edition.into(),
        text: text.into(),
        sha256: fingerprint(text),
        origin: Origin::Own,
        added_by: "Consola".into(),
        added_at: Timestamp::UNIX_EPOCH,
        in_use,
    }
}

fn advice() -> String {
    embedded_files().find(|(name, _)| *name == "advice.toml").unwrap().1.to_owned()
}

#[test]
fn every_procedure_compiled_in_passes_the_check() {
    let library = Library::embedded().unwrap();
    assert_eq!(library.all().len(), 9);
    assert_eq!(library.get("corrective").unwrap().edition, "2");
    assert_eq!(library.edition("corrective", "1").unwrap().steps.len(), 12);
    let mut series: Vec<&str> = library.all().iter().map(|one| one.series.as_str()).collect();
    assert_eq!(series, ["MP", "MC", "RI", "SI", "PW", "AO", "RB", "CI", "CU"]);
    series.sort_unstable();
    series.dedup();
    assert_eq!(series.len(), 9, "folios of two procedures would run into each other");
}

#[test]
fn an_edition_of_ones_own_stands_beside_ours_and_clones_see_it() {
    let (library, own) = (
        Library::embedded().unwrap(),
        advice().replace("edition = \"1\"", "edition = \"2 propia\""),
    );
    let clone = library.clone();
    library.take_in(&[kept("2 propia", &own, false)]).unwrap();
    assert_eq!(clone.get("advice").unwrap().edition, "1", "not chosen yet");
    assert!(clone.edition("advice", "2 propia").is_some());
    library.take_in(&[kept("2 propia", &own, true)]).unwrap();
    assert_eq!(clone.get("advice").unwrap().edition, "2 propia");
    assert!(clone.edition("advice", "1").is_some(), "runs under way stay on theirs");
    let editions: Vec<_> =
        clone.editions("advice").iter().map(|(one, from)| (one.edition.as_str(), *from)).collect();
    assert_eq!(editions, [("1", Origin::Embedded), ("2 propia", Origin::Own)]);
    assert_eq!(clone.all().len(), 9);
}

#[test]
fn what_the_store_keeps_stands_before_what_was_compiled_in() {
    let library = Library::embedded().unwrap();
    let other = advice().replace("Fin.", "Fin del trámite.");
    library.take_in(&[kept("1", &other, true)]).unwrap();
    let last = |library: &Library| library.edition("advice", "1").unwrap().steps[6].text.clone();
    assert_eq!(last(&library), "Fin del trámite.");
    assert_eq!(library.editions("advice").len(), 1);
}

#[test]
fn one_unreadable_edition_does_not_hide_the_others() {
    let library = Library::embedded().unwrap();
    let own = advice().replace("edition = \"1\"", "edition = \"2\"");
    let unreadable = library.take_in(&[kept("3", "colour = 'red'", true), kept("2", &own, true)]);
    assert_eq!(unreadable.unwrap_err().len(), 1);
    assert_eq!(library.get("advice").unwrap().edition, "2");
}

#[test]
fn a_byte_order_mark_of_windows_does_no_harm() {
    let text = format!("\u{feff}{}", advice());
    assert!(parse("advice.toml", &text).is_ok());
}
