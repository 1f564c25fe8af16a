//! The corrective procedure walked on every branch, in its first edition: no lettered steps, nothing asked for.

use super::*;
use crate::domain::id::{PersonId, RunId};
use crate::domain::person::{Person, Role, Roles};
use crate::domain::run::Evidence;
use crate::procedure::Library;

fn corrective() -> Procedure {
    Library::embedded().unwrap().edition("corrective", "1").unwrap().clone()
}

fn person(role: Role) -> Actor {
    Actor::of(&Person::new(PersonId::new("p"), "ana", "Ana Núñez", Roles::of(role)))
}

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn hours() -> WorkingHours {
    WorkingHours::default()
}

fn opened() -> Run {
    let procedure = corrective();
    let edition = (procedure.code.clone(), procedure.edition.clone());
    let (folio, step) = ("MC/2026/0001".into(), StepId::new("1"));
    let run = Run::begun(RunId::new("r"), folio, edition, "PC".into(), step, at());
    let (course, entry) = (Course::default(), Entry::default());
    open(&procedure, run, course, entry, &Actor::Machine, &hours(), at()).unwrap().run
}

fn take(run: &Run, event: Event, actor: &Actor) -> Result<Taken, Refused> {
    let procedure = corrective();
    let case = Case {
        procedure: &procedure,
        run: run.clone(),
        course: Course::default(),
        authors: BTreeMap::new(),
        attachments: 0,
        record: Vec::new(),
    };
    next(case, event, actor, &hours(), at())
}

fn complete(step: &str) -> Event {
    Event::Complete { step: StepId::new(step), entry: Entry::default() }
}

fn answer(step: &str, yes: bool) -> Event {
    let (step, entry, proposal) = (StepId::new(step), Entry::default(), None);
    Event::Answer { step, yes, entry, proposal }
}

fn evidence() -> Evidence {
    Evidence {
        rule: "antivirus_off".into(),
        summary: "ok".into(),
        source: "clamd".into(),
        taken_at: None,
    }
}

/// Walks with `Some(yes)` for a question and `None` for an action; returns the steps stood on.
fn walk(answers: &[Option<bool>]) -> (Vec<String>, Run) {
    let (mut run, mut path) = (opened(), Vec::new());
    for given in answers {
        let step = run.present_step().expect("still open").clone();
        path.push(step.to_string());
        let event = match given {
            Some(yes) => answer(step.as_str(), *yes),
            None => complete(step.as_str()),
        };
        run = take(&run, event, &person(Role::Technician)).unwrap().run;
    }
    (path, run)
}

#[test]
fn every_branch_of_the_manual_leads_to_the_end_by_its_own_steps() {
    let (no, yes) = (Some(false), Some(true));
    let cases: [(&[Option<bool>], &str); 3] = [
        (&[None, None, no, None], "2 3 4 5"),
        (&[None, None, yes, no, None, None, None], "2 3 4 6 9 10 11"),
        (&[None, None, yes, yes, None, None, None, None, None], "2 3 4 6 7 8 9 10 11"),
    ];
    for (answers, expected) in cases {
        let (path, run) = walk(answers);
        assert_eq!(path.join(" "), expected);
        assert_eq!(run.state, RunState::Closed { at: at(), outcome: Outcome::Completed });
        assert!(run.touched);
    }
}

#[test]
fn a_machine_report_is_step_1_and_the_visit_is_next() {
    let run = opened();
    assert_eq!(run.present_step(), Some(&StepId::new("2")));
    assert!(!run.touched);
    assert_eq!(run.version, 1);
}

#[test]
fn an_answer_to_a_step_that_has_passed_is_refused_with_where_it_stands() {
    let (_, run) = walk(&[None, None]);
    let event = complete("3");
    let refused = take(&run, event, &person(Role::Head)).unwrap_err();
    assert!(matches!(refused, Refused::Stale { .. }), "{refused}");
    let event = complete("4");
    let refused = take(&run, event, &person(Role::Head)).unwrap_err();
    assert_eq!(refused.to_string(), "el paso 4 es una pregunta: conteste sí o no");
    let event = answer("6", true);
    let refused = take(&run, event, &person(Role::Head)).unwrap_err();
    assert_eq!(refused.to_string(), "el trámite ya no está en el paso 6: ahora está en el paso 4");
}

#[test]
fn a_role_without_the_step_is_refused() {
    let event = complete("2");
    let refused = take(&opened(), event, &person(Role::FrontDesk)).unwrap_err();
    assert_eq!(refused.to_string(), "el paso 2 corresponde a Titular de TIC");
}

#[test]
fn recovery_is_evidence_of_the_verification_step_and_does_not_move_the_run() {
    let (_, run) = walk(&[None]);
    let event = Event::AlertCleared { evidence: evidence(), all_clear: true };
    let taken = take(&run, event, &Actor::Machine).unwrap();
    assert_eq!(taken.run.state, run.state);
    assert_eq!(taken.events[0].step, Some(StepId::new("10")));
    assert_eq!(taken.run.version, run.version + 1);
}

#[test]
fn a_closed_run_takes_notes_and_nothing_else() {
    let (_, run) = walk(&[None, None, Some(false), None]);
    let note = Event::Note { text: "Se entregó a Patrimonio".into() };
    assert!(take(&run, note, &person(Role::Head)).is_ok());
    let event = complete("5");
    assert_eq!(take(&run, event, &person(Role::Head)), Err(Refused::Closed));
}

#[test]
fn an_empty_and_an_endless_note_are_refused() {
    for (text, refused) in
        [(" ".to_owned(), Refused::EmptyNote), ("x".repeat(4_001), Refused::LongNote(4_001))]
    {
        let event = Event::Note { text };
        assert_eq!(take(&opened(), event, &person(Role::Head)), Err(refused));
    }
}
