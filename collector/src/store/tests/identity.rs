//! Who uses an identity and what people decided, on both engines.

use super::*;
use crate::domain::identity::{Conflict, STARTS, Sign, Start};
use crate::domain::likeness::{Decision, Likeness, Mark};

fn start(id: u64, second: i64) -> Start {
    Start {
        id,
        previous: 0,
        first_seen_at: at(second),
        arrived_at: at(second),
        address: "10.0.0.7".into(),
        certificate: "01".into(),
        hints: Hints { serial: "'; DROP TABLE device; --".into(), ..Hints::default() },
    }
}

async fn serial(store: &Store, id: &str, serial: &str) -> Device {
    let hints = Hints { serial: serial.into(), ..Hints::default() };
    let made = Device { hints, ..device(id) };
    let mut db = store.write().await.unwrap();
    let number = db.add_device(&made).await.unwrap();
    db.commit().await.unwrap();
    Device { number, ..made }
}

on_both_engines! {
    async fn the_newest_starts_are_remembered_with_when_they_were_first_seen(store: &Store) {
        let device = with_device(store, "a").await;
        let mut db = store.write().await.unwrap();
        for id in 0..u64::from(STARTS) + 3 {
            db.put_start(&device.id, &start(u64::MAX - id, id.cast_signed())).await.unwrap();
        }
        let again = Start { first_seen_at: at(99), arrived_at: at(99), ..start(u64::MAX - 5, 5) };
        db.put_start(&device.id, &again).await.unwrap();
        let read = db.starts(&device.id).await.unwrap();
        assert_eq!(read.len(), STARTS as usize);
        assert!(read.iter().all(|one| one.id <= u64::MAX - 3));
        let kept = read.iter().find(|one| one.id == again.id).unwrap();
        assert_eq!((kept.first_seen_at, kept.arrived_at), (at(5), at(99)));
        assert_eq!(kept.hints, again.hints);
        db.forget_other_starts(&device.id, again.id).await.unwrap();
        assert_eq!(db.starts(&device.id).await.unwrap().len(), 1);
    }

    async fn a_conflict_is_open_until_the_kept_pc_has_a_certificate_of_its_own(store: &Store) {
        let device = with_device(store, "a").await;
        let conflict = Conflict {
            id: "c".into(),
            device: device.id.clone(),
            found_at: at(1),
            sign: Sign::WentBack,
            settled_at: None,
            kept: None,
            rekeyed_at: None,
        };
        let mut db = store.write().await.unwrap();
        db.put_conflict(&conflict).await.unwrap();
        let settled = Conflict { settled_at: Some(at(2)), kept: Some(u64::MAX), ..conflict };
        db.put_conflict(&settled).await.unwrap();
        assert_eq!(db.conflict(&device.id).await.unwrap(), Some(settled.clone()));
        db.put_conflict(&Conflict { rekeyed_at: Some(at(3)), ..settled }).await.unwrap();
        assert_eq!(db.conflict(&device.id).await.unwrap(), None);
    }

    async fn a_decision_on_a_likeness_is_taken_once_and_stays(store: &Store) {
        let known = serial(store, "a", "5XK2R33").await;
        let new = serial(store, "b", " 5xk2r33").await;
        serial(store, "c", "OTRA").await;
        let mut db = store.write().await.unwrap();
        assert_eq!(db.devices_like(&new).await.unwrap(), std::slice::from_ref(&known));
        let likeness = Likeness {
            device: new.id.clone(),
            known: known.id.clone(),
            marks: vec![Mark::Serial, Mark::MachineId],
            found_at: at(1),
            decision: Decision::Proposed,
        };
        db.add_likeness(&likeness).await.unwrap();
        assert_eq!(db.likenesses(Some(&known.id)).await.unwrap(), std::slice::from_ref(&likeness));
        let pair = (&new.id, &known.id);
        assert!(db.decide_likeness(pair, Decision::Merged, "Ana", at(2)).await.unwrap());
        assert!(!db.decide_likeness(pair, Decision::Apart, "Ana", at(3)).await.unwrap());
        db.add_likeness(&likeness).await.unwrap();
        let kept = Likeness { decision: Decision::Merged, ..likeness };
        assert_eq!(db.likenesses(None).await.unwrap(), [kept]);
        assert_eq!(db.devices_like(&new).await.unwrap(), [], "it was merged away");
    }

    async fn a_history_goes_to_another_device_whole(store: &Store) {
        let known = with_device(store, "a").await;
        let new = with_device(store, "b").await;
        let row = |number, second| SampleRow {
            device_number: number,
            taken_at: at(second),
            sample: Sample { cpu_permille: Some(second.unsigned_abs() as u32), ..Sample::default() },
        };
        let gap = |device: &Device, epoch| GapRecord {
            device: device.id.clone(),
            epoch,
            first_seq: 1,
            last_seq: 2,
            lost: 2,
            record_class: "metric",
            reason: "spool_full",
        };
        let mut db = store.write().await.unwrap();
        let measured = [row(known.number, 1), row(known.number, 2), row(new.number, 2)];
        db.add_samples(&measured).await.unwrap();
        db.add_gaps(&[gap(&known, 1), gap(&known, 2), gap(&new, 2)], at(3)).await.unwrap();
        db.add_run(&super::run("r", known.id.as_str(), "MC/2026/1")).await.unwrap();
        db.move_history(&known, &new).await.unwrap();
        let of = [row(new.number, 1), row(new.number, 2)];
        assert_eq!(db.samples(new.number, at(0), 9).await.unwrap(), of);
        assert_eq!(db.samples(known.number, at(0), 9).await.unwrap(), []);
        assert_eq!(db.losses(&new.id).await.unwrap(), [("spool_full".to_owned(), 4)]);
        assert!(db.open_corrective(&new.id).await.unwrap().is_some());
        db.commit().await.unwrap();
    }
}
