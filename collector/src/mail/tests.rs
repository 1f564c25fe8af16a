//! The worker before a real SMTP dialogue on loopback: a server that takes messages, refuses them, and drops the line at
//! every step; on both engines.

#[path = "../../../tests/src/fixture/smtp.rs"]
mod smtp;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use self::smtp::{Drop, Script, Smtp};
use super::dialogue::{Delivery, Patience, Server};
use super::{MailSettings, Security, announce, run};
use crate::domain::mail::{GIVE_UP, Mail, MailState};
use crate::domain::notice::NoticeKind;
use crate::store::Store;
use crate::store::testing::on_both_engines;

/// A message with accents wherever there may be some.
pub fn mail(id: &str) -> Mail {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    Mail {
        id: id.to_owned(),
        created_at: now,
        kind: NoticeKind::Step,
        run: None,
        person: None,
        to_address: "ana.nunez@ejemplo.gob.mx".into(),
        to_name: "Ana Núñez, Tesorería".into(),
        subject: "MC/2026/0042: «La impresora de Tesorería no imprime ñandúes»".into(),
        body: "Hola, Ana Núñez:\n\nLe toca el paso 5.\n.\n..dos puntos\n".into(),
        dedupe_key: id.to_owned(),
        message_id: format!("<{id}@ejemplo.gob.mx>"),
        state: MailState::Queued,
        attempts: 0,
        next_at: now,
        give_up_at: now + GIVE_UP,
        last_error: None,
        sent_at: None,
    }
}

fn settings(server: &Smtp) -> MailSettings {
    MailSettings {
        server: Some("127.0.0.1".into()),
        port: Some(server.port()),
        security: Security::None,
        from: "avisos@ejemplo.gob.mx".into(),
        per_minute: 6_000,
        ..MailSettings::default()
    }
}

fn ready(settings: &MailSettings) -> Server {
    let second = Duration::from_secs(1);
    let patience = Patience { connect: second * 2, answer: second * 2, taken: second * 2 };
    Server::new(settings, "atalaya", patience).unwrap()
}

/// A message that is due now and has two days.
fn due(id: &str) -> Mail {
    let now = Timestamp::now();
    Mail { created_at: now, next_at: now, give_up_at: now + GIVE_UP, ..mail(id) }
}

async fn queue(store: &Store, mail: &Mail) -> bool {
    let mut db = store.write().await.unwrap();
    let queued = db.queue_mail(mail).await.unwrap();
    db.commit().await.unwrap();
    queued
}

async fn stored(store: &Store, id: &str) -> Mail {
    store.read().await.unwrap().mail(id).await.unwrap().unwrap()
}

