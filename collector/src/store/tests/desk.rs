//! The list of the Mesa de Ayuda and what is done about deadlines, on both engines.

use std::collections::BTreeMap;

use super::*;
use crate::domain::person::{Areas, Roles};
use crate::domain::procedure::Wait;
use crate::domain::run::{Clock, Priority, Requester, Waiting};
use crate::store::engine::on;

const NOW: i64 = 10_000;

fn case(number: i64) -> Run {
    Run {
        id: RunId::new(format!("run-{number:04}")),
        folio: format!("RI/2026/{number:04}"),
        procedure: "corrective".into(),
        edition: "1".into(),
        device: None,
        area: None,
        title: "Monitor roto".into(),
        state: RunState::Open { step: StepId::new("2") },
        subject: None,
        present_device: None,
        waiting: None,
        clock: Clock::default(),
        priority: Priority::Normal,
        assignee: None,
        requester: Requester::default(),
        restarts: None,
        parent: None,
        fields: BTreeMap::new(),
        touched: false,
        version: 1,
        opened_at: at(number),
        updated_at: at(number),
        sample: false,
    }
}

fn due(second: i64) -> Clock {
    Clock { step_since: Some(at(0)), step_due_at: Some(at(second)), ..Clock::default() }
}

async fn keep(store: &Store, runs: &[Run]) {
    let mut db = store.write().await.unwrap();
    for run in runs {
        db.add_run(run).await.unwrap();
        assert!(db.save_run(run, Some(Role::Technician), run.version).await.unwrap());
    }
    db.commit().await.unwrap();
}

async fn person_named(store: &Store, id: &str, name: &str) -> PersonId {
    let person = Person::new(PersonId::new(id), id, name, Roles::of(Role::Technician));
    let mut db = store.write().await.unwrap();
    db.add_person(&person, at(0)).await.unwrap();
    db.commit().await.unwrap();
    person.id
}

/// Consecutive numbers of the runs a filter lets through, in its order.
async fn listed(store: &Store, filter: DeskFilter) -> Vec<i64> {
    let filter = DeskFilter { limit: 50, ..filter };
    let (rows, total) = store.read().await.unwrap().desk(&filter, at(NOW)).await.unwrap();
    assert_eq!(i64::try_from(rows.len()).unwrap(), total);
    rows.iter().map(|row| row.folio[8..].parse().unwrap()).collect()
}

