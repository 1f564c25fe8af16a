//! Alerts, runs and folios, on both engines.

use super::*;

on_both_engines! {
    async fn an_alert_of_one_identity_is_open_once(store: &Store) {
        let device = with_device(store, "a").await;
        let alert = |id: &str| Alert {
            id: AlertId::new(id),
            rule: Rule::NoAntivirus,
            device: device.id.clone(),
            severity: Severity::Critical,
            summary: "El equipo no tiene ningún antivirus.".into(),
            opened_at: at(1),
            updated_at: at(1),
            cleared_at: None,
            reopened: 0,
            run: None,
        };
        let mut db = store.write().await.unwrap();
        db.add_alert(&alert("x")).await.unwrap();
        db.commit().await.unwrap();
        let mut db = store.write().await.unwrap();
        assert!(db.add_alert(&alert("y")).await.unwrap_err().is_conflict());
        drop(db);
        let mut db = store.write().await.unwrap();
        let over = Alert { cleared_at: Some(at(2)), ..alert("x") };
        db.update_alert(&over).await.unwrap();
        db.add_alert(&alert("y")).await.unwrap();
        let last = db.last_cleared_alert(Rule::NoAntivirus, &device.id).await.unwrap();
        assert_eq!(last, Some(over));
        let filter = AlertFilter { open: true, limit: 10, ..AlertFilter::default() };
        let (rows, total) = db.list_alerts(&filter).await.unwrap();
        assert_eq!((rows.len(), total, rows[0].device_name.as_str()), (1, 1, device.name.as_str()));
        assert_eq!(db.fleet().await.unwrap()[0].critical_alerts, 1);
    }

    async fn a_device_has_one_open_corrective_run(store: &Store) {
        with_device(store, "a").await;
        let mut db = store.write().await.unwrap();
        db.add_run(&run("r1", "a", "MC/2026/0001")).await.unwrap();
        db.commit().await.unwrap();
        let mut db = store.write().await.unwrap();
        assert!(db.add_run(&run("r2", "a", "MC/2026/0002")).await.unwrap_err().is_conflict());
    }

    async fn a_run_saved_from_an_old_version_is_refused(store: &Store) {
        with_device(store, "a").await;
        let mut db = store.write().await.unwrap();
        let mut run = run("r", "a", "MC/2026/0001");
        db.add_run(&run).await.unwrap();
        run.version = 2;
        run.state = RunState::Closed { at: at(3), outcome: Outcome::Completed };
        assert!(db.save_run(&run, None, 1).await.unwrap());
        assert!(!db.save_run(&run, None, 1).await.unwrap());
        assert_eq!(db.run(&run.id).await.unwrap(), Some(run));
        assert_eq!(db.open_corrective(&DeviceId::new("a")).await.unwrap(), None);
    }

    async fn events_are_chained_and_read_back(store: &Store) {
        with_device(store, "a").await;
        let evidence = Evidence {
            rule: "no_antivirus".into(),
            summary: "Sin antivirus".into(),
            source: "clamd".into(),
            taken_at: Some(at(1)),
        };
        let event = NewEvent {
            kind: EventKind::AlertJoined,
            step: Some(StepId::new("2")),
            answer: Some(false),
            note: "ñ".into(),
            evidence: Some(evidence.clone()),
            data: EventData { to: Some(StepId::new("3")), ..EventData::default() },
            actor: Actor::Machine,
        };
        let mut db = store.write().await.unwrap();
        let run = run("r", "a", "MC/2026/0001");
        db.add_run(&run).await.unwrap();
        db.append_event(&run.id, 1, &event, at(1)).await.unwrap();
        db.append_event(&run.id, 2, &event, at(1)).await.unwrap();
        let own = db.run_events(&run.id).await.unwrap();
        db.commit().await.unwrap();
        let events = store.read().await.unwrap().run_events(&run.id).await.unwrap();
        assert_eq!(events[0].evidence, Some(evidence));
        assert_eq!((events[0].answer, events[0].role.as_str()), (Some(false), "machine"));
        assert_ne!(events[0].hash, events[1].hash);
        let unhashed = |event: &RecordedEvent| RecordedEvent { hash: String::new(), ..event.clone() };
        let seen: Vec<RecordedEvent> = events.iter().map(unhashed).collect();
        assert_eq!(own, seen, "a transaction sees what it appended");
        let mut db = store.write().await.unwrap();
        db.append_event(&run.id, 2, &event, at(1)).await.unwrap();
        assert!(db.commit().await.unwrap_err().is_conflict());
    }

    async fn folios_have_no_gap_even_when_a_transaction_is_given_up(store: &Store) {
        let mut db = store.write().await.unwrap();
        assert_eq!(db.next_folio("MC", 2026).await.unwrap(), "MC/2026/0001");
        db.commit().await.unwrap();
        let mut given_up = store.write().await.unwrap();
        assert_eq!(given_up.next_folio("MC", 2026).await.unwrap(), "MC/2026/0002");
        drop(given_up);
        let mut db = store.write().await.unwrap();
        assert_eq!(db.next_folio("MC", 2026).await.unwrap(), "MC/2026/0002");
        assert_eq!(db.next_folio("MC", 2027).await.unwrap(), "MC/2027/0001");
    }

    async fn lists_of_runs_are_filtered_and_counted(store: &Store) {
        with_device(store, "a").await;
        with_device(store, "b").await;
        let mut db = store.write().await.unwrap();
        db.add_run(&run("r1", "a", "MC/2026/0001")).await.unwrap();
        let mut closed = run("r2", "b", "MC/2026/0002");
        db.add_run(&closed).await.unwrap();
        closed.state = RunState::Closed { at: at(3), outcome: Outcome::Recovered };
        closed.version = 2;
        assert!(db.save_run(&closed, None, 1).await.unwrap());
        let count = async |db: &mut Write, open, device: Option<&str>| {
            let device = device.map(DeviceId::new);
            let filter = RunFilter { open, device, limit: 10, ..RunFilter::default() };
            db.list_runs(&filter).await.unwrap().1
        };
        assert_eq!(count(&mut db, None, None).await, 2);
        assert_eq!(count(&mut db, Some(true), None).await, 1);
        assert_eq!(count(&mut db, Some(false), Some("b")).await, 1);
        assert_eq!(count(&mut db, Some(false), Some("a")).await, 0);
    }

    async fn an_untouched_run_is_found_when_its_alerts_have_been_over_long_enough(store: &Store) {
        with_device(store, "a").await;
        let mut db = store.write().await.unwrap();
        let run = run("r", "a", "MC/2026/0001");
        db.add_run(&run).await.unwrap();
        assert_eq!(db.runs_recovered(at(100)).await.unwrap(), []);
        db.set_clear_since(&run.id, Some(at(50))).await.unwrap();
        assert_eq!(db.runs_recovered(at(50)).await.unwrap(), []);
        assert_eq!(db.runs_recovered(at(51)).await.unwrap(), [run.id]);
    }
}