/// Lets a worker send until a message has left the states of waiting, or was tried at least once.
async fn send_until_tried(store: &Store, server: Server, id: &str) -> Mail {
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let work = tokio::spawn(run(store.clone(), server, 6_000, async {
        let _ = ended.await;
    }));
    let tried = async {
        loop {
            let mail = stored(store, id).await;
            if mail.state != MailState::Sending && mail.attempts > 0 {
                return mail;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mail = tokio::time::timeout(Duration::from_secs(30), tried).await.unwrap();
    let _ = end.send(());
    work.await.unwrap();
    mail
}

on_both_engines! {
    async fn a_message_is_queued_once_and_sent_once_as_it_was_written(store: &Store) {
        let smtp = Smtp::start(Script::default()).await;
        assert!(queue(store, &due("1")).await);
        assert!(!queue(store, &Mail { id: "2".into(), ..due("1") }).await);
        let sent = send_until_tried(store, ready(&settings(&smtp)), "1").await;
        assert_eq!((sent.state, sent.attempts, sent.body.as_str()), (MailState::Sent, 1, ""));
        assert!(sent.sent_at.is_some() && sent.last_error.is_none());
        let taken = smtp.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].from, "<avisos@ejemplo.gob.mx>");
        assert_eq!(taken[0].to, ["<ana.nunez@ejemplo.gob.mx>"]);
        assert!(taken[0].text.contains("Message-ID: <1@ejemplo.gob.mx>"), "{}", taken[0].text);
        assert!(taken[0].text.trim_end().ends_with("\r\n.\r\n..dos puntos"), "{}", taken[0].text);
    }

    async fn a_line_that_drops_before_the_last_line_is_tried_again_and_after_it_is_uncertain(store: &Store) {
        for (number, at) in Drop::ALL.into_iter().enumerate() {
            let smtp = Smtp::start(Script { drop: Some(at), ..Script::default() }).await;
            let id = format!("m{number}");
            queue(store, &due(&id)).await;
            let tried = send_until_tried(store, ready(&settings(&smtp)), &id).await;
            let expected = match at {
                Drop::Greeting | Drop::Hello | Drop::From | Drop::To | Drop::Data => MailState::Queued,
                // A short text is on its way whole before the line is seen to drop: only the server knows.
                Drop::Text | Drop::BeforeTaking | Drop::AfterTaking => MailState::Uncertain,
                // It said that it took it; how it says goodbye is its own affair.
                Drop::Quit => MailState::Sent,
            };
            assert_eq!(tried.state, expected, "{at:?}: {:?}", tried.last_error);
            let taken = usize::from(matches!(at, Drop::AfterTaking | Drop::Quit));
            assert_eq!(smtp.taken().len(), taken, "{at:?}");
            if expected == MailState::Queued {
                assert!(tried.next_at > Timestamp::now() && tried.last_error.is_some(), "{at:?}");
            }
        }
    }

    async fn what_a_server_refuses_for_good_is_given_up_with_its_words(store: &Store) {
        let script = Script { to: "550 5.1.1 no existe ese buzon", ..Script::default() };
        let smtp = Smtp::start(script).await;
        queue(store, &due("1")).await;
        let refused = send_until_tried(store, ready(&settings(&smtp)), "1").await;
        assert_eq!(refused.state, MailState::GivenUp);
        let said = refused.last_error.unwrap();
        assert!(said.contains("550") && said.contains("no existe ese buzon"), "{said}");
        // A person may insist.
        let mut db = store.write().await.unwrap();
        let now = Timestamp::now();
        assert!(db.requeue_mail("1", now, now + GIVE_UP).await.unwrap());
        db.commit().await.unwrap();
        let smtp = Smtp::start(Script::default()).await;
        let server = ready(&settings(&smtp));
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let work = tokio::spawn(run(store.clone(), server, 6_000, async {
            let _ = ended.await;
        }));
        smtp.until_taken(1).await;
        let _ = end.send(());
        work.await.unwrap();
        assert_eq!(stored(store, "1").await.state, MailState::Sent);
    }

    async fn a_server_that_says_later_or_refuses_the_text_is_believed(store: &Store) {
        for (number, (script, state)) in [
            (Script { to: "451 greylisted", ..Script::default() }, MailState::Queued),
            (Script { end: "452 lleno", ..Script::default() }, MailState::Queued),
            (Script { end: "554 no deseado", ..Script::default() }, MailState::GivenUp),
            // Whom we send as is a matter of settings: nothing is given up for it.
            (Script { from: "553 remitente", ..Script::default() }, MailState::Queued),
        ].into_iter().enumerate() {
            let smtp = Smtp::start(script).await;
            let id = format!("m{number}");
            queue(store, &due(&id)).await;
            let tried = send_until_tried(store, ready(&settings(&smtp)), &id).await;
            assert_eq!(tried.state, state, "{:?}", tried.last_error);
            assert!(smtp.taken().is_empty());
        }
    }

    async fn when_the_server_is_down_all_wait_and_after_two_days_they_are_given_up(store: &Store) {
        let smtp = Smtp::start(Script::default()).await;
        let nobody = settings(&smtp);
        smtp.stop().await;
        let old = Timestamp::now() - GIVE_UP;
        queue(store, &Mail { give_up_at: old, ..due("old") }).await;
        queue(store, &due("1")).await;
        queue(store, &due("2")).await;
        send_until_tried(store, ready(&nobody), "2").await;
        let mut db = store.write().await.unwrap();
        // The sender may have given it up already.
        db.give_up_mails(Timestamp::now()).await.unwrap();
        db.commit().await.unwrap();
        assert_eq!(stored(store, "old").await.state, MailState::GivenUp);
        for id in ["1", "2"] {
            let mail = stored(store, id).await;
            assert_eq!((mail.state, mail.attempts), (MailState::Queued, 1));
            assert!(mail.last_error.unwrap().contains("refused"));
        }
    }

    async fn what_a_dead_sender_left_is_sent_or_uncertain_by_whether_it_had_been_handed_over(store: &Store) {
        queue(store, &due("before")).await;
        queue(store, &due("handed")).await;
        let now = Timestamp::now();
        let mut db = store.write().await.unwrap();
        for _ in 0..2 {
            let mail = db.claim_mail("dead", now).await.unwrap().unwrap();
            if mail.id == "handed" {
                assert!(db.hand_mail("handed", "dead", now).await.unwrap());
            }
        }
        assert_eq!(db.claim_mail("dead", now).await.unwrap(), None);
        db.commit().await.unwrap();
        let smtp = Smtp::start(Script::default()).await;
        let sent = send_until_tried_from(store, ready(&settings(&smtp)), "before").await;
        assert_eq!(sent.state, MailState::Sent);
        assert_eq!(stored(store, "handed").await.state, MailState::Uncertain);
        assert_eq!(smtp.taken().len(), 1);
        // The one thought dead comes back: it may not send any more, but what it knows to be taken is taken.
        let mut db = store.write().await.unwrap();
        assert!(!db.hand_mail("before", "dead", now).await.unwrap());
        let again = crate::store::Attempt::Again(now, String::new());
        assert!(!db.end_attempt("handed", "dead", &again, now).await.unwrap());
        assert!(db.end_attempt("handed", "dead", &crate::store::Attempt::Sent, now).await.unwrap());
        db.commit().await.unwrap();
    }

    async fn two_senders_at_once_send_nothing_twice(store: &Store) {
        let smtp = Smtp::start(Script::default()).await;
        for number in 0..20 {
            queue(store, &due(&format!("m{number}"))).await;
        }
        let (end, ended) = tokio::sync::watch::channel(false);
        let works: Vec<_> = (0..2).map(|_| {
            let mut ended = ended.clone();
            tokio::spawn(run(store.clone(), ready(&settings(&smtp)), 6_000, async move {
                let _ = ended.wait_for(|ended| *ended).await;
            }))
        }).collect();
        smtp.until_taken(20).await;
        let _ = end.send(true);
        for work in works {
            work.await.unwrap();
        }
        assert_eq!(smtp.taken().len(), 20);
        let counts = store.read().await.unwrap().mail_counts().await.unwrap();
        assert_eq!(counts, [(MailState::Sent, 20)]);
    }
}

/// As [`send_until_tried`], of a message that counts an attempt already.
async fn send_until_tried_from(store: &Store, server: Server, id: &str) -> Mail {
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let work = tokio::spawn(run(store.clone(), server, 6_000, async {
        let _ = ended.await;
    }));
    let sent = async {
        while stored(store, id).await.state != MailState::Sent {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), sent).await.unwrap();
    let _ = end.send(());
    work.await.unwrap();
    stored(store, id).await
}

async fn try_out(settings: &MailSettings) -> Delivery {
    ready(settings).deliver(&mail("1"), async || true).await
}

#[tokio::test]
async fn starttls_and_tls_trust_the_given_authority_and_only_the_right_name() {
    let folder = tempfile::tempdir().unwrap();
    for (security, implicit) in [(Security::Starttls, false), (Security::Tls, true)] {
        let smtp = Smtp::start_tls(Script::default(), implicit).await;
        let ca: PathBuf = folder.path().join(security.as_str());
        std::fs::write(&ca, smtp.ca()).unwrap();
        let trusted = MailSettings {
            server: Some("localhost".into()),
            security,
            ca_file: Some(ca),
            ..settings(&smtp)
        };
        let delivery = try_out(&trusted).await;
        assert!(matches!(delivery, Delivery::Taken(_)), "{security:?} {delivery:?}");
        assert_eq!(smtp.taken().len(), 1);
        assert!(smtp.taken()[0].encrypted);
        let stranger = MailSettings { ca_file: None, ..trusted.clone() };
        let other_name = MailSettings { server: Some("127.0.0.1".into()), ..trusted };
        for refused in [stranger, other_name] {
            let delivery = try_out(&refused).await;
            assert!(matches!(delivery, Delivery::Unreachable(_)), "{security:?} {delivery:?}");
        }
        assert_eq!(smtp.taken().len(), 1);
    }
}

#[tokio::test]
async fn a_server_without_starttls_is_told_neither_password_nor_message() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clave");
    std::fs::write(&file, "s3creta\n").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let smtp = Smtp::start(Script::default()).await;
    let with_password =
        MailSettings { user: Some("avisos".into()), password_file: Some(file), ..settings(&smtp) };
    let starttls = MailSettings { security: Security::Starttls, ..with_password.clone() };
    assert!(matches!(try_out(&starttls).await, Delivery::Unreachable(_)));
    assert!(!smtp.heard().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")));
    // On this machine it is entered in the clear; a wrong password is the server's affair, not the message's.
    assert!(matches!(try_out(&with_password).await, Delivery::Taken(_)));
    assert!(smtp.heard().iter().any(|line| line.starts_with("AUTH PLAIN")));
    let smtp = Smtp::start(Script { auth: "535 5.7.8 no", ..Script::default() }).await;
    let wrong = MailSettings { port: Some(smtp.port()), ..with_password };
    let delivery = try_out(&wrong).await;
    let Delivery::Unreachable(said) = delivery else { panic!("{delivery:?}") };
    assert!(said.contains("535") && !said.contains("s3creta"), "{said}");
}

#[tokio::test]
async fn a_message_that_may_no_longer_be_sent_is_thrown_away_by_the_server() {
    let smtp = Smtp::start(Script::default()).await;
    let delivery = ready(&settings(&smtp)).deliver(&mail("1"), async || false).await;
    assert_eq!(delivery, Delivery::Withdrawn);
    assert!(smtp.taken().is_empty());
}

#[tokio::test]
async fn a_server_that_talks_rubbish_or_without_end_is_left() {
    for greeting in ["HTTP/1.1 400 Bad Request", "220", "999 hola"] {
        let smtp = Smtp::start(Script { greeting, ..Script::default() }).await;
        assert!(matches!(
            try_out(&settings(&smtp)).await,
            Delivery::Unreachable(_) | Delivery::Taken(_)
        ));
    }
    let smtp = Smtp::start(Script { endless: true, ..Script::default() }).await;
    assert!(matches!(try_out(&settings(&smtp)).await, Delivery::Unreachable(_)));
}

#[tokio::test]
async fn what_is_configured_is_known_to_whoever_queues() {
    let fresh = crate::store::testing::sqlite().await;
    let store = &fresh.store;
    let smtp = Smtp::start(Script::default()).await;
    announce(store, &MailSettings::default(), "http://a", Timestamp::now()).await.unwrap();
    assert!(!store.read().await.unwrap().mail_setting().await.unwrap().unwrap().enabled);
    announce(store, &settings(&smtp), "http://a", Timestamp::now()).await.unwrap();
    let setting = store.read().await.unwrap().mail_setting().await.unwrap().unwrap();
    assert!(setting.enabled && setting.sender == "avisos@ejemplo.gob.mx", "{setting:?}");
}
