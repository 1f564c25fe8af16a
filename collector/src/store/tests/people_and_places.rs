//! People, tokens, areas, the sample, leases and the audit trail, on both engines.

use super::*;

on_both_engines! {
    async fn a_session_ends_and_a_link_is_used_once(store: &Store) {
        let person = Person {
            id: PersonId::new("p"),
            login: "ana".into(),
            name: "Ana Núñez".into(),
            role: Role::Head,
            administrator: true,
            disabled_at: None,
        };
        let mut db = store.write().await.unwrap();
        db.add_person(&person, at(0)).await.unwrap();
        db.add_login_link("l", &person.id, at(9)).await.unwrap();
        assert!(db.use_login_link("l", at(1)).await.unwrap());
        assert!(!db.use_login_link("l", at(1)).await.unwrap());
        db.add_session("s", &person.id, at(0), at(10)).await.unwrap();
        assert_eq!(db.session("s", at(9)).await.unwrap().unwrap().person, person);
        assert_eq!(db.session("s", at(10)).await.unwrap(), None);
        db.set_password_hash(&person.id, "$argon2id$").await.unwrap();
        assert_eq!(db.session("s", at(1)).await.unwrap(), None);
        assert_eq!(db.administrators().await.unwrap(), 1);
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
