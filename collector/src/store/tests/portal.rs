//! Requests of the portal, on both engines.

use jiff::SignedDuration;

use super::*;
use crate::domain::portal::Service;

on_both_engines! {
    async fn a_request_is_found_by_its_folio_and_keeps_what_is_said_in_order(store: &Store) {
        with_device(store, "a").await;
        let id = RunId::new("r1");
        let request =
            PortalRequest { run: id.clone(), code_hash: "$argon2id$x".into(), service: Service::Advice };
        let message = |second, from_requester, body: &str| PortalMessage {
            at: at(second),
            from_requester,
            author: "Rosa Peña".into(),
            body: body.into(),
        };
        let mut db = store.write().await.unwrap();
        db.add_run(&run("r1", "a", "MC/2026/0001")).await.unwrap();
        db.add_portal_request(&request, "00", at(1)).await.unwrap();
        // Said in the same instant: the order is that of arrival.
        for body in ["uno", "dos", "tres"] {
            db.add_portal_message(&id, &message(5, body == "dos", body)).await.unwrap();
        }
        db.commit().await.unwrap();
        let mut read = store.read().await.unwrap();
        assert_eq!(read.portal_request("MC/2026/0001").await.unwrap(), Some(request));
        assert_eq!(read.portal_request("MC/2026/0002").await.unwrap(), None);
        assert!(read.is_from_portal(&id).await.unwrap());
        let said = read.portal_messages(&id).await.unwrap();
        assert_eq!(said, [message(5, false, "uno"), message(5, true, "dos"), message(5, false, "tres")]);
    }

    async fn attempts_are_counted_within_their_window_and_forgotten_after_it(store: &Store) {
        let hour = SignedDuration::from_hours(1);
        let mut db = store.write().await.unwrap();
        for attempt in 1..=3 {
            let (attempts, until) =
                db.count_portal_attempt("codes of a", at(attempt), at(attempt) - hour).await.unwrap();
            assert_eq!((attempts, until.as_second()), (attempt, 0));
        }
        db.block_portal_subject("codes of a", at(60)).await.unwrap();
        db.forgive_portal_attempt("codes of b").await.unwrap();
        let (attempts, until) = db.count_portal_attempt("codes of a", at(9), at(9) - hour).await.unwrap();
        assert_eq!((attempts, until), (4, at(60)));
        db.forgive_portal_attempt("codes of a").await.unwrap();
        let (attempts, until) = db.count_portal_attempt("codes of a", at(10), at(10) - hour).await.unwrap();
        assert_eq!((attempts, until.as_second()), (4, 0));
        let (attempts, _) = db.count_portal_attempt("codes of a", at(3_700), at(3_700) - hour).await.unwrap();
        assert_eq!(attempts, 1, "the window is over");
        db.forget_portal_attempts(at(3_701)).await.unwrap();
        let (attempts, _) = db.count_portal_attempt("codes of a", at(3_702), at(3_702) - hour).await.unwrap();
        assert_eq!(attempts, 1);
    }

    async fn a_pc_is_found_by_its_label_unless_it_is_shut_out(store: &Store) {
        let device = with_device(store, "a").await;
        let mut db = store.write().await.unwrap();
        let found = db.device_by_number(device.number).await.unwrap();
        assert_eq!(found.map(|found| found.id), Some(device.id.clone()));
        assert_eq!(db.device_by_number(device.number + 1).await.unwrap(), None);
        assert!(db.set_device_status(&device.id, DeviceStatus::Revoked).await.is_ok());
        assert_eq!(db.device_by_number(device.number).await.unwrap(), None);
    }
}
