//! Who is written to when a run goes its way, and who is not, on both engines.

use std::sync::Arc;

use super::*;
use crate::actions::advance_run::advance_run;
use crate::actions::judge::Bench;
use crate::actions::manage_mail::{queue_test, send_again, set_muted, set_text};
use crate::actions::open_run::{Opening, open_run};
use crate::actions::{Error, Library};
use crate::domain::access::Actor;
use crate::domain::person::Roles;
use crate::domain::procedure::{Need, StepKind, Wait};
use crate::domain::run::{Entry, Event, Requester, Signed};
use crate::store::Store;
use crate::store::testing::on_both_engines;

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

fn bench() -> Arc<Bench> {
    Arc::new(Bench {
        thresholds: Default::default(),
        library: Library::embedded().unwrap(),
        hours: Default::default(),
    })
}

fn person(login: &str, role: Role, email: Option<&str>) -> Person {
    let person =
        Person::new(PersonId::new(login), login, format!("{login} Núñez"), Roles::of(role));
    Person { email: email.map(String::from), ..person }
}

/// A server is configured, and these people are there.
async fn with_server(store: &Store, people: &[Person]) {
    let setting = MailSetting {
        enabled: true,
        web_url: "https://atalaya.ejemplo.mx".into(),
        server: "correo".into(),
        port: 587,
        security: "starttls".into(),
        account: String::new(),
        sender: "avisos@ejemplo.mx".into(),
        reply_to: String::new(),
    };
    let mut db = store.write().await.unwrap();
    db.put_mail_setting(&setting, now()).await.unwrap();
    for person in people {
        db.add_person(person, now()).await.unwrap();
    }
    db.commit().await.unwrap();
}

fn asked_by(contact: &str) -> Opening {
    let requester =
        Requester { name: "María José Peña".into(), contact: contact.into(), person: None };
    Opening {
        requester,
        follow_code: Some("K7RM2QXW".into()),
        entry: Entry::note("No enciende"),
        ..Opening::new("corrective", "El equipo de la caja\nno enciende".replace('\n', " "))
    }
}

fn signed() -> Signed {
    Signed {
        name: "María José Peña".into(),
        post: "Cajera".into(),
        text_sha256: "0".repeat(64),
        strokes_sha256: "0".repeat(64),
        origin: "192.0.2.7".into(),
    }
}

async fn open(store: &Store, opening: Opening, actor: &Actor) -> Run {
    open_run(store, &bench(), opening, actor, now()).await.unwrap()
}

async fn act(store: &Store, run: &Run, event: Event, actor: &Actor) -> Run {
    advance_run(store, &bench(), &run.id, None, event, actor, now()).await.unwrap()
}

/// What was queued: kind, address and state, in the order of queueing.
async fn queued(store: &Store) -> Vec<(NoticeKind, String, MailState)> {
    let mut mails = store.read().await.unwrap().mails(&MailState::ALL, None, 100).await.unwrap();
    mails.sort_by(|one, other| one.id.cmp(&other.id));
    mails.into_iter().map(|mail| (mail.kind, mail.to_address, mail.state)).collect()
}

async fn bodies(store: &Store, kind: NoticeKind) -> Vec<String> {
    let mails = store.read().await.unwrap().mails(&MailState::ALL, None, 100).await.unwrap();
    mails.into_iter().filter(|mail| mail.kind == kind).map(|mail| mail.body).collect()
}

