//! Links to sign and signatures, on both engines.

use super::*;
use crate::domain::signature::{Signature, SigningLink, Strokes};

fn link(id: &str) -> SigningLink {
    SigningLink {
        id: SigningLinkId::new(id),
        run: RunId::new("r1"),
        step: StepId::new("11"),
        run_version: 7,
        text: "Trámite MC/2026/0001\nSe firma".into(),
        text_sha256: "ab".into(),
        created_by: "Ana Núñez".into(),
        created_at: at(1),
        expires_at: at(100),
        signed_at: None,
        revoked_at: None,
    }
}

on_both_engines! {
    async fn a_link_is_spent_once_and_not_when_it_is_over_or_taken_back(store: &Store) {
        with_device(store, "a").await;
        let mut db = store.write().await.unwrap();
        db.add_run(&run("r1", "a", "MC/2026/0001")).await.unwrap();
        db.add_signing_link(&link("one"), "hash one").await.unwrap();
        assert_eq!(db.signing_link("hash one").await.unwrap(), Some(link("one")));
        assert_eq!(db.signing_link("one").await.unwrap(), None);
        let one = SigningLinkId::new("one");
        assert!(!db.spend_signing_link(&one, at(100)).await.unwrap(), "it is over");
        assert!(db.spend_signing_link(&one, at(99)).await.unwrap());
        assert!(!db.spend_signing_link(&one, at(99)).await.unwrap(), "once");
        db.add_signing_link(&SigningLink { created_at: at(2), ..link("two") }, "hash two").await.unwrap();
        assert_eq!(db.revoke_signing_links(&RunId::new("r1"), at(3)).await.unwrap(), 1);
        assert!(!db.spend_signing_link(&SigningLinkId::new("two"), at(4)).await.unwrap());
        let links = db.signing_links(&RunId::new("r1")).await.unwrap();
        assert_eq!((links[0].revoked_at, links[1].signed_at), (Some(at(3)), Some(at(99))));
    }

    async fn a_signature_keeps_its_strokes_and_its_text(store: &Store) {
        with_device(store, "a").await;
        let strokes = Strokes::new(vec![(0..40).map(|at| (at * 5, 30 + at % 9)).collect()]).unwrap();
        let drawn = Signature {
            id: "s1".into(),
            run: RunId::new("r1"),
            step: StepId::new("11"),
            link: Some(SigningLinkId::new("one")),
            name: "Rosa Peña".into(),
            post: "Tesorera".into(),
            strokes: Some(strokes),
            text: "lo que se leyó".into(),
            text_sha256: "ab".into(),
            signed_at: at(5),
            address: "192.0.2.1".into(),
        };
        let typed = Signature {
            id: "s2".into(),
            link: None,
            strokes: None,
            signed_at: at(6),
            ..drawn.clone()
        };
        let mut db = store.write().await.unwrap();
        db.add_run(&run("r1", "a", "MC/2026/0001")).await.unwrap();
        db.add_signing_link(&link("one"), "hash one").await.unwrap();
        db.add_signature(&drawn).await.unwrap();
        db.add_signature(&typed).await.unwrap();
        assert_eq!(db.signatures(&RunId::new("r1")).await.unwrap(), [drawn, typed]);
    }
}
