//! Every store call that matters, on both engines.

use jiff::Timestamp;

use super::testing::on_both_engines;
use super::*;
use crate::domain::access::Actor;
use crate::domain::alert::{Alert, Rule, Severity, Standing, Verdict};
use crate::domain::area::{Area, PermittedPort};
use crate::domain::device::{Certificate, CertificateState, Device, DeviceStatus, Hints};
use crate::domain::enrolment::{EnrolmentCode, Spent};
use crate::domain::id::*;
use crate::domain::person::{Person, Role, Scope, Token};
use crate::domain::procedure::StepId;
use crate::domain::reading::{Antivirus, Reading, Sample, Section, SectionKind, Status};
use crate::domain::run::{EventKind, Evidence, NewEvent, Outcome, Run, RunState};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn device(id: &str) -> Device {
    Device {
        id: DeviceId::new(id),
        number: 0,
        name: format!("PC de Tesorería {id}"),
        area: None,
        status: DeviceStatus::Approved,
        hints: Hints { hostname: "<script>".into(), ..Hints::default() },
        enrolled_at: at(0),
        sample: false,
    }
}

async fn with_device(store: &Store, id: &str) -> Device {
    let mut db = store.write().await.unwrap();
    let number = db.add_device(&device(id)).await.unwrap();
    db.commit().await.unwrap();
    Device { number, ..device(id) }
}

