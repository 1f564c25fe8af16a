//! Waits, deadlines in working time, answers against the readings.

use jiff::SignedDuration;

use super::house::*;
use super::*;
use crate::domain::procedure::Wait;
use crate::domain::proposal::{Proposal, Sureness};

fn planned() -> Bench {
    let mut bench = Bench::opened(&[1]);
    bench.plan();
    bench
}

#[test]
fn a_step_is_due_after_its_working_hours() {
    let bench = planned();
    // Monday 09:01 and four hours.
    assert_eq!(bench.run.clock.step_due_at, Some("2026-11-23T19:01:00Z".parse().unwrap()));
    // Ninety hours are ten working days.
    assert_eq!(bench.run.clock.due_at, Some("2026-12-05T00:00:00Z".parse().unwrap()));
}

#[test]
fn while_a_run_waits_its_clock_stands_still() {
    let mut bench = planned();
    let pause = Event::Pause { wait: Wait::Provider, note: "Reporte 55".into() };
    bench.take(pause.clone(), &everybody("ana")).unwrap();
    assert_eq!(bench.run.waiting.as_ref().map(|waiting| waiting.note.as_str()), Some("Reporte 55"));
    assert_eq!((bench.run.clock.step_due_at, bench.run.clock.due_at), (None, None));
    assert_eq!(bench.run.clock.step_left_s, Some(4 * 3_600 - 60));
    assert!(bench.take(pause, &everybody("ana")).is_err());
    bench.now += SignedDuration::from_hours(48);
    bench.take(Event::Resume { note: String::new() }, &everybody("ana")).unwrap();
    assert_eq!(bench.run.waiting, None);
    // Wednesday 09:04 and what was left.
    assert_eq!(bench.run.clock.step_due_at, Some("2026-11-25T19:03:00Z".parse().unwrap()));
}

#[test]
fn a_step_that_is_a_wait_ends_when_it_is_done() {
    let mut bench = planned();
    bench.take(review(), &everybody("ana")).unwrap();
    bench.take(answer(false), &everybody("ana")).unwrap();
    assert_eq!(bench.run.waiting.as_ref().map(|waiting| waiting.wait), Some(Wait::SparePart));
    assert_eq!(bench.run.clock.due_at, None);
    let refused = bench.take(Event::Resume { note: String::new() }, &everybody("ana")).unwrap_err();
    assert!(matches!(refused, Refused::Unfit(_)));
    bench.take(complete("5a", Entry::default()), &everybody("ana")).unwrap();
    assert_eq!(bench.run.waiting, None);
    assert!(bench.run.clock.due_at.is_some());
}

#[test]
fn an_answer_against_the_readings_wants_a_reason_and_keeps_what_they_said() {
    let mut bench = planned();
    bench.take(review(), &everybody("ana")).unwrap();
    let proposal = |answer| Proposal {
        answer,
        value: "ClamAV 1.4".into(),
        because: "ClamAV está en marcha".into(),
        source: "clamd".into(),
        taken_at: Some(bench_time()),
        sureness: Sureness::Certain,
    };
    let with = |note: &str, answer| Event::Answer {
        step: StepId::new("5"),
        yes: false,
        entry: Entry::note(note),
        proposal: Some(proposal(answer)),
    };
    let refused = bench.take(with(" ", Some(true)), &everybody("ana")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "los agentes contestan sí (ClamAV está en marcha); para contestar otra cosa escriba por qué"
    );
    bench.take(with("Está vencido", Some(true)), &everybody("ana")).unwrap();
    let kept = &bench.record.iter().rfind(|event| event.kind == EventKind::Answered).unwrap();
    assert_eq!(kept.data.proposal, Some(proposal(Some(true))));
    let mut bench = planned();
    bench.take(review(), &everybody("ana")).unwrap();
    bench.take(with("", None), &everybody("ana")).unwrap();
}

fn bench_time() -> Timestamp {
    "2026-11-23T15:00:00Z".parse().unwrap()
}

#[test]
fn a_step_that_needs_a_signature_is_refused_without_one() {
    let mut bench = planned();
    bench.take(review(), &everybody("ana")).unwrap();
    bench.take(answer(true), &everybody("ana")).unwrap();
    bench.take(complete("5b", Entry::default()), &everybody("luis")).unwrap();
    let refused = bench.take(complete("7", Entry::default()), &everybody("luz")).unwrap_err();
    assert!(refused.to_string().starts_with("el paso 7 pide una firma"), "{refused}");
}