on_both_engines! {
    async fn without_a_server_nothing_is_queued(store: &Store) {
        open(store, asked_by("maria@ejemplo.mx"), &Actor::Console).await;
        assert_eq!(queued(store).await, []);
    }

    async fn whoever_asked_hears_of_opening_waiting_going_on_and_the_end(store: &Store) {
        let eva = person("eva", Role::Head, Some("eva@ejemplo.mx"));
        with_server(store, std::slice::from_ref(&eva)).await;
        let eva = Actor::of(&eva);
        let run = open(store, asked_by("maria@ejemplo.mx"), &eva).await;
        let opened = bodies(store, NoticeKind::Opened).await;
        assert_eq!(opened.len(), 1);
        for part in [&run.folio, "K7RM2QXW", "María José Peña", "atalaya.ejemplo.mx/portal/seguir"] {
            assert!(opened[0].contains(part), "{}", opened[0]);
        }
        let waits = Event::Pause { wait: Wait::SparePart, note: "orden 12, interna".into() };
        let run = act(store, &run, waits, &eva).await;
        let run = act(store, &run, Event::Resume { note: String::new() }, &eva).await;
        let waiting = bodies(store, NoticeKind::Waiting).await;
        assert!(waiting[0].contains("refacción") && !waiting[0].contains("interna"), "{waiting:?}");
        let mut run = run;
        // By the shortest way: not viable, proposed for retirement, reported.
        while let Some(step) = run.present_step().cloned() {
            let library = Library::embedded().unwrap();
            let written = library.get("corrective").unwrap().step(&step).unwrap();
            let signature = written.needs(Need::Signature).then(signed);
            let entry = Entry { signature, ..Entry::note("visto") };
            let event = match written.kind {
                StepKind::Question { .. } => Event::Answer { step, yes: false, entry, proposal: None },
                _ => Event::Complete { step, entry },
            };
            run = act(store, &run, event, &eva).await;
        }
        let kinds: Vec<NoticeKind> = queued(store).await.into_iter().map(|(kind, ..)| kind).collect();
        let count = |kind| kinds.iter().filter(|found| **found == kind).count();
        assert_eq!((count(NoticeKind::Opened), count(NoticeKind::Closed)), (1, 1), "{kinds:?}");
        assert!(count(NoticeKind::Waiting) > 0 && count(NoticeKind::Resumed) > 0, "{kinds:?}");
    }

    async fn the_head_hears_of_a_step_unless_they_brought_it_about(store: &Store) {
        let eva = person("eva", Role::Head, Some("eva@ejemplo.mx"));
        let ana = person("ana", Role::Technician, Some("ana@ejemplo.mx"));
        with_server(store, &[eva.clone(), ana.clone()]).await;
        let nobody = |title| Opening::new("corrective", title);
        open(store, nobody("De los agentes"), &Actor::Machine).await;
        let eva_hears = (NoticeKind::Step, "eva@ejemplo.mx".to_owned(), MailState::Queued);
        assert_eq!(queued(store).await, std::slice::from_ref(&eva_hears));
        open(store, nobody("De la titular"), &Actor::of(&eva)).await;
        assert_eq!(queued(store).await.len(), 1);
        let run = open(store, nobody("De la técnica"), &Actor::of(&ana)).await;
        assert_eq!(queued(store).await, [eva_hears.clone(), eva_hears]);
        // Given to the technician: she hears of it, and of what follows nobody else does.
        let to = Some((ana.id.clone(), ana.name.clone()));
        let run = act(store, &run, Event::Assign { to }, &Actor::of(&eva)).await;
        assert_eq!(queued(store).await[2].1, "ana@ejemplo.mx");
        let step = run.present_step().unwrap().clone();
        act(store, &run, Event::Complete { step, entry: Entry::note("fui") }, &Actor::of(&ana)).await;
        assert_eq!(queued(store).await.len(), 3);
    }

    async fn who_does_without_is_left_alone_and_who_has_no_address_is_noted(store: &Store) {
        let eva = person("eva", Role::Head, Some("eva@ejemplo.mx"));
        let leo = person("leo", Role::Head, None);
        with_server(store, &[eva.clone(), leo]).await;
        set_muted(store, &eva.id, &[NoticeKind::Step, NoticeKind::Sign]).await.unwrap();
        let muted = store.read().await.unwrap().muted_notices(&eva.id).await.unwrap();
        assert_eq!(muted, [NoticeKind::Step]);
        let run = open(store, Opening::new("corrective", "Falla"), &Actor::Machine).await;
        assert_eq!(queued(store).await, [(NoticeKind::Step, String::new(), MailState::Unaddressed)]);
        // A telephone is no address either.
        open(store, asked_by("55 1234 5678"), &Actor::Console).await;
        assert!(queued(store).await.contains(&(NoticeKind::Opened, String::new(), MailState::Unaddressed)));
        // The same cause writes to nobody twice; the sample municipality to nobody at all.
        let notice = |run, cause: &str| Notice {
            kind: NoticeKind::Overdue,
            run,
            cause: cause.into(),
            values: Values::default(),
            path: "/x".into(),
            to: To::Person(eva.id.clone()),
            by: None,
        };
        let sample = Run { sample: true, ..run.clone() };
        let mut db = store.write().await.unwrap();
        for (notice, expected) in
            [(notice(&run, "1"), 1), (notice(&run, "1"), 0), (notice(&run, "2"), 1), (notice(&sample, "3"), 0)]
        {
            assert_eq!(notify(&mut db, &notice, now()).await.unwrap(), expected);
        }
    }

    async fn what_did_not_happen_leaves_no_notice(store: &Store) {
        let eva = person("eva", Role::Head, Some("eva@ejemplo.mx"));
        with_server(store, &[eva]).await;
        let mut db = store.write().await.unwrap();
        let opening = Opening::new("corrective", "Falla");
        crate::actions::open_run::begin(&mut db, &bench(), opening, &Actor::Machine, now()).await.unwrap();
        // Not committed.
        drop(db);
        assert_eq!(queued(store).await, []);
    }

    async fn texts_are_worded_checked_and_brought_back(store: &Store) {
        let eva = person("eva", Role::Head, Some("eva@ejemplo.mx"));
        with_server(store, std::slice::from_ref(&eva)).await;
        let actor = Actor::of(&eva);
        let text = |body: &str| Some(Text { subject: "Ojo: {folio}".into(), body: body.into() });
        let wrong = set_text(store, NoticeKind::Step, text("{clave}"), &actor, now()).await;
        assert!(matches!(wrong, Err(Error::Unfit(said)) if said.contains("«{clave}»")));
        set_text(store, NoticeKind::Step, text("Vaya: {asunto}\r\n"), &actor, now()).await.unwrap();
        open(store, Opening::new("corrective", "{folio} falla"), &Actor::Machine).await;
        assert_eq!(bodies(store, NoticeKind::Step).await, ["Vaya: {folio} falla\n"]);
        set_text(store, NoticeKind::Step, None, &actor, now()).await.unwrap();
        let held = store.read().await.unwrap().mail_texts(Some(NoticeKind::Step)).await.unwrap();
        assert_eq!((held[0].edition, &held[0].text), (2, &NoticeKind::Step.shipped()));
    }

    async fn a_test_is_queued_and_only_what_failed_is_sent_again(store: &Store) {
        let without = queue_test(store, "a@ejemplo.mx", &Actor::Console, now()).await;
        assert!(matches!(without, Err(Error::Unfitting(_))));
        with_server(store, &[]).await;
        let none = queue_test(store, "a@ejemplo.mx\nb@ejemplo.mx", &Actor::Console, now()).await;
        assert!(matches!(none, Err(Error::Unfit(_))));
        queue_test(store, "a@ejemplo.mx", &Actor::Console, now()).await.unwrap();
        let mails = store.read().await.unwrap().mails(&MailState::ALL, None, 9).await.unwrap();
        let again = send_again(store, &mails[0].id, &Actor::Console, now()).await;
        assert!(matches!(again, Err(Error::Unfitting(_))));
    }
}
