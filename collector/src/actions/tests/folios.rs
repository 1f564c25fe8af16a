//! Folios have no gap and no twin, per series and year of Mexico, however many take them at once and give up.

use std::collections::BTreeMap;

use super::super::verify_ledger::verify_ledger;
use super::*;
use crate::domain::id::RunId;
use crate::domain::run::NewEvent;

/// Connections at the same time, and runs each of them opens.
const CONNECTIONS: usize = 8;
const RUNS: usize = 50;
const SERIES: [(&str, i16); 3] = [("MC", 2026), ("MC", 2027), ("AS", 2026)];

/// Opens a run of a series with its first event; every third attempt is given up, before or after its event.
async fn open(store: &Store, template: &Run, connection: usize, turn: usize) {
    let (series, year) = SERIES[(connection + turn) % SERIES.len()];
    for given_up in [turn.is_multiple_of(3), false] {
        let mut db = store.write().await.unwrap();
        let run = Run {
            id: RunId::new(uuid::Uuid::now_v7().to_string()),
            folio: db.next_folio(series, year).await.unwrap(),
            procedure: "advice".into(),
            device: None,
            version: 1,
            ..template.clone()
        };
        db.add_run(&run).await.unwrap();
        let event = NewEvent::new(EventKind::Opened, None, Actor::Machine);
        db.append_event(&run.id, 1, &event, at(0)).await.unwrap();
        if !given_up {
            return db.commit().await.unwrap();
        }
    }
}

on_both_engines! {
    async fn eight_who_open_runs_at_once_and_give_some_up_leave_no_gap(store: &Store) {
        let device = add_device(store, "1").await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        let template = runs(store).await.remove(0);
        let everybody = (0..CONNECTIONS).map(|connection| {
            let (store, template) = (store.clone(), template.clone());
            tokio::spawn(async move {
                for turn in 0..RUNS {
                    open(&store, &template, connection, turn).await;
                }
            })
        });
        for one in everybody.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        let mut read = store.read().await.unwrap();
        let all = read.runs_after(&RunId::new(String::new()), 1_000).await.unwrap();
        let mut taken: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        for run in &all {
            let mut parts = run.folio.split('/').map(String::from);
            let (series, year) = (parts.next().unwrap(), parts.next().unwrap());
            taken.entry((series, year)).or_default().push(parts.next().unwrap().parse().unwrap());
        }
        // The template's own folio is one more of the first series.
        assert_eq!(taken.values().map(Vec::len).sum::<usize>(), CONNECTIONS * RUNS + 1);
        assert_eq!(taken.len(), SERIES.len());
        for (series, numbers) in &mut taken {
            numbers.sort_unstable();
            assert_eq!(*numbers, (1..=numbers.len()).collect::<Vec<_>>(), "{series:?}");
        }
        let verdict = verify_ledger(&mut read, Vec::new(), |_, _| {}).await.unwrap();
        assert!(verdict.is_sound(), "{:?}", verdict.findings);
    }

    async fn the_year_of_a_folio_ends_at_midnight_in_mexico(store: &Store) {
        // 2027-01-01T06:00:00Z, midnight in Mexico.
        let midnight = 3_326_400;
        assert_eq!(at(midnight).to_string(), "2027-01-01T06:00:00Z");
        for (id, second) in [("1", midnight - 1), ("2", midnight), ("3", midnight + 1)] {
            let device = add_device(store, id).await;
            arrives(store, &device, antivirus(false, second), second).await;
        }
        let mut folios: Vec<String> = runs(store).await.into_iter().map(|run| run.folio).collect();
        folios.sort();
        assert_eq!(folios, ["MC/2026/0001", "MC/2027/0001", "MC/2027/0002"]);
    }
}
