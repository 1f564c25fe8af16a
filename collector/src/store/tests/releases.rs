//! Releases, offers and the ends of updates, on both engines.

use atalaya_proto::release::{Manifest, Version};

use super::*;
use crate::domain::release::{Ended, Offer, Release, UpdateOutcome};

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn release(text: &str, target: &str) -> Release {
    let manifest = Manifest {
        product: "atalaya-agent".into(),
        version: version(text),
        target: target.into(),
        size: 7,
        sha256: [7; 32],
        made_at: at(0),
        expires_at: at(1000),
        minimum_version: version("0.1.0"),
    };
    Release { manifest, signature: "s".into(), added_by: "Consola".into(), added_at: at(1) }
}

on_both_engines! {
    async fn a_release_reads_back_as_it_was_signed_and_is_there_once(store: &Store) {
        let mut db = store.write().await.unwrap();
        db.add_release(&release("0.2.0", "linux")).await.unwrap();
        db.add_release(&release("0.2.0", "windows")).await.unwrap();
        db.commit().await.unwrap();
        let read = store.read().await.unwrap().releases().await.unwrap();
        assert_eq!(read, [release("0.2.0", "linux"), release("0.2.0", "windows")]);
        let mut db = store.write().await.unwrap();
        let again = db.add_release(&release("0.2.0", "linux")).await.unwrap_err();
        assert!(again.is_conflict(), "{again}");
        drop(db);
        let mut db = store.write().await.unwrap();
        assert_eq!(db.remove_release(version("0.2.0")).await.unwrap(), 2);
        assert_eq!(db.remove_release(version("0.2.0")).await.unwrap(), 0);
    }

    async fn an_offer_replaces_the_one_to_the_same_devices_only(store: &Store) {
        let area = Area { id: AreaId::new("a"), name: "Tesorería".into(), site: None, sample: false };
        let offer = |area: Option<&str>, share| Offer {
            version: version("0.2.0"),
            area: area.map(AreaId::new),
            share,
            offered_by: "Consola".into(),
            offered_at: at(share.into()),
        };
        let mut db = store.write().await.unwrap();
        db.add_area(&area, at(0)).await.unwrap();
        for one in [offer(None, 10), offer(Some("a"), 20), offer(None, 30)] {
            db.put_offer(&one).await.unwrap();
        }
        db.commit().await.unwrap();
        let offers = store.read().await.unwrap().offers().await.unwrap();
        assert_eq!(offers, [offer(None, 30), offer(Some("a"), 20)]);
        let mut db = store.write().await.unwrap();
        assert_eq!(db.withdraw(version("0.2.0")).await.unwrap(), 2);
    }

    async fn how_an_update_ended_is_kept_once_and_counted(store: &Store) {
        let device = with_device(store, "a").await;
        let ended = |outcome, second| Ended {
            version: "0.2.0".into(),
            outcome,
            detail: "<b>".into(),
            at: at(second),
        };
        let mut db = store.write().await.unwrap();
        assert_eq!(db.device_update(&device.id).await.unwrap(), None);
        assert!(db.put_update_end(&device.id, &ended(UpdateOutcome::Failed, 1)).await.unwrap());
        assert!(!db.put_update_end(&device.id, &ended(UpdateOutcome::Failed, 2)).await.unwrap());
        db.put_asked(&device.id, "linux", Some("0.3.0"), at(3)).await.unwrap();
        assert!(db.put_update_end(&device.id, &ended(UpdateOutcome::Installed, 4)).await.unwrap());
        db.put_asked(&device.id, "linux", None, at(5)).await.unwrap();
        db.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let update = db.device_update(&device.id).await.unwrap().unwrap();
        assert_eq!(update.ended, Some(ended(UpdateOutcome::Installed, 4)));
        assert_eq!((update.target.as_str(), update.offered, update.asked_at), ("linux", None, Some(at(5))));
        let fleet = db.device_updates().await.unwrap();
        assert_eq!((fleet.len(), fleet[0].0.as_str()), (1, device.name.as_str()));
        assert_eq!(fleet[0].2, db.device_update(&device.id).await.unwrap().unwrap());
        let counts = db.update_outcomes().await.unwrap();
        assert_eq!(counts, [("0.2.0".into(), UpdateOutcome::Installed, 1)]);
    }
}
