//! Orders given, refused, ended and recorded, on both engines.

use std::sync::Arc;

use super::*;
use crate::actions::Library;
use crate::actions::judge::Bench;
use crate::actions::receive_report::{Content, Delivery, Receiver, Record};
use crate::domain::device::Device;
use crate::domain::id::{PersonId, RunId};
use crate::domain::person::{Person, Role, Roles};
use crate::domain::reading::Protocol;
use crate::domain::run::{EventKind, Run};
use crate::store::testing::on_both_engines;

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

async fn device(store: &Store, id: &str, status: DeviceStatus) -> DeviceId {
    let device = Device {
        id: DeviceId::new(id),
        number: 0,
        name: format!("PC-{id}"),
        area: None,
        status,
        hints: Default::default(),
        enrolled_at: now(),
        sample: false,
    };
    let mut db = store.write().await.unwrap();
    db.add_device(&device).await.unwrap();
    db.commit().await.unwrap();
    device.id
}

fn by(role: Role) -> Ordering {
    let actor = Actor::of(&Person::new(PersonId::new("p"), "ana", "Ana", Roles::of(role)));
    Ordering { actor, administrator: false }
}

fn order(action: Action) -> Order {
    Order { action, patience: None }
}

fn block(port: u16) -> Order {
    order(Action::BlockPort { protocol: Protocol::Tcp, port, minutes: 60 })
}

fn result_of(device: &DeviceId, action: &ActionId, seq: u64) -> Delivery {
    let detail = "el antivirus no reportó detecciones".into();
    let result = ActionResult { outcome: ActionOutcome::Done, detail, evidence: None };
    let record = Record {
        seq,
        previous_hash: [0; 16],
        hash: [1; 16],
        taken_at: now(),
        content: Content::ActionResult { action: action.clone(), result: Box::new(result) },
    };
    Delivery {
        device: device.clone(),
        number: 1,
        epoch: 7,
        received_at: now(),
        clock_skew_us: 0,
        records: vec![record],
    }
}

async fn open_run(store: &Store, library: &Library, device: &DeviceId) -> RunId {
    let procedure = library.get("corrective").unwrap();
    let edition = (procedure.code.clone(), procedure.edition.clone());
    let (folio, step) = ("MC/2026/0001".into(), procedure.steps[1].id.clone());
    let run = Run {
        device: Some(device.clone()),
        ..Run::begun(RunId::new("r"), folio, edition, "x".into(), step, now())
    };
    let mut db = store.write().await.unwrap();
    db.add_run(&run).await.unwrap();
    db.commit().await.unwrap();
    run.id
}

on_both_engines! {
    async fn what_may_not_be_ordered_is_refused_and_leaves_nothing(store: &Store) {
        let id = device(store, "a", DeviceStatus::Approved).await;
        let waits = device(store, "b", DeviceStatus::Pending).await;
        let refused = async |id: &DeviceId, order: &Order, who: Role| {
            order_action(store, id, order, &by(who), now()).await.unwrap_err()
        };
        assert!(matches!(refused(&id, &block(445), Role::Technician).await, Error::NotAllowed(_)));
        let scan = order(Action::QuickScan {});
        assert!(matches!(refused(&id, &scan, Role::FrontDesk).await, Error::NotAllowed(_)));
        assert!(matches!(refused(&id, &block(0), Role::Head).await, Error::Unfit(_)));
        let never = Order { patience: Some(SignedDuration::from_hours(999)), ..scan.clone() };
        assert!(matches!(refused(&id, &never, Role::Head).await, Error::Unfit(_)));
        assert!(matches!(refused(&waits, &scan, Role::Head).await, Error::Unfitting(_)));
        let nobody = DeviceId::new("nadie");
        assert!(matches!(refused(&nobody, &scan, Role::Head).await, Error::NotFound(_)));
        let mut read = store.read().await.unwrap();
        assert_eq!(read.actions_of(&id, 5).await.unwrap(), []);
        assert_eq!(read.audit_acts().await.unwrap(), Vec::<String>::new());
    }

    async fn so_many_orders_may_be_open_and_no_more(store: &Store) {
        let id = device(store, "a", DeviceStatus::Approved).await;
        for port in 1..=action::OPEN as u16 {
            order_action(store, &id, &block(port), &by(Role::Head), now()).await.unwrap();
        }
        let over = order_action(store, &id, &block(99), &by(Role::Head), now()).await;
        assert!(matches!(over.unwrap_err(), Error::Unfitting(_)));
    }

    async fn an_order_and_its_end_are_audited_and_nobody_waits_for_ever(store: &Store) {
        let id = device(store, "a", DeviceStatus::Approved).await;
        let order = block(445);
        let action = order_action(store, &id, &order, &by(Role::Head), now()).await.unwrap();
        let kept = store.read().await.unwrap().action(&action).await.unwrap().unwrap();
        assert_eq!(kept.expires_at, now() + SignedDuration::from_hours(24));
        assert_eq!(expire_actions(store, kept.expires_at - SignedDuration::from_secs(1)).await.unwrap(), 0);
        assert_eq!(expire_actions(store, kept.expires_at).await.unwrap(), 1);
        assert_eq!(expire_actions(store, kept.expires_at).await.unwrap(), 0);
        let mut read = store.read().await.unwrap();
        let ended = read.action(&action).await.unwrap().unwrap();
        assert_eq!(ended.outcome, Some(ActionOutcome::Expired));
        assert_eq!(read.audit_acts().await.unwrap(), ["action.order", "action.result"]);
    }

    async fn a_result_is_evidence_in_the_devices_open_run_and_is_taken_once(store: &Store) {
        let id = device(store, "a", DeviceStatus::Approved).await;
        let library = Library::embedded().unwrap();
        let run = open_run(store, &library, &id).await;
        let scan = order(Action::QuickScan {});
        let action = order_action(store, &id, &scan, &by(Role::Technician), now()).await.unwrap();
        let mut receiver =
            Receiver::new(Arc::new(Bench {
                thresholds: Default::default(),
                library,
                hours: Default::default(),
            }));
        // The agent died between answer and note, and answered again.
        for seq in [1, 2] {
            let mut delivery = result_of(&id, &action, seq);
            delivery.records[0].previous_hash = if seq == 1 { [0; 16] } else { [1; 16] };
            receiver.receive(store, &[delivery], now()).await.unwrap();
        }
        let mut read = store.read().await.unwrap();
        let events = read.run_events(&run).await.unwrap();
        assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::ActionEnded]);
        let evidence = events[0].evidence.clone().unwrap();
        assert_eq!(evidence.rule, "quick_scan");
        assert_eq!(evidence.summary, "Análisis rápido, hecha: el antivirus no reportó detecciones");
        assert_eq!(evidence.source, "orden de Ana (done)");
        assert_eq!(read.audit_acts().await.unwrap(), ["action.order", "action.result"]);
        assert!(!read.run(&run).await.unwrap().unwrap().touched, "no person has acted");
    }
}
