//! From a bad reading to a ticket and back, on both engines.

use std::sync::Arc;

use jiff::Timestamp;

use super::advance_run::advance_run;
use super::judge::{Bench, Judged, judge};
use super::watch_silence::{close_recovered, watch_silence};
use super::*;
use crate::domain::access::Actor;
use crate::domain::alert::{Alert, Rule};
use crate::domain::device::{Device, DeviceStatus};
use crate::domain::id::{DeviceId, PersonId};
use crate::domain::person::{Person, Role, Roles};
use crate::domain::procedure::StepId;
use crate::domain::reading::{Antivirus, AntivirusProduct, Firewall, Reading, Section, Status};
use crate::domain::run::{Entry, Event, EventKind, Outcome, Run, RunState};
use crate::domain::working_time::WorkingHours;
use crate::procedure::Library;
use crate::rules::Thresholds;
use crate::store::testing::on_both_engines;
use crate::store::{Arrival, RunFilter, Store};

mod deadlines;
mod fleet;
mod folios;
mod ledger;
mod outage;

fn at(second: i64) -> Timestamp {
    // A Monday at noon in Mexico.
    let noon: Timestamp = "2026-11-23T18:00:00Z".parse().unwrap();
    Timestamp::from_second(noon.as_second() + second).unwrap()
}

fn bench() -> Bench {
    Bench {
        thresholds: Thresholds::default(),
        library: Library::embedded().unwrap(),
        hours: Default::default(),
    }
}

fn ana_herself() -> Person {
    Person::new(PersonId::new("p"), "ana", "Ana Núñez", Roles::of(Role::Technician))
}

fn ana() -> Actor {
    Actor::of(&ana_herself())
}

async fn add_ana(store: &Store) {
    let mut db = store.write().await.unwrap();
    db.add_person(&ana_herself(), at(0)).await.unwrap();
    db.commit().await.unwrap();
}

async fn add_device(store: &Store, id: &str) -> DeviceId {
    let device = Device {
        id: DeviceId::new(id),
        number: 0,
        name: format!("PC-{id}"),
        area: None,
        status: DeviceStatus::Approved,
        hints: Default::default(),
        enrolled_at: at(0),
        sample: false,
    };
    let mut db = store.write().await.unwrap();
    db.add_device(&device).await.unwrap();
    db.commit().await.unwrap();
    device.id
}

fn antivirus(running: bool, second: i64) -> Section {
    let product = AntivirusProduct {
        name: "ClamAV".into(),
        running: Some(running),
        signatures_at: Some(at(0)),
        ..AntivirusProduct::default()
    };
    Section::Antivirus(Reading::ok(Antivirus { products: vec![product] }, "clamd", at(second)))
}

fn firewall(enabled: bool, second: i64) -> Section {
    let value =
        Firewall { enabled: Some(enabled), listening_status: Status::Ok, ..Firewall::default() };
    Section::Firewall(Reading::ok(value, "nft", at(second)))
}

/// The reading arrives and the device is judged, as the intake does it.
async fn arrives(store: &Store, device: &DeviceId, section: Section, second: i64) -> Judged {
    let mut db = store.write().await.unwrap();
    db.put_section(device, &section, at(second)).await.unwrap();
    let judged = judge(&mut db, &bench(), device, at(second)).await.unwrap();
    db.commit().await.unwrap();
    judged
}

async fn open_alerts(store: &Store, device: &DeviceId) -> Vec<Alert> {
    store.read().await.unwrap().open_alerts(device).await.unwrap()
}

async fn runs(store: &Store) -> Vec<Run> {
    let filter = RunFilter { limit: 100, ..RunFilter::default() };
    let (rows, _) = store.read().await.unwrap().list_runs(&filter).await.unwrap();
    rows.into_iter().map(|row| row.run).collect()
}

