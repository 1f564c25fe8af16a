//! The second factor against real stores, with codes made as a telephone makes them.

use jiff::SignedDuration;

use super::*;
use crate::actions::sign_in::{self, Client, Entered};
use crate::domain::person::{Role, Roles};
use crate::store::testing::on_both_engines;

const PASSWORD: &str = "cuatro palabras al azar";
const CLIENT: Client<'_> = Client { address: "192.0.2.7", browser: "Firefox" };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_010 + second).unwrap()
}

/// What the telephone shows.
fn code(enrolment: &Enrolment, now: Timestamp) -> String {
    let plain: String = enrolment.secret.chars().filter(|c| *c != ' ').collect();
    let secret = BASE32_NOPAD.decode(plain.as_bytes()).unwrap();
    let telephone =
        Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret).build().unwrap();
    telephone.generate(now.as_second() as u64).to_string()
}

async fn ana(store: &Store) -> Person {
    let ana = Person::new(PersonId::new("p"), "ana", "Ana Núñez", Roles::of(Role::Head));
    let mut db = store.write().await.unwrap();
    db.add_person(&ana, at(0)).await.unwrap();
    let link = sign_in::create_link(&mut db, &ana.id, false, at(0)).await.unwrap();
    db.commit().await.unwrap();
    sign_in::accept_link(store, &link, PASSWORD.into(), CLIENT, at(0)).await.unwrap();
    ana
}

fn seal() -> (tempfile::TempDir, Seal) {
    let folder = tempfile::tempdir().unwrap();
    let seal = Seal::open(folder.path()).unwrap();
    (folder, seal)
}

async fn enter(store: &Store, now: Timestamp) -> Entered {
    sign_in::sign_in(store, "ana", PASSWORD.into(), CLIENT, now).await.unwrap()
}

on_both_engines! {
    async fn a_session_opens_nothing_before_the_code_and_a_code_is_taken_once(store: &Store) {
        let (_folder, seal) = seal();
        let ana = ana(store).await;
        let enrolment = begin(store, &seal, &ana).await.unwrap();
        assert_eq!(begun(store, &seal, &ana).await.unwrap(), Some(enrolment.clone()));
        assert!(!enter(store, at(1)).await.awaits_code, "not proven yet");
        let wrong = enrol(store, &seal, &ana, "000000", at(1)).await;
        assert!(matches!(wrong, Err(Error::Code)));
        let first = code(&enrolment, at(1));
        assert_eq!(enrol(store, &seal, &ana, &first, at(1)).await.unwrap().len(), RECOVERY_CODES);
        let Entered { session, awaits_code } = enter(store, at(2)).await;
        assert!(awaits_code);
        assert!(sign_in::resume(store, &session, at(2)).await.unwrap().is_none(), "no session yet");
        let replayed = sign_in::confirm(store, &seal, &session, &first, CLIENT, at(3)).await;
        assert!(matches!(replayed, Err(Error::Code)), "the code that enrolled was taken");
        let later = at(30);
        let next = code(&enrolment, later);
        let spaced = format!("{} {}", &next[..3], &next[3..]);
        let whole = sign_in::confirm(store, &seal, &session, &spaced, CLIENT, later).await.unwrap();
        assert_eq!(sign_in::resume(store, &whole, later).await.unwrap().unwrap().person, ana);
        assert!(sign_in::waiting_for_code(store, &session, later).await.unwrap().is_none());
        let again = enter(store, at(31)).await.session;
        let replayed = sign_in::confirm(store, &seal, &again, &next, CLIENT, at(31)).await;
        assert!(matches!(replayed, Err(Error::Code)));
    }

    async fn a_clock_may_be_half_a_minute_off_and_no_more(store: &Store) {
        let (_folder, seal) = seal();
        let ana = ana(store).await;
        let enrolment = begin(store, &seal, &ana).await.unwrap();
        enrol(store, &seal, &ana, &code(&enrolment, at(0)), at(0)).await.unwrap();
        for (at_minute, (off, good)) in (10..).zip([(-60, false), (60, false), (-30, true), (30, true)]) {
            let now = at(at_minute * 60);
            let session = enter(store, now).await.session;
            let shown = code(&enrolment, now + SignedDuration::from_secs(off));
            let taken = sign_in::confirm(store, &seal, &session, &shown, CLIENT, now).await;
            assert_eq!(taken.is_ok(), good, "{off} s");
        }
    }

    async fn a_recovery_code_opens_once_and_a_link_can_take_the_factor_away(store: &Store) {
        let (_folder, seal) = seal();
        let ana = ana(store).await;
        let enrolment = begin(store, &seal, &ana).await.unwrap();
        let codes = enrol(store, &seal, &ana, &code(&enrolment, at(0)), at(0)).await.unwrap();
        let session = enter(store, at(1)).await.session;
        let typed = codes[3].to_uppercase();
        sign_in::confirm(store, &seal, &session, &typed, CLIENT, at(1)).await.unwrap();
        assert_eq!(store.read().await.unwrap().recovery_codes_left(&ana.id).await.unwrap(), 9);
        let session = enter(store, at(2)).await.session;
        let again = sign_in::confirm(store, &seal, &session, &codes[3], CLIENT, at(2)).await;
        assert!(matches!(again, Err(Error::Code)));
        let mut db = store.write().await.unwrap();
        let link = sign_in::create_link(&mut db, &ana.id, true, at(3)).await.unwrap();
        db.commit().await.unwrap();
        let entered = sign_in::accept_link(store, &link, PASSWORD.into(), CLIENT, at(4)).await.unwrap();
        assert!(!entered.awaits_code);
        assert_eq!(store.read().await.unwrap().totp(&ana.id).await.unwrap(), None);
    }

    async fn whoever_guesses_codes_waits_longer_and_longer(store: &Store) {
        let (_folder, seal) = seal();
        let ana = ana(store).await;
        let enrolment = begin(store, &seal, &ana).await.unwrap();
        enrol(store, &seal, &ana, &code(&enrolment, at(0)), at(0)).await.unwrap();
        let session = enter(store, at(1)).await.session;
        for _ in 0..5 {
            let refused = sign_in::confirm(store, &seal, &session, "000000", CLIENT, at(2)).await;
            assert!(matches!(refused, Err(Error::Code)));
        }
        let session = enter(store, at(3)).await.session;
        let good = code(&enrolment, at(40));
        let refused = sign_in::confirm(store, &seal, &session, &good, CLIENT, at(3)).await;
        assert!(matches!(refused, Err(Error::Wait(1))), "the password does not end the wait: {refused:?}");
        sign_in::confirm(store, &seal, &session, &good, CLIENT, at(40)).await.unwrap();
    }

    async fn a_copy_of_the_database_holds_no_secret_that_can_be_used(store: &Store) {
        let (_folder, seal) = seal();
        let ana = ana(store).await;
        let enrolment = begin(store, &seal, &ana).await.unwrap();
        let kept = store.read().await.unwrap().totp(&ana.id).await.unwrap().unwrap().sealed;
        let plain = enrolment.secret.replace(' ', "");
        assert!(!kept.contains(&plain) && !kept.is_empty());
        let (_other, stranger) = self::seal();
        assert!(begun(store, &stranger, &ana).await.is_err());
    }
}
