//! People, tokens, areas, the sample, leases and the audit trail, on both engines.

use super::*;

on_both_engines! {
    async fn a_session_ends_and_a_link_is_used_once(store: &Store) {
        let area = Area { id: AreaId::new("a"), name: "Obras".into(), site: None, sample: false };
        let person = Person {
            areas: Areas::only([area.id.clone()]),
            email: Some("ana@ejemplo.gob.mx".into()),
            administrator: true,
            ..Person::new(PersonId::new("p"), "ana", "Ana Núñez", [Role::Head, Role::FrontDesk].into_iter().collect())
        };
        let mut db = store.write().await.unwrap();
        db.add_area(&area, at(0)).await.unwrap();
        db.add_person(&person, at(0)).await.unwrap();
        db.add_login_link("l", &person.id, at(9), false).await.unwrap();
        assert!(db.use_login_link("l", at(1)).await.unwrap());
        assert!(!db.use_login_link("l", at(1)).await.unwrap());
        let session = NewSession {
            secret_hash: "s",
            person: &person.id,
            expires_at: at(10),
            address: "192.0.2.7",
            browser: "Firefox",
            awaits_code: false,
        };
        db.add_session(&session, at(0)).await.unwrap();
        assert_eq!(db.session("s", at(9)).await.unwrap().unwrap().person, person);
        assert_eq!(db.session("s", at(10)).await.unwrap(), None);
        db.set_password_hash(&person.id, "$argon2id$", None).await.unwrap();
        assert_eq!(db.session("s", at(1)).await.unwrap(), None);
        assert_eq!(db.administrators().await.unwrap(), 1);
    }

    async fn people_are_found_without_accents_by_words_in_any_order_and_by_role(store: &Store) {
        let mut db = store.write().await.unwrap();
        let person = |id: &str, login: &str, name: &str, role| {
            Person::new(PersonId::new(id), login, name, Roles::of(role))
        };
        let ana = person("1", "ana", "Ana Núñez", Role::Head);
        let other = person("2", "a_na", "Luis 100%", Role::Requester);
        for person in [&ana, &other] {
            db.add_person(person, at(0)).await.unwrap();
        }
        let filter = |text: &str, role| PersonFilter { text: text.into(), role, limit: 9, ..PersonFilter::default() };
        for (text, role, found) in [
            ("", None, vec!["1", "2"]),
            ("NUNEZ ana", None, vec!["1"]),
            ("núñez luis", None, vec![]),
            ("a_n", None, vec!["2"]),
            ("0%", None, vec!["2"]),
            ("", Some(Role::Requester), vec!["2"]),
        ] {
            let (people, total) = db.list_people(&filter(text, role)).await.unwrap();
            let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
            assert_eq!((ids, total), (found.clone(), found.len() as i64), "{text}");
        }
        let gone = Person { disabled_at: Some(at(3)), roles: Roles::NONE, ..ana };
        db.save_person(&gone).await.unwrap();
        assert_eq!(db.person(&gone.id).await.unwrap(), Some(gone.clone()));
        let active = PersonFilter { active: Some(false), limit: 9, ..PersonFilter::default() };
        assert_eq!(db.list_people(&active).await.unwrap(), (vec![gone], 1));
    }

    async fn a_person_whose_last_area_goes_does_not_get_all_of_them(store: &Store) {
        let mut db = store.write().await.unwrap();
        let area = Area { id: AreaId::new("x"), name: "Muestra".into(), site: None, sample: true };
        db.add_area(&area, at(0)).await.unwrap();
        let person = Person {
            areas: Areas::only([area.id]),
            ..Person::new(PersonId::new("p"), "ana", "Ana", Roles::of(Role::Technician))
        };
        db.add_person(&person, at(0)).await.unwrap();
        db.remove_sample().await.unwrap();
        let left = db.person(&person.id).await.unwrap().unwrap();
        assert!(!left.areas.cover(None) && left.areas != Areas::All);
    }

    async fn a_person_sees_their_sessions_and_ends_them(store: &Store) {
        let mut db = store.write().await.unwrap();
        let person = Person::new(PersonId::new("p"), "ana", "Ana", Roles::of(Role::Technician));
        db.add_person(&person, at(0)).await.unwrap();
        for (secret_hash, awaits_code) in [("aaaaaaaaaaaaaaaaaaaa", false), ("bbbbbbbbbbbbbbbbbbbb", false), ("c", true)] {
            let (person, expires_at) = (&person.id, at(50));
            let session =
                NewSession { secret_hash, person, expires_at, address: "192.0.2.7", browser: "Firefox", awaits_code };
            db.add_session(&session, at(1)).await.unwrap();
        }
        let sessions = db.sessions_of(&person.id, at(2)).await.unwrap();
        assert_eq!(sessions.len(), 2, "what waits for a code is no session yet");
        assert!(db.session("c", at(2)).await.unwrap().unwrap().awaits_code);
        let other = PersonId::new("other");
        assert!(!db.end_session_named(&other, &sessions[0].id).await.unwrap(), "another's");
        assert!(db.end_session_named(&person.id, &session_name("aaaaaaaaaaaaaaaaaaaa")).await.unwrap());
        assert_eq!(db.end_sessions_of(&person.id, Some("bbbbbbbbbbbbbbbbbbbb")).await.unwrap(), 1);
        assert_eq!(db.sessions_of(&person.id, at(2)).await.unwrap().len(), 1);
    }

    async fn a_token_is_found_by_its_hash(store: &Store) {
        let token =
            Token { id: TokenId::new("t"), name: "tablero".into(), scope: Scope::Read, revoked_at: None };
        let mut db = store.write().await.unwrap();
        db.add_token(&token, "h", at(0)).await.unwrap();
        assert_eq!(db.token("h").await.unwrap(), Some(token));
        assert_eq!(db.token("other").await.unwrap(), None);
    }

    async fn an_area_keeps_its_firewall_policy_until_it_has_none(store: &Store) {
        let area = Area { id: AreaId::new("a"), name: "Tesorería".into(), site: None, sample: false };
        let policy = |with_common, ports: &[&str]| AreaPolicy {
            with_common,
            ports: ports.iter().map(|port| port.parse().unwrap()).collect(),
            updated_by: "Ana Núñez".into(),
            updated_at: at(5),
        };
        let mut db = store.write().await.unwrap();
        db.add_area(&area, at(0)).await.unwrap();
        assert_eq!(db.area_policy(&area.id).await.unwrap(), None);
        db.put_area_policy(&area.id, &policy(true, &["tcp/1", "tcp/2"])).await.unwrap();
        let second = policy(false, &["tcp/2-9 10.0.0.0/8", "udp/53"]);
        db.put_area_policy(&area.id, &second).await.unwrap();
        assert_eq!(db.area_policy(&area.id).await.unwrap(), Some(second.clone()));
        assert_eq!(db.area_policies().await.unwrap()[&area.id], second);
        let none = policy(false, &[]);
        db.put_area_policy(&area.id, &none).await.unwrap();
        assert_eq!(db.area_policy(&area.id).await.unwrap(), Some(none));
        db.drop_area_policy(&area.id).await.unwrap();
        assert_eq!(db.area_policy(&area.id).await.unwrap(), None);
        assert_eq!(db.area(&area.id).await.unwrap(), Some(area.clone()));
        assert_eq!(db.area_named("Tesorería").await.unwrap(), Some(area));
    }

    async fn the_sample_goes_without_a_trace_and_takes_nothing_else(store: &Store) {
        let real = with_device(store, "real").await;
        let mut db = store.write().await.unwrap();
        let site = db.site_named("Palacio", &SiteId::new("s"), true).await.unwrap();
        let area = Area { id: AreaId::new("x"), name: "Muestra".into(), site: Some(site), sample: true };
        db.add_area(&area, at(0)).await.unwrap();
        let made_up =
            Device { sample: true, area: Some(area.id.clone()), ..super::super::tests::device("made-up") };
        let number = db.add_device(&made_up).await.unwrap();
        let sample = SampleRow { device_number: number, taken_at: at(1), sample: Sample::default() };
        db.add_samples(&[sample]).await.unwrap();
        let made_up_run = Run { sample: true, area: Some(area.id), ..run("r", "made-up", "MC/2026/0001") };
        db.add_run(&made_up_run).await.unwrap();
        assert_eq!(db.remove_sample().await.unwrap(), 1);
        assert_eq!(db.areas().await.unwrap(), []);
        let left: Vec<DeviceId> = db.fleet().await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(left, [real.id]);
        assert_eq!(db.samples(number, at(0), 9).await.unwrap(), []);
    }

    async fn a_lease_is_held_by_one_until_it_expires(store: &Store) {
        let mut db = store.write().await.unwrap();
        assert!(db.take_lease("timers", "a", at(0), at(10)).await.unwrap());
        assert!(!db.take_lease("timers", "b", at(5), at(15)).await.unwrap());
        assert!(db.take_lease("timers", "a", at(5), at(15)).await.unwrap());
        assert!(db.take_lease("timers", "b", at(16), at(26)).await.unwrap());
    }

    async fn audit_entries_are_chained(store: &Store) {
        let entry = AuditEntry { act: "code.create", subject: "code 1".into(), detail: String::new() };
        for second in 0..3 {
            let mut db = store.write().await.unwrap();
            db.audit(&Actor::Console, &entry, at(second)).await.unwrap();
            db.commit().await.unwrap();
        }
        let mut db = store.write().await.unwrap();
        db.audit(&Actor::Machine, &entry, at(9)).await.unwrap();
    }
}