async fn kinds(store: &Store, run: &Run) -> Vec<EventKind> {
    let events = store.read().await.unwrap().run_events(&run.id).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

on_both_engines! {
    async fn a_bad_reading_opens_an_alert_and_a_corrective_run(store: &Store) {
        let device = add_device(store, "1").await;
        let judged = arrives(store, &device, antivirus(false, 1), 1).await;
        assert!(judged.changed);
        let alerts = open_alerts(store, &device).await;
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0].rule, Rule::AntivirusOff);
        let runs = runs(store).await;
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].folio, "MC/2026/0001");
        assert_eq!(runs[0].title, "Antivirus apagado en PC-1");
        assert_eq!(runs[0].present_step(), Some(&StepId::new("2")));
        assert_eq!(alerts[0].run.as_ref(), Some(&runs[0].id));
        assert_eq!(kinds(store, &runs[0]).await, [EventKind::Opened, EventKind::AlertJoined]);
    }

    async fn a_second_alert_joins_the_open_ticket(store: &Store) {
        let device = add_device(store, "1").await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        arrives(store, &device, firewall(false, 2), 2).await;
        assert_eq!(open_alerts(store, &device).await.len(), 2);
        assert_eq!(runs(store).await.len(), 1);
    }

    async fn the_same_bad_reading_again_changes_nothing(store: &Store) {
        let device = add_device(store, "1").await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        let before = runs(store).await;
        let judged = arrives(store, &device, antivirus(false, 60), 60).await;
        assert!(!judged.changed);
        assert_eq!(open_alerts(store, &device).await.len(), 1);
        assert_eq!(runs(store).await, before);
    }

    async fn recovery_before_anyone_acts_ends_the_run_after_a_while(store: &Store) {
        let device = add_device(store, "1").await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        arrives(store, &device, antivirus(true, 60), 60).await;
        assert_eq!(open_alerts(store, &device).await, []);
        assert_eq!(close_recovered(store, &bench(), at(120)).await.unwrap(), 0);
        assert!(runs(store).await[0].is_open());
        assert_eq!(close_recovered(store, &bench(), at(60 + 601)).await.unwrap(), 1);
        let state = RunState::Closed { at: at(661), outcome: Outcome::Recovered };
        assert_eq!(runs(store).await[0].state, state);
    }

    async fn recovery_after_a_person_acted_is_evidence_of_the_verification_step(store: &Store) {
        let device = add_device(store, "1").await;
        add_ana(store).await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        let run = runs(store).await.remove(0);
        let visit = Event::Complete { step: StepId::new("2"), entry: Entry::note("Fui") };
        advance_run(store, &bench(), &run.id, Some(run.version), visit, &ana(), at(30)).await.unwrap();
        arrives(store, &device, antivirus(true, 60), 60).await;
        assert_eq!(close_recovered(store, &bench(), at(9_999)).await.unwrap(), 0);
        let run = runs(store).await.remove(0);
        assert_eq!(run.present_step(), Some(&StepId::new("3")));
        let events = store.read().await.unwrap().run_events(&run.id).await.unwrap();
        let last = events.last().unwrap();
        assert_eq!((last.kind, last.step.as_ref()), (EventKind::AlertCleared, Some(&StepId::new("10"))));
        assert_eq!(last.evidence.as_ref().unwrap().summary, "ClamAV está en marcha.");
    }

    async fn an_alert_that_comes_back_soon_is_the_same_alert(store: &Store) {
        let device = add_device(store, "1").await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        let first = open_alerts(store, &device).await.remove(0);
        arrives(store, &device, antivirus(true, 60), 60).await;
        arrives(store, &device, antivirus(false, 120), 120).await;
        let again = open_alerts(store, &device).await.remove(0);
        assert_eq!((again.id, again.reopened), (first.id, 1));
        assert_eq!(runs(store).await.len(), 1);
        assert_eq!(close_recovered(store, &bench(), at(9_999)).await.unwrap(), 0);
    }

    async fn unknown_does_not_clear_an_alert(store: &Store) {
        let device = add_device(store, "1").await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        let kind = crate::domain::reading::SectionKind::Antivirus;
        let lost = Section::unknown(kind, Status::Timeout, "sin respuesta", "clamd", at(60));
        arrives(store, &device, lost, 60).await;
        let alert = open_alerts(store, &device).await.remove(0);
        assert_eq!(alert.summary, "ClamAV está instalado pero no está en marcha.");
    }

    async fn an_answer_from_a_stale_page_is_told_who_was_faster(store: &Store) {
        let device = add_device(store, "1").await;
        add_ana(store).await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        let run = runs(store).await.remove(0);
        let visit = || Event::Complete { step: StepId::new("2"), entry: Entry::note("") };
        let bench = bench();
        let seen = Some(run.version);
        advance_run(store, &bench, &run.id, seen, visit(), &ana(), at(30)).await.unwrap();
        let error = advance_run(store, &bench, &run.id, seen, visit(), &ana(), at(31)).await.unwrap_err();
        let Error::Stale { by, at: when } = error else { panic!("{error}") };
        assert_eq!((by.as_str(), when), ("Ana Núñez", at(30)));
    }

    async fn evidence_that_arrives_does_not_make_a_page_stale(store: &Store) {
        let device = add_device(store, "1").await;
        add_ana(store).await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        let run = runs(store).await.remove(0);
        arrives(store, &device, firewall(false, 2), 2).await;
        let visit = Event::Complete { step: StepId::new("2"), entry: Entry::note("") };
        let bench = bench();
        let moved = advance_run(store, &bench, &run.id, Some(run.version), visit, &ana(), at(3)).await.unwrap();
        assert_eq!(moved.present_step(), Some(&StepId::new("3")));
    }

    async fn of_two_who_answer_at_once_one_wins(store: &Store) {
        let device = add_device(store, "1").await;
        add_ana(store).await;
        arrives(store, &device, antivirus(false, 1), 1).await;
        let run = runs(store).await.remove(0);
        let bench = Arc::new(bench());
        let tries = (0..4).map(|_| {
            let (store, bench, run) = (store.clone(), bench.clone(), run.clone());
            tokio::spawn(async move {
                let visit = Event::Complete { step: StepId::new("2"), entry: Entry::note("") };
                advance_run(&store, &bench, &run.id, Some(run.version), visit, &ana(), at(5)).await
            })
        });
        let mut won = 0;
        for attempt in tries.collect::<Vec<_>>() {
            match attempt.await.unwrap() {
                Ok(_) => won += 1,
                Err(Error::Stale { .. } | Error::Overtaken) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(won, 1);
    }

    async fn a_silent_agent_raises_one_alert_and_clears_it_when_it_is_back(store: &Store) {
        let device = add_device(store, "1").await;
        let seen = |second| Arrival {
            device: DeviceId::new("1"),
            seen_at: at(second),
            taken_at: at(second),
            clock_skew_us: 0,
            unchanged: String::new(),
        };
        let mut db = store.write().await.unwrap();
        db.touch(&[seen(0)]).await.unwrap();
        db.commit().await.unwrap();
        let hours = WorkingHours::default();
        assert_eq!(watch_silence(store, &bench(), &hours, at(600)).await.unwrap(), 0);
        assert_eq!(watch_silence(store, &bench(), &hours, at(1_000)).await.unwrap(), 1);
        assert_eq!(watch_silence(store, &bench(), &hours, at(1_100)).await.unwrap(), 0);
        assert_eq!(open_alerts(store, &device).await[0].rule, Rule::Silent);
        assert!(store.read().await.unwrap().fleet().await.unwrap()[0].silent);
        let mut db = store.write().await.unwrap();
        db.touch(&[seen(1_150)]).await.unwrap();
        db.commit().await.unwrap();
        assert_eq!(watch_silence(store, &bench(), &hours, at(1_160)).await.unwrap(), 1);
        assert_eq!(open_alerts(store, &device).await, []);
    }

    async fn a_device_that_is_not_there_is_judged_as_nothing(store: &Store) {
        let mut db = store.write().await.unwrap();
        let judged = judge(&mut db, &bench(), &DeviceId::new("nobody"), at(0)).await.unwrap();
        assert_eq!(judged, Judged::default());
    }
}
