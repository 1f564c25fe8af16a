//! Editions of procedures, on both engines.

use super::*;
use crate::domain::edition::{Edition, Origin};

fn edition(code: &str, edition: &str, origin: Origin) -> Edition {
    Edition {
        code: code.into(),
        edition: edition.into(),
        text: format!("code = '{code}' # ñandú"),
        sha256: "00".into(),
        origin,
        added_by: "Consola".into(),
        added_at: at(0),
        in_use: false,
    }
}

on_both_engines! {
    async fn an_edition_is_kept_once_and_one_of_each_procedure_is_in_use(store: &Store) {
        let mut db = store.write().await.unwrap();
        let first = edition("advice", "1", Origin::Embedded);
        let second = edition("advice", "2 municipal", Origin::Own);
        assert!(db.add_edition(&first).await.unwrap());
        assert!(db.add_edition(&second).await.unwrap());
        let other = Edition { text: "otro".into(), ..first.clone() };
        assert!(!db.add_edition(&other).await.unwrap(), "an edition never changes");
        db.use_edition("advice", "1").await.unwrap();
        db.use_edition("advice", "2 municipal").await.unwrap();
        db.commit().await.unwrap();
        let kept = store.read().await.unwrap().editions().await.unwrap();
        assert_eq!(kept, [first, Edition { in_use: true, ..second }]);
        let mut db = store.write().await.unwrap();
        assert!(db.use_edition("advice", "3").await.is_err(), "no such edition");
    }

    async fn whoever_watches_is_told_of_an_edition(store: &Store) {
        let mut db = store.write().await.unwrap();
        db.add_edition(&edition("advice", "1", Origin::Own)).await.unwrap();
        db.commit().await.unwrap();
        let counters = store.read().await.unwrap().change_counters().await.unwrap();
        assert!(counters.contains(&("procedure".to_owned(), 1)), "{counters:?}");
    }
}