on_both_engines! {
    async fn each_list_shows_its_runs_and_the_counts_add_up(store: &Store) {
        let (me, other) = (person_named(store, "p1", "Ana").await, person_named(store, "p2", "Eva").await);
        let waiting = Waiting { wait: Wait::Provider, since: at(5), note: String::new() };
        let closed = RunState::Closed { at: at(9), outcome: Outcome::Completed };
        keep(store, &[
            Run { assignee: Some(me.clone()), clock: due(NOW - 1), ..case(1) },
            Run { assignee: Some(other.clone()), clock: due(NOW + 1), ..case(2) },
            Run { waiting: Some(waiting), ..case(3) },
            Run { clock: Clock { due_at: Some(at(NOW - 5)), ..due(NOW + 9) }, ..case(4) },
            case(5),
            Run { state: closed, assignee: Some(me.clone()), ..case(6) },
        ]).await;
        let base = DeskFilter::default();
        let standing = |timing| DeskFilter { timing: Some(timing), ..DeskFilter::default() };
        let of = |assigned| DeskFilter { assigned: vec![assigned], ..DeskFilter::default() };
        let which = |which| DeskFilter { which, ..DeskFilter::default() };
        for (filter, expected) in [
            (base.clone(), vec![4, 1, 2, 5, 3]),
            (standing(Timing::Overdue), vec![4, 1]),
            (standing(Timing::OnTime), vec![2]),
            (standing(Timing::Unlimited), vec![5]),
            (standing(Timing::Paused), vec![3]),
            (of(Assigned::To(me.clone())), vec![1]),
            (of(Assigned::ToOthers(me.clone())), vec![2]),
            (of(Assigned::ToNobody), vec![4, 5, 3]),
            (DeskFilter { waiting: Some(Wait::Provider), ..base.clone() }, vec![3]),
            (DeskFilter { waiting: Some(Wait::Signature), ..base.clone() }, vec![]),
            (which(Which::Closed), vec![6]),
            (which(Which::All), vec![6, 5, 4, 3, 2, 1]),
            (DeskFilter { order: DeskOrder::Age, ..base.clone() }, vec![1, 2, 3, 4, 5]),
        ] {
            assert_eq!(listed(store, filter.clone()).await, expected, "{filter:?}");
        }
        let mut db = store.read().await.unwrap();
        let counts = db.desk_counts(&base, &me, at(NOW)).await.unwrap();
        let expected = DeskCounts {
            open: 5, mine: 1, others: 1, unassigned: 3, overdue: 2, on_time: 1, unlimited: 1, paused: 1,
        };
        assert_eq!(counts, expected);
        assert_eq!(db.desk_waits(&base, at(NOW)).await.unwrap(), [(Wait::Provider, 1)]);
        assert_eq!(db.open_runs().await.unwrap(), 5);
        let row = db.desk(&DeskFilter { limit: 1, ..base }, at(NOW)).await.unwrap().0.remove(0);
        assert_eq!((row.due_at, row.step_role), (Some(at(NOW - 5)), Some(Role::Technician)));
    }

    async fn the_urgent_comes_first_and_then_what_is_due(store: &Store) {
        let of = |number, priority, clock| Run { priority, clock, ..case(number) };
        keep(store, &[
            of(1, Priority::Low, due(1)),
            of(2, Priority::Normal, due(9)),
            of(3, Priority::Normal, due(5)),
            of(4, Priority::Urgent, Clock::default()),
            of(5, Priority::High, due(100)),
        ]).await;
        assert_eq!(listed(store, DeskFilter::default()).await, [4, 5, 3, 2, 1]);
        let by_due = DeskFilter { order: DeskOrder::Due, ..DeskFilter::default() };
        assert_eq!(listed(store, by_due).await, [1, 3, 2, 5, 4]);
    }

    async fn a_search_finds_folio_title_device_area_and_requester_without_accents(store: &Store) {
        let area = Area { id: AreaId::new("a1"), name: "Tesorería".into(), site: None, sample: false };
        let mut db = store.write().await.unwrap();
        db.add_area(&area, at(0)).await.unwrap();
        db.add_device(&Device { name: "PC-ÑANDÚ".into(), ..device("d1") }).await.unwrap();
        db.commit().await.unwrap();
        let asked = Requester { name: "María Núñez".into(), ..Requester::default() };
        keep(store, &[
            Run { area: Some(area.id.clone()), ..case(1) },
            Run { device: Some(DeviceId::new("d1")), ..case(2) },
            Run { requester: asked, title: "Impresión al 100% lenta".into(), ..case(3) },
        ]).await;
        for (text, expected) in [
            ("tesoreria", vec![1]),
            ("ÑANDU", vec![2]),
            ("nunez", vec![3]),
            ("impresion lenta", vec![3]),
            ("lenta nunez", vec![3]),
            ("lenta ñandú", vec![]),
            ("2026/0002", vec![2]),
            ("100%", vec![3]),
            ("%", vec![3]),
            ("_", vec![]),
            ("'; DELETE FROM run; --", vec![]),
        ] {
            let filter = DeskFilter {
                words: DeskFilter::words_of(text), order: DeskOrder::Age, ..DeskFilter::default()
            };
            assert_eq!(listed(store, filter).await, expected, "{text}");
        }
        let mut db = store.write().await.unwrap();
        let rename = "UPDATE area SET name = 'Catastro'";
        on!(db, |db| sqlx::query(rename).execute(db).await.map(drop)).unwrap();
        db.commit().await.unwrap();
        let words = DeskFilter { words: vec!["catastro".into()], ..DeskFilter::default() };
        assert_eq!(listed(store, words).await, [1]);
        let seeing = |sight: Sight| DeskFilter { sight, ..DeskFilter::default() };
        let within = |areas: Areas| Sight::of_unit(&PersonId::new("nobody"), &areas, None);
        let own = within(Areas::only([area.id.clone()]));
        assert_eq!(listed(store, seeing(own)).await, [1]);
        let none = within(Areas::Only([].into()));
        assert_eq!(listed(store, seeing(none)).await, Vec::<i64>::new());
        let of = |code: &str| Sight::of_unit(&PersonId::new("nobody"), &Areas::All, Some([code.to_owned()].into()));
        assert_eq!(listed(store, seeing(of("none such"))).await, Vec::<i64>::new());
        assert_eq!(
            listed(store, seeing(of("corrective"))).await,
            listed(store, seeing(Sight::All)).await,
            "whose procedure it is sees it in all areas"
        );
        let no_area = DeskFilter { area: Some(None), ..DeskFilter::default() };
        assert_eq!(listed(store, no_area).await.len(), 2);
    }

    async fn whoever_is_not_of_the_unit_sees_what_is_theirs(store: &Store) {
        let area = Area { id: AreaId::new("a1"), name: "Catastro".into(), site: None, sample: false };
        let mut db = store.write().await.unwrap();
        db.add_area(&area, at(0)).await.unwrap();
        db.commit().await.unwrap();
        let me = person_named(store, "p1", "Ana").await;
        let asked = Requester { person: Some(me.clone()), ..Requester::default() };
        keep(store, &[
            Run { requester: asked, ..case(1) },
            Run { assignee: Some(me.clone()), ..case(2) },
            Run { area: Some(area.id.clone()), ..case(3) },
            Run { area: Some(area.id.clone()), ..case(4) },
            case(5),
        ]).await;
        let mut db = store.write().await.unwrap();
        for number in [4, 5] {
            let run = Run { version: 2, ..db.run(&case(number).id).await.unwrap().unwrap() };
            assert!(db.save_run(&run, Some(Role::UnitHead), 1).await.unwrap());
        }
        db.commit().await.unwrap();
        let roles = Roles::of(Role::UnitHead);
        let head = Person { areas: Areas::only([area.id.clone()]), ..Person::new(me.clone(), "a", "A", roles) };
        let requester = Person { roles: Roles::of(Role::Requester), ..head.clone() };
        let everywhere = Person { areas: Areas::All, ..head.clone() };
        for (person, expected) in [(head, vec![1, 2, 4]), (requester, vec![1, 2]), (everywhere, vec![1, 2])] {
            let sight = Sight::of_other(&person.id, person.roles, &person.areas);
            let order = DeskOrder::Age;
            assert_eq!(listed(store, DeskFilter { sight, order, ..DeskFilter::default() }).await, expected);
        }
    }

    async fn a_page_is_part_of_a_counted_list(store: &Store) {
        let many: Vec<Run> = (1..=7).map(case).collect();
        keep(store, &many).await;
        let mut db = store.read().await.unwrap();
        for (offset, limit, shown, total) in [(0, 3, 3, 7), (3, 3, 3, 7), (6, 3, 1, 7), (9, 3, 0, 7), (0, 50, 7, 7)] {
            let filter = DeskFilter { offset, limit, order: DeskOrder::Age, ..DeskFilter::default() };
            let (rows, counted) = db.desk(&filter, at(NOW)).await.unwrap();
            assert_eq!((rows.len(), counted), (shown, total), "{offset}");
        }
    }

    async fn what_is_late_is_found_once_for_each_stay_at_a_step(store: &Store) {
        let waiting = Waiting { wait: Wait::Provider, since: at(5), note: String::new() };
        keep(store, &[
            Run { clock: due(5), ..case(1) },
            Run { clock: due(NOW + 5), ..case(2) },
            Run { clock: Clock { step_since: Some(at(0)), ..Clock::default() }, waiting: Some(waiting), ..case(3) },
            Run { clock: Clock { due_at: Some(at(7)), ..Clock::default() }, ..case(4) },
        ]).await;
        let mut db = store.write().await.unwrap();
        let late = |level, since, number| Lateness { run: case(number).id, level, since: at(since) };
        let found = db.late(Level::Step, at(NOW), 10).await.unwrap();
        assert_eq!(found, [late(Level::Step, 0, 1)]);
        assert_eq!(db.late(Level::Run, at(NOW), 10).await.unwrap(), [late(Level::Run, 4, 4)]);
        let run = &found[0].run;
        assert!(db.note_escalation(run, Level::Step, at(0), Some(at(20)), at(NOW)).await.unwrap());
        assert!(!db.note_escalation(run, Level::Step, at(0), None, at(NOW)).await.unwrap());
        assert_eq!(db.late(Level::Step, at(NOW), 10).await.unwrap(), []);
        assert_eq!(db.late(Level::StepTwice, at(20), 10).await.unwrap(), []);
        let twice = late(Level::StepTwice, 0, 1);
        assert_eq!(db.late(Level::StepTwice, at(21), 10).await.unwrap(), [twice]);
        db.postpone_escalation(run, at(0), Some(at(500))).await.unwrap();
        assert_eq!(db.late(Level::StepTwice, at(21), 10).await.unwrap(), []);
        // Back at a step, its deadline counts anew.
        let clock = Clock { step_since: Some(at(50)), step_due_at: Some(at(60)), ..Clock::default() };
        let moved = Run { clock, version: 2, ..case(1) };
        assert!(db.save_run(&moved, Some(Role::Head), 1).await.unwrap());
        assert_eq!(db.late(Level::Step, at(NOW), 10).await.unwrap(), [late(Level::Step, 50, 1)]);
    }
}
