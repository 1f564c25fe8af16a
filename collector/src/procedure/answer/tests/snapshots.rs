//! Before and after a preventive visit.

use super::*;

fn of(pc: Pc) -> Snapshot {
    snapshot(&pc.named("PC-01"), now())
}

fn change(before: &Snapshot, after: &Snapshot, label: &str) -> Change {
    differences(before, after).into_iter().find(|one| one.label == label).unwrap().change
}

fn memory(used: u64) -> Section {
    let read = System { memory_used_bytes: Some(used), ..system() };
    Section::System(Reading::ok(read, "proc", now()))
}

#[test]
fn what_got_better_and_worse_is_told_and_unknown_compares_with_nothing() {
    let stopped = AntivirusProduct { running: Some(false), ..clamav() };
    let stopped = Antivirus { products: vec![stopped] };
    let before = of(Pc::well()
        .with(Section::Antivirus(Reading::ok(stopped, "x", now())))
        .with(memory(7_000)));
    let mut full = Pc::well().unreadable(SectionKind::Firewall);
    full.sample.volume_free_permille = Some(20);
    let after = of(full);
    assert_eq!(change(&before, &after, "Antivirus"), Change::Better);
    assert_eq!(change(&before, &after, "Espacio libre"), Change::Worse);
    assert_eq!(change(&before, &after, "Memoria en uso"), Change::Different);
    assert_eq!(change(&before, &after, "Cortafuegos"), Change::Unknown);
    assert_eq!(change(&before, &after, "Discos"), Change::Same);
}

#[test]
fn a_snapshot_survives_being_kept() {
    let before = of(Pc::well());
    let kept = serde_json::to_string(&before).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&kept).unwrap(), before);
}

#[test]
fn a_silent_pc_leaves_a_snapshot_of_unknowns() {
    let silent = of(Pc { silent: true, ..Pc::well() });
    assert!(silent.figures.iter().all(|figure| figure.verdict == "unknown"), "{silent:?}");
    let facts = one(Pc { silent: true, ..Pc::well() });
    check(Question::Snapshot, &facts, None, Sureness::Weak);
}

#[test]
fn the_question_tells_the_difference_and_decides_nothing() {
    let mut facts = one(Pc::well());
    let said = propose(Question::Snapshot, &facts, now());
    assert!(said.answer.is_none() && said.because.contains("Todavía no hay"), "{said:?}");
    let mut worse = Pc::well();
    worse.sample.volume_free_permille = Some(20);
    facts.before = Some(of(worse));
    let said = propose(Question::Snapshot, &facts, now());
    assert!(said.answer.is_none() && said.value.starts_with("1 mejor, 0 peor"), "{said:?}");
}