fn run(id: &str, device: &str, folio: &str) -> Run {
    Run {
        id: RunId::new(id),
        folio: folio.into(),
        procedure: "corrective".into(),
        edition: "1".into(),
        device: Some(DeviceId::new(device)),
        area: None,
        title: "Sin antivirus".into(),
        state: RunState::Open { step: StepId::new("2") },
        touched: false,
        version: 1,
        opened_at: at(1),
        updated_at: at(1),
        sample: false,
    }
}

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
        let pending = Device { status: DeviceStatus::Pending, ..super::tests::device("b") };
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
        assert!(db.save_run(&run, 1).await.unwrap());
        assert!(!db.save_run(&run, 1).await.unwrap());
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
            actor: Actor::Machine,
        };
        let mut db = store.write().await.unwrap();
        let run = run("r", "a", "MC/2026/0001");
        db.add_run(&run).await.unwrap();
        db.append_event(&run.id, 1, &event, at(1)).await.unwrap();
        db.append_event(&run.id, 2, &event, at(1)).await.unwrap();
        let events = db.run_events(&run.id).await.unwrap();
        assert_eq!(events[0].evidence, Some(evidence));
        assert_eq!((events[0].answer, events[0].role.as_str()), (Some(false), "machine"));
        assert_ne!(events[0].hash, events[1].hash);
        assert!(db.append_event(&run.id, 2, &event, at(1)).await.unwrap_err().is_conflict());
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
        assert!(db.save_run(&closed, 1).await.unwrap());
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

    async fn a_session_ends_and_a_link_is_used_once(store: &Store) {
        let person = Person {
            id: PersonId::new("p"),
            login: "ana".into(),
            name: "Ana Núñez".into(),
            role: Role::Head,
            administrator: true,
            disabled_at: None,
        };
        let mut db = store.write().await.unwrap();
        db.add_person(&person, at(0)).await.unwrap();
        db.add_login_link("l", &person.id, at(9)).await.unwrap();
        assert!(db.use_login_link("l", at(1)).await.unwrap());
        assert!(!db.use_login_link("l", at(1)).await.unwrap());
        db.add_session("s", &person.id, at(0), at(10)).await.unwrap();
        assert_eq!(db.session("s", at(9)).await.unwrap().unwrap().person, person);
        assert_eq!(db.session("s", at(10)).await.unwrap(), None);
        db.set_password_hash(&person.id, "$argon2id$").await.unwrap();
        assert_eq!(db.session("s", at(1)).await.unwrap(), None);
        assert_eq!(db.administrators().await.unwrap(), 1);
    }

    async fn a_token_is_found_by_its_hash(store: &Store) {
        let token =
            Token { id: TokenId::new("t"), name: "tablero".into(), scope: Scope::Read, revoked_at: None };
        let mut db = store.write().await.unwrap();
        db.add_token(&token, "h", at(0)).await.unwrap();
        assert_eq!(db.token("h").await.unwrap(), Some(token));
        assert_eq!(db.token("other").await.unwrap(), None);
    }

    async fn an_area_keeps_its_permitted_ports(store: &Store) {
        let area = Area { id: AreaId::new("a"), name: "Tesorería".into(), site: None, sample: false };
        let port = |port| PermittedPort { protocol: "tcp".into(), port };
        let mut db = store.write().await.unwrap();
        db.add_area(&area, at(0)).await.unwrap();
        db.set_permitted_ports(&area.id, &[port(1), port(2)]).await.unwrap();
        db.set_permitted_ports(&area.id, &[port(2), port(8080)]).await.unwrap();
        assert_eq!(db.permitted_ports(&area.id).await.unwrap(), [port(2), port(8080)]);
        assert_eq!(db.area_named("Tesorería").await.unwrap(), Some(area));
    }

    async fn the_sample_goes_without_a_trace_and_takes_nothing_else(store: &Store) {
        let real = with_device(store, "real").await;
        let mut db = store.write().await.unwrap();
        let site = db.site_named("Palacio", &SiteId::new("s"), true).await.unwrap();
        let area = Area { id: AreaId::new("x"), name: "Muestra".into(), site: Some(site), sample: true };
        db.add_area(&area, at(0)).await.unwrap();
        let made_up =
            Device { sample: true, area: Some(area.id.clone()), ..super::tests::device("made-up") };
        let number = db.add_device(&made_up).await.unwrap();
        let sample = SampleRow { device_number: number, taken_at: at(1), sample: Sample::default() };
        db.add_samples(&[sample]).await.unwrap();
        let made_up_run = Run { sample: true, area: Some(area.id), ..run("r", "made-up", "MC/2026/0001") };
        db.add_run(&made_up_run).await.unwrap();
        assert_eq!(db.remove_sample().await.unwrap(), 1);
        assert_eq!(db.areas().await.unwrap(), []);
        let left: Vec<DeviceId> = db.fleet().await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(left, [real.id]);
        assert_eq!(db.samples(number, at(0), 9).await.unwrap(), []);
    }

    async fn a_lease_is_held_by_one_until_it_expires(store: &Store) {
        let mut db = store.write().await.unwrap();
        assert!(db.take_lease("timers", "a", at(0), at(10)).await.unwrap());
        assert!(!db.take_lease("timers", "b", at(5), at(15)).await.unwrap());
        assert!(db.take_lease("timers", "a", at(5), at(15)).await.unwrap());
        assert!(db.take_lease("timers", "b", at(16), at(26)).await.unwrap());
    }

    async fn audit_entries_are_chained(store: &Store) {
        let entry = AuditEntry { act: "code.create", subject: "code 1".into(), detail: String::new() };
        for second in 0..3 {
            let mut db = store.write().await.unwrap();
            db.audit(&Actor::Console, &entry, at(second)).await.unwrap();
            db.commit().await.unwrap();
        }
        let mut db = store.write().await.unwrap();
        db.audit(&Actor::Machine, &entry, at(9)).await.unwrap();
    }

    async fn actions_wait_are_sent_once_and_finish_for_their_device_only(store: &Store) {
        let device = with_device(store, "a").await;
        let other = with_device(store, "b").await;
        let action = NewAction {
            id: ActionId::new("x"),
            device: device.id.clone(),
            kind: "probe_now",
            requested_by: "Ana".into(),
        };
        let mut db = store.write().await.unwrap();
        db.add_action(&action, at(1)).await.unwrap();
        assert_eq!(db.actions_waiting(at(0)).await.unwrap().len(), 1);
        assert!(db.set_action_sent(&action.id, at(2)).await.unwrap());
        assert!(!db.set_action_sent(&action.id, at(2)).await.unwrap());
        db.finish_action(&action.id, &other.id, "done", "", at(3)).await.unwrap();
        assert_eq!(db.actions_of(&device.id, 5).await.unwrap()[0].outcome, None);
        db.finish_action(&action.id, &device.id, "done", "5 secciones", at(3)).await.unwrap();
        let kept = &db.actions_of(&device.id, 5).await.unwrap()[0];
        assert_eq!((kept.outcome.as_deref(), kept.detail.as_str()), (Some("done"), "5 secciones"));
    }
}

#[tokio::test]
async fn a_damaged_sqlite_file_is_refused_with_the_remedy() {
    let fresh = super::testing::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    fresh.store.backup(&file).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 3]).unwrap();
    let error = Store::open(&Database::Sqlite(file)).await.unwrap_err();
    assert!(!error.to_string().is_empty());
}

#[tokio::test]
async fn a_backup_is_a_database_of_its_own() {
    let fresh = super::testing::sqlite().await;
    with_device(&fresh.store, "a").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    fresh.store.backup(&file).await.unwrap();
    let copy = Store::open(&Database::Sqlite(file)).await.unwrap();
    assert_eq!(copy.read().await.unwrap().fleet().await.unwrap().len(), 1);
}
