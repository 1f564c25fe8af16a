//! Signing in against a real store.

use super::attempts::{FREE_FAILURES, LONGEST_WAIT, wait_after};
use super::*;
use crate::domain::person::{Role, Roles};
use crate::store::Database;

const PASSWORD: &str = "cuatro palabras al azar";

const CLIENT: Client<'_> = Client { address: "192.0.2.7", browser: "Firefox" };

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    ana: PersonId,
    now: Timestamp,
}

impl House {
    async fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::Sqlite(folder.path().join("a.db"))).await.unwrap();
        let now = Timestamp::now();
        let ana = PersonId::new("p1");
        let roles = Roles::of(Role::Technician);
        let person =
            Person { administrator: true, ..Person::new(ana.clone(), "ana", "Ana Muñoz", roles) };
        let mut write = store.write().await.unwrap();
        write.add_person(&person, now).await.unwrap();
        write.commit().await.unwrap();
        House { _folder: folder, store, ana, now }
    }

    async fn link(&self) -> Secret {
        let mut write = self.store.write().await.unwrap();
        let link = create_link(&mut write, &self.ana, false, self.now).await.unwrap();
        write.commit().await.unwrap();
        link
    }

    async fn with_password() -> House {
        let house = House::new().await;
        let link = house.link().await;
        accept_link(&house.store, &link, PASSWORD.into(), CLIENT, house.now).await.unwrap();
        house
    }

    async fn enter(&self, login: &str, password: &str, now: Timestamp) -> Result<Secret, Error> {
        let entered = sign_in(&self.store, login, password.into(), CLIENT, now).await?;
        assert!(!entered.awaits_code);
        Ok(entered.session)
    }
}

#[tokio::test]
async fn a_link_sets_the_password_once_and_begins_a_session() {
    let house = House::new().await;
    let link = house.link().await;
    let short = accept_link(&house.store, &link, "corta".into(), CLIENT, house.now).await;
    assert!(matches!(short, Err(Error::Password(_))));
    let entered =
        accept_link(&house.store, &link, PASSWORD.into(), CLIENT, house.now).await.unwrap();
    let session = entered.session;
    let resumed = resume(&house.store, &session, house.now).await.unwrap().unwrap();
    assert_eq!(resumed.person.name, "Ana Muñoz");
    let again = accept_link(&house.store, &link, PASSWORD.into(), CLIENT, house.now).await;
    assert!(matches!(again, Err(Error::Link)));
    assert!(house.enter(" Ana ", PASSWORD, house.now).await.is_ok());
}

#[tokio::test]
async fn a_link_of_yesterday_opens_nothing() {
    let house = House::new().await;
    let link = house.link().await;
    let late = house.now + LINK + SignedDuration::from_secs(1);
    assert!(matches!(link_owner(&house.store, &link, late).await, Err(Error::Link)));
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_when_somebody_signs_out() {
    let house = House::with_password().await;
    let session = house.enter("ana", PASSWORD, house.now).await.unwrap();
    let later = house.now + SignedDuration::from_hours(11);
    assert!(resume(&house.store, &session, later).await.unwrap().is_some());
    let much_later = later + SignedDuration::from_hours(11);
    assert!(resume(&house.store, &session, much_later).await.unwrap().is_some(), "use keeps it");
    let idle = much_later + SignedDuration::from_hours(13);
    assert!(resume(&house.store, &session, idle).await.unwrap().is_none());
    let other = house.enter("ana", PASSWORD, house.now).await.unwrap();
    sign_out(&house.store, &other).await.unwrap();
    assert!(resume(&house.store, &other, house.now).await.unwrap().is_none());
}

#[tokio::test]
async fn failures_make_everybody_wait_longer_and_the_right_password_waits_too() {
    let house = House::with_password().await;
    for _ in 0..=FREE_FAILURES {
        let refused = house.enter("ana", "otra cosa distinta", house.now).await;
        assert!(matches!(refused, Err(Error::Mismatch)));
    }
    assert!(matches!(house.enter("ana", PASSWORD, house.now).await, Err(Error::Wait(2))));
    let other = house.enter("nadie", PASSWORD, house.now).await;
    assert!(
        matches!(other, Err(Error::Mismatch)),
        "colleagues at the same address do not wait yet"
    );
    let after = house.now + SignedDuration::from_secs(2);
    assert!(house.enter("ana", PASSWORD, after).await.is_ok());
}

#[test]
fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
    let waits: Vec<i64> =
        [1, 4, 5, 6, 10, 60].map(|n| wait_after(n, FREE_FAILURES).as_secs()).into();
    assert_eq!(waits, [0, 0, 2, 4, 64, LONGEST_WAIT]);
}

#[tokio::test]
async fn another_password_ends_the_other_sessions_and_wants_the_present_one() {
    let house = House::with_password().await;
    let here = house.enter("ana", PASSWORD, house.now).await.unwrap();
    let there = house.enter("ana", PASSWORD, house.now).await.unwrap();
    let ana = resume(&house.store, &here, house.now).await.unwrap().unwrap().person;
    let change = async |present: &str, new: &str| {
        let both = (present.to_owned(), new.to_owned());
        change_password(&house.store, &ana, both, &here, house.now).await
    };
    assert!(matches!(change("no es esa", "otras cuatro palabras").await, Err(Error::Mismatch)));
    assert!(matches!(change(PASSWORD, "corta").await, Err(Error::Password(_))));
    change(PASSWORD, "otras cuatro palabras").await.unwrap();
    assert!(resume(&house.store, &here, house.now).await.unwrap().is_some(), "this one stays");
    assert!(resume(&house.store, &there, house.now).await.unwrap().is_none());
    assert!(matches!(house.enter("ana", PASSWORD, house.now).await, Err(Error::Mismatch)));
    assert!(house.enter("ana", "otras cuatro palabras", house.now).await.is_ok());
}
