//! Deadlines that pass: what the clock does about them, once.

use super::*;
use crate::actions::escalate::escalate;
use crate::actions::open_run::{Opening, open_run};
use crate::domain::procedure::Wait;
use crate::domain::run::{Clock, Priority};

/// Working hours the second step may take.
const LIMIT: i64 = 8;

const LIMITED: &str = r#"
code = "advice"
title = "Asesoría"
edition = "1"
series = "AO"
source = "Prueba"
page = "1"
about = "request"
objective = "Que nada se quede sin atender."
scope = "Todo."
[[step]]
number = 1
role = "requester"
text = "Pide ayuda."
next = "2"
[[step]]
number = 2
role = "technician"
text = "Ayuda."
limit_hours = 8
next = "3"
[[step]]
number = 3
role = "technician"
text = "Termina."
end = true
"#;

fn limited() -> Bench {
    let procedure = crate::procedure::parse("advice.toml", LIMITED).unwrap();
    Bench { library: Library::of(vec![procedure]), ..bench() }
}

async fn ask(store: &Store, bench: &Bench) -> Run {
    let opening = Opening::new("advice", "Ayuda con una hoja de cálculo");
    open_run(store, bench, opening, &Actor::Console, at(0)).await.unwrap()
}

/// The instant by which so many working hours have passed, and a second more.
fn after(bench: &Bench, hours: i64) -> Timestamp {
    let due = crate::domain::working_time::add(&bench.hours, at(0), hours * 3_600);
    Timestamp::from_second(due.as_second() + 1).unwrap()
}

async fn notes(store: &Store, run: &Run) -> (Priority, Vec<(EventKind, String)>) {
    let mut db = store.read().await.unwrap();
    let events = db.run_events(&run.id).await.unwrap();
    let late = events.into_iter().filter(|event| event.role == "machine" && !event.note.is_empty());
    let late = late.map(|event| (event.kind, event.note)).collect();
    (db.run(&run.id).await.unwrap().unwrap().priority, late)
}

on_both_engines! {
    async fn a_late_step_raises_the_priority_once_and_the_head_hears_at_twice_its_time(store: &Store) {
        let bench = limited();
        let run = ask(store, &bench).await;
        assert_eq!(escalate(store, &bench, at(60)).await.unwrap(), 0);
        let late = after(&bench, LIMIT);
        assert_eq!(escalate(store, &bench, late).await.unwrap(), 1);
        assert_eq!(escalate(store, &bench, late).await.unwrap(), 0);
        let (priority, said) = notes(store, &run).await;
        assert_eq!((priority, said.len()), (Priority::High, 1));
        assert!(said[0].0 == EventKind::Prioritised && said[0].1.contains("debía estar hecho el"));
        let twice = after(&bench, 2 * LIMIT);
        assert_eq!(escalate(store, &bench, twice).await.unwrap(), 1);
        assert_eq!(escalate(store, &bench, twice).await.unwrap(), 0);
        let (priority, said) = notes(store, &run).await;
        assert!(said.iter().any(|(kind, note)| *kind == EventKind::Noted && note.contains("doble")), "{said:?}");
        assert_eq!(priority, Priority::High);
    }

    async fn what_waits_is_never_late(store: &Store) {
        let bench = limited();
        let run = ask(store, &bench).await;
        let pause = Event::Pause { wait: Wait::SparePart, note: "orden 12".into() };
        advance_run(store, &bench, &run.id, None, pause, &Actor::Console, at(60)).await.unwrap();
        let much_later = after(&bench, 10 * LIMIT);
        assert_eq!(escalate(store, &bench, much_later).await.unwrap(), 0);
        let resume = Event::Resume { note: String::new() };
        advance_run(store, &bench, &run.id, None, resume, &Actor::Console, much_later).await.unwrap();
        assert_eq!(escalate(store, &bench, much_later).await.unwrap(), 0);
        assert_eq!(escalate(store, &bench, after(&bench, 11 * LIMIT)).await.unwrap(), 1);
    }

    async fn a_late_run_that_is_urgent_already_gets_a_remark(store: &Store) {
        let bench = limited();
        let opening = Opening { priority: Priority::Urgent, ..Opening::new("advice", "Ayuda") };
        let run = open_run(store, &bench, opening, &Actor::Console, at(0)).await.unwrap();
        let mut db = store.write().await.unwrap();
        let clock = Clock { due_at: Some(at(100)), step_since: Some(at(0)), ..Clock::default() };
        let role = Some(Role::Technician);
        let late = Run { clock, ..db.run(&run.id).await.unwrap().unwrap() };
        assert!(db.save_run(&late, role, late.version).await.unwrap());
        db.commit().await.unwrap();
        assert_eq!(escalate(store, &bench, at(100)).await.unwrap(), 0);
        assert_eq!(escalate(store, &bench, at(101)).await.unwrap(), 1);
        assert_eq!(escalate(store, &bench, at(999)).await.unwrap(), 0);
        let (priority, said) = notes(store, &run).await;
        assert_eq!(priority, Priority::Urgent);
        assert!(said.len() == 1 && said[0].1.contains("El trámite debía terminar"), "{said:?}");
    }
}
