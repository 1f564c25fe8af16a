//! Orders to agents, on both engines.

use jiff::SignedDuration;

use super::*;
use crate::domain::action::{ActionResult, ActionState};
use crate::domain::reading::{Action, ActionOutcome, BlockEvidence, Evidence, Protocol};

fn block(id: &str, device: &DeviceId, expires_at: Timestamp) -> NewAction {
    NewAction {
        id: ActionId::new(id),
        device: device.clone(),
        action: Action::BlockPort { protocol: Protocol::Udp, port: 53, minutes: 5 },
        requested_by: "Ana \"la\" técnica".into(),
        expires_at,
    }
}

fn ended(outcome: ActionOutcome, detail: &str) -> ActionResult {
    let after = "table inet atalaya {\n}".into();
    let evidence = Some(Evidence::Block(BlockEvidence { before: String::new(), after }));
    ActionResult { outcome, detail: detail.into(), evidence }
}

on_both_engines! {
    async fn an_action_keeps_its_parameters_waits_and_finishes_for_its_device_only(store: &Store) {
        let device = with_device(store, "a").await;
        let other = with_device(store, "b").await;
        let action = block("x", &device.id, at(100));
        let mut db = store.write().await.unwrap();
        db.add_action(&action, at(1)).await.unwrap();
        assert_eq!(db.count_open_actions(&device.id).await.unwrap(), 1);
        let waiting = db.actions_waiting(at(99)).await.unwrap();
        assert_eq!((waiting[0].action.as_ref(), waiting[0].state()), (Some(&action.action), ActionState::Ordered));
        assert_eq!(db.actions_waiting(at(100)).await.unwrap(), [], "its time is over");
        // Sent twice, for the first stream broke: the first time counts.
        assert!(db.set_action_sent(&action.id, at(2)).await.unwrap());
        assert!(db.set_action_sent(&action.id, at(3)).await.unwrap());
        let done = ended(ActionOutcome::Done, "listo");
        assert_eq!(db.finish_action(&action.id, &other.id, &done, at(3)).await.unwrap(), None);
        let kept = db.action(&action.id).await.unwrap().unwrap();
        assert_eq!((kept.outcome, kept.state(), kept.sent_at), (None, ActionState::Sent, Some(at(2))));
        let kept = db.finish_action(&action.id, &device.id, &done, at(4)).await.unwrap().unwrap();
        assert_eq!((kept.outcome, &kept.evidence), (Some(ActionOutcome::Done), &done.evidence));
        let again = ended(ActionOutcome::Failed, "otra vez");
        assert_eq!(db.finish_action(&action.id, &device.id, &again, at(5)).await.unwrap(), None);
        assert!(!db.set_action_sent(&action.id, at(6)).await.unwrap());
        assert_eq!(db.actions_of(&device.id, 5).await.unwrap(), [kept]);
    }

    async fn what_nobody_answers_is_overdue_and_a_late_answer_takes_its_place(store: &Store) {
        let device = with_device(store, "a").await;
        let answer = SignedDuration::from_secs(50);
        let mut db = store.write().await.unwrap();
        db.add_action(&block("never-sent", &device.id, at(100)), at(1)).await.unwrap();
        db.add_action(&block("sent", &device.id, at(100)), at(1)).await.unwrap();
        db.set_action_sent(&ActionId::new("sent"), at(2)).await.unwrap();
        let ids = async |db: &mut crate::store::Write, now| -> Vec<String> {
            let overdue = db.actions_overdue(answer, now).await.unwrap();
            overdue.iter().map(|record| record.id.to_string()).collect()
        };
        assert_eq!(ids(&mut db, at(99)).await, Vec::<String>::new());
        assert_eq!(ids(&mut db, at(100)).await, ["never-sent"]);
        assert_eq!(ids(&mut db, at(150)).await.len(), 2);
        let (id, expired) = (ActionId::new("sent"), ended(ActionOutcome::Expired, "sin respuesta"));
        db.finish_action(&id, &device.id, &expired, at(150)).await.unwrap();
        assert_eq!(ids(&mut db, at(150)).await, ["never-sent"]);
        let late = ended(ActionOutcome::Done, "tarde");
        let kept = db.finish_action(&id, &device.id, &late, at(160)).await.unwrap().unwrap();
        assert_eq!((kept.outcome, kept.detail.as_str()), (Some(ActionOutcome::Done), "tarde"));
    }
}
