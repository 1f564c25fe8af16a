//! Devices, their codes, certificates, records and state, on both engines.

use super::*;

on_both_engines! {
    async fn a_transaction_that_is_not_committed_never_was(store: &Store) {
        let mut db = store.write().await.unwrap();
        db.add_device(&device("a")).await.unwrap();
        drop(db);
        assert_eq!(store.read().await.unwrap().device(&DeviceId::new("a")).await.unwrap(), None);
    }

    async fn a_device_reads_back_and_numbers_count_up(store: &Store) {
        let first = with_device(store, "a").await;
        let second = with_device(store, "b").await;
        assert_eq!((first.number, second.number), (1, 2));
        let read = store.read().await.unwrap().device(&second.id).await.unwrap();
        assert_eq!(read, Some(second));
    }

    async fn a_change_of_status_is_seen_through_the_change_counter(store: &Store) {
        let device = with_device(store, "a").await;
        let before = store.read().await.unwrap().change_counters().await.unwrap();
        let mut db = store.write().await.unwrap();
        db.set_device_status(&device.id, DeviceStatus::Revoked).await.unwrap();
        db.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let after = db.change_counters().await.unwrap();
        let counter = |list: &[(String, i64)]| list.iter().find(|(s, _)| s == "device").unwrap().1;
        assert_eq!(counter(&after), counter(&before) + 1);
        let statuses = db.device_statuses().await.unwrap();
        assert_eq!(statuses, [(device.id, device.number, DeviceStatus::Revoked)]);
    }

    async fn a_code_is_spent_by_one_only(store: &Store) {
        let device = with_device(store, "a").await;
        let code = EnrolmentCode {
            id: CodeId::new("c"),
            secret_hash: "h".into(),
            area: None,
            network: Some(("10.0.0.0".parse().unwrap(), 8)),
            approve: true,
            sample: false,
            expires_at: at(9),
            spent: None,
        };
        let spent = Spent { at: at(1), key_hash: "k".into(), device: device.id.clone() };
        let mut db = store.write().await.unwrap();
        db.add_enrolment_code(&code, "Consola", at(0)).await.unwrap();
        assert!(db.spend_enrolment_code(&code.id, &spent).await.unwrap());
        assert!(!db.spend_enrolment_code(&code.id, &spent).await.unwrap());
        let read = db.enrolment_code("h").await.unwrap().unwrap();
        assert_eq!(read, EnrolmentCode { spent: Some(spent), ..code });
    }

    async fn a_certificate_moves_from_pending_to_active(store: &Store) {
        let device = with_device(store, "a").await;
        let certificate = Certificate {
            serial: "01".into(),
            device: device.id.clone(),
            generation: 1,
            key_hash: "k".into(),
            state: CertificateState::Pending,
            not_after: at(9),
            der: vec![0, 1, 255],
        };
        let mut db = store.write().await.unwrap();
        db.add_certificate(&certificate).await.unwrap();
        assert_eq!(db.certificate("01").await.unwrap(), Some(certificate.clone()));
        db.set_certificate_state("01", CertificateState::Active).await.unwrap();
        db.drop_pending_certificates(&device.id).await.unwrap();
        let active = Certificate { state: CertificateState::Active, ..certificate };
        assert_eq!(db.certificates(&device.id).await.unwrap(), [active]);
    }

    async fn a_batch_of_measurements_is_kept_once(store: &Store) {
        let device = with_device(store, "a").await;
        let row = |second| SampleRow {
            device_number: device.number,
            taken_at: at(second),
            sample: Sample { cpu_permille: Some(7), drive_temperature_c: Some(-3), ..Sample::default() },
        };
        for _ in 0..2 {
            let mut db = store.write().await.unwrap();
            db.add_samples(&[row(1), row(2), row(3)]).await.unwrap();
            db.commit().await.unwrap();
        }
        let mut db = store.read().await.unwrap();
        let read = db.samples(device.number, at(0), 100).await.unwrap();
        assert_eq!(read, [row(1), row(2), row(3)]);
        assert_eq!(db.samples(device.number, at(0), 1).await.unwrap(), [row(3)]);
    }

    async fn progress_is_kept_per_epoch_with_all_64_bits(store: &Store) {
        let device = with_device(store, "a").await;
        let epoch = u64::MAX - 1;
        let progress = Progress { last_seq: 41, last_hash: [9; 16] };
        let mut db = store.write().await.unwrap();
        db.advance(&[(device.id.clone(), epoch, progress)]).await.unwrap();
        let further = Progress { last_seq: 42, last_hash: [8; 16] };
        db.advance(&[(device.id.clone(), epoch, further)]).await.unwrap();
        let keys = [(device.id.clone(), epoch), (device.id.clone(), 5)];
        let read = db.progress_of(&keys).await.unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[&keys[0]], further);
        assert_eq!(db.progress(&device.id, 5).await.unwrap(), Progress::default());
    }

    async fn losses_and_letters_that_cannot_be_stored_are_counted_once(store: &Store) {
        let device = with_device(store, "a").await;
        let gap = GapRecord {
            device: device.id.clone(),
            epoch: 1,
            first_seq: 3,
            last_seq: 9,
            lost: 7,
            record_class: "metric",
            reason: "spool_full",
        };
        let letter = DeadLetter {
            device: device.id.clone(),
            epoch: 1,
            seq: 10,
            reason: "not a protobuf message".into(),
            body: vec![1, 2],
        };
        let mut db = store.write().await.unwrap();
        for _ in 0..2 {
            db.add_gaps(std::slice::from_ref(&gap), at(1)).await.unwrap();
            db.add_dead_letters(std::slice::from_ref(&letter), at(1)).await.unwrap();
        }
        assert_eq!(db.losses(&device.id).await.unwrap(), [("spool_full".to_owned(), 7)]);
    }

    async fn a_loss_the_agent_tells_of_is_not_counted_again_as_missing(store: &Store) {
        let device = with_device(store, "a").await;
        let gap = |first_seq, last_seq, lost, record_class, reason| GapRecord {
            device: device.id.clone(),
            epoch: u64::MAX,
            first_seq,
            last_seq,
            lost,
            record_class,
            reason,
        };
        let mut db = store.write().await.unwrap();
        let missing: Vec<GapRecord> = [(4, 6), (8, 8), (20, 29)]
            .map(|(first, last)| gap(first, last, last - first + 1, "unknown", "missing"))
            .into();
        db.add_gaps(&missing, at(1)).await.unwrap();
        // Two classes share one range, and one range spans two with a kept record between.
        let told = [
            gap(4, 5, 2, "metric", "spool_full"),
            gap(6, 8, 2, "state", "spool_full"),
            gap(20, 22, 3, "metric", "spool_full"),
        ];
        db.add_gaps(&told, at(2)).await.unwrap();
        db.explain_missing(&told).await.unwrap();
        let losses = db.losses(&device.id).await.unwrap();
        assert_eq!(losses, [("missing".to_owned(), 7), ("spool_full".to_owned(), 7)]);
    }

    async fn a_sign_of_life_keeps_the_marks_of_the_last_report(store: &Store) {
        let device = with_device(store, "a").await;
        let arrival = |second, unchanged: &str| Arrival {
            device: device.id.clone(),
            seen_at: at(second),
            taken_at: at(second),
            clock_skew_us: -5,
            unchanged: unchanged.into(),
        };
        let mut db = store.write().await.unwrap();
        db.touch(&[arrival(1, "disk:60")]).await.unwrap();
        db.touch(&[arrival(2, "")]).await.unwrap();
        let live = db.live(&device.id).await.unwrap().unwrap();
        assert_eq!((live.last_seen_at, live.unchanged.as_str()), (at(2), "disk:60"));
    }

    async fn an_unseen_device_is_found_and_one_waiting_for_approval_is_not(store: &Store) {
        let device = with_device(store, "a").await;
        let mut db = store.write().await.unwrap();
        let pending = Device { status: DeviceStatus::Pending, ..super::super::tests::device("b") };
        db.add_device(&pending).await.unwrap();
        assert_eq!(db.devices_unseen(at(60)).await.unwrap(), [(device.id, at(0))]);
        assert_eq!(db.devices_unseen(at(0)).await.unwrap(), []);
    }

    async fn a_section_remembers_since_when_it_has_been_so(store: &Store) {
        let device = with_device(store, "a").await;
        let none = Section::Antivirus(Reading::ok(Antivirus::default(), "x", at(0)));
        let denied = Section::unknown(SectionKind::Antivirus, Status::Denied, "no", "x", at(2));
        let mut db = store.write().await.unwrap();
        db.put_section(&device.id, &none, at(1)).await.unwrap();
        db.put_section(&device.id, &none, at(2)).await.unwrap();
        let kept = &db.sections(&device.id).await.unwrap()[&SectionKind::Antivirus];
        assert_eq!((kept.changed_at, kept.received_at), (at(1), at(2)));
        db.put_section(&device.id, &denied, at(3)).await.unwrap();
        let kept = &db.sections(&device.id).await.unwrap()[&SectionKind::Antivirus];
        assert_eq!((kept.changed_at, &kept.section), (at(3), &denied));
    }

    async fn every_section_is_kept_and_all_but_the_long_one_are_judged(store: &Store) {
        let device = with_device(store, "a").await;
        let mut db = store.write().await.unwrap();
        for kind in SectionKind::ALL {
            let section = Section::unknown(kind, Status::Timeout, "no", "x", at(1));
            db.put_section(&device.id, &section, at(1)).await.unwrap();
        }
        let kept = db.sections(&device.id).await.unwrap();
        assert!(SectionKind::ALL.iter().all(|kind| kept[kind].section.kind() == *kind));
        let judged = db.sections_to_judge(&device.id).await.unwrap();
        assert_eq!(judged.len(), kept.len() - 1);
        assert!(!judged.contains_key(&SectionKind::Software));
    }

    async fn standings_read_back(store: &Store) {
        let device = with_device(store, "a").await;
        let mut health = Health::default();
        let standing = Standing {
            raised: Some(Severity::Critical),
            verdict: Verdict::Unknown,
            streak: 2,
            since: at(4),
        };
        health.standings.insert(Rule::FirewallOff, standing);
        let mut db = store.write().await.unwrap();
        db.put_health(&device.id, &health, at(5)).await.unwrap();
        assert_eq!(db.health(&device.id).await.unwrap(), health);
        let fleet = db.fleet().await.unwrap();
        assert_eq!((fleet[0].firewall, fleet[0].disk), (Verdict::Critical, Verdict::Unknown));
    }
}
