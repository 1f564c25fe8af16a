//! Deciding about people, on both engines.

use super::*;
use crate::store::testing::on_both_engines;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn root() -> Decider {
    Decider { actor: Actor::Console, administrator: true }
}

fn head() -> Decider {
    let person = Person::new(PersonId::new("h"), "h", "Eva", Roles::of(Role::Head));
    Decider { actor: Actor::of(&person), administrator: false }
}

fn wanted(name: &str) -> Wanted {
    Wanted { name: name.into(), roles: Roles::of(Role::Technician), ..Wanted::default() }
}

async fn administrator(store: &Store) -> PersonId {
    let all = Wanted { administrator: true, ..wanted("Ana Núñez") };
    add_person(store, "ana", &all, &root(), at(0)).await.unwrap()
}

on_both_engines! {
    async fn a_person_is_added_changed_shut_out_and_keeps_their_history(store: &Store) {
        administrator(store).await;
        let id = add_person(store, " Luis ", &wanted("Luis  Peña"), &root(), at(1)).await.unwrap();
        let taken = add_person(store, "luis", &wanted("Otro"), &root(), at(1)).await;
        assert!(matches!(taken, Err(Error::Unfit(why)) if why.contains("«luis»")));
        let to = Wanted { email: "luis@ejemplo.gob.mx".into(), roles: Roles::of(Role::FrontDesk), ..wanted("Luis Peña") };
        change_person(store, &id, &to, &head(), at(2)).await.unwrap();
        let link = recovery_link(store, &id, false, &head(), at(3)).await.unwrap();
        let newer = recovery_link(store, &id, false, &head(), at(3)).await.unwrap();
        assert!(sign_in::link_owner(store, &link, at(4)).await.is_err(), "the newer one took its place");
        sign_in::link_owner(store, &newer, at(4)).await.unwrap();
        set_disabled(store, &id, true, &head(), at(5)).await.unwrap();
        assert!(sign_in::link_owner(store, &newer, at(6)).await.is_err());
        assert!(recovery_link(store, &id, false, &head(), at(6)).await.is_err());
        let mut read = store.read().await.unwrap();
        let person = read.person(&id).await.unwrap().unwrap();
        assert_eq!((person.login.as_str(), person.name.as_str(), person.disabled_at), ("luis", "Luis Peña", Some(at(5))));
        assert_eq!(person.email.as_deref(), Some("luis@ejemplo.gob.mx"));
        let acts = read.audit_acts().await.unwrap();
        assert_eq!(acts, ["person.create", "person.create", "person.change", "person.link", "person.link", "person.disable"]);
    }

    async fn the_head_has_no_way_to_the_rights_of_an_administrator(store: &Store) {
        let ana = administrator(store).await;
        let given = Wanted { administrator: true, ..wanted("Yo") };
        let ways = [
            add_person(store, "yo", &given, &head(), at(1)).await.map(drop),
            change_person(store, &ana, &wanted("Ana"), &head(), at(1)).await,
            set_disabled(store, &ana, true, &head(), at(1)).await,
            recovery_link(store, &ana, true, &head(), at(1)).await.map(drop),
        ];
        for way in ways {
            assert!(matches!(way, Err(Error::NotAllowed(_))), "{way:?}");
        }
    }

    async fn somebody_always_administers_and_nobody_shuts_themselves_out(store: &Store) {
        let ana = administrator(store).await;
        for lost in [
            change_person(store, &ana, &wanted("Ana"), &root(), at(1)).await,
            set_disabled(store, &ana, true, &root(), at(1)).await,
        ] {
            assert!(matches!(lost, Err(Error::Unfitting(_))), "{lost:?}");
        }
        let person = store.read().await.unwrap().person(&ana).await.unwrap().unwrap();
        assert!(person.administrator && person.disabled_at.is_none(), "nothing was kept");
        let herself = Decider { actor: Actor::of(&person), administrator: true };
        let out = set_disabled(store, &ana, true, &herself, at(1)).await;
        assert!(matches!(out, Err(Error::Unfitting(why)) if why.contains("propia")));
    }
}
