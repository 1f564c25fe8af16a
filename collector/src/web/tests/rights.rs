//! Who reaches what: every role against every kind of route, and runs against areas, roles and requesters.

use axum::http::StatusCode;

use super::house::House;
use crate::domain::id::{AreaId, PersonId, RunId};
use crate::domain::person::{Areas, Person, Role, Roles};
use crate::domain::run::{Requester, Run};

const UNIT: [Role; 6] = [
    Role::Head,
    Role::Technician,
    Role::FrontDesk,
    Role::AccessAnalyst,
    Role::SystemsOfficer,
    Role::SystemsAdministrator,
];
const TECHNICAL: [Role; 2] = [Role::Head, Role::Technician];
const DECIDES: [Role; 1] = [Role::Head];

#[tokio::test]
async fn each_role_reaches_its_routes_and_no_other() {
    let house = House::new().await;
    let (pc, _) = house.broken("PC-1").await;
    let area = house.area("Obras").await;
    let looks: Vec<(String, &[Role])> = vec![
        ("/flota".into(), &UNIT),
        ("/alertas".into(), &UNIT),
        ("/redes".into(), &UNIT),
        (format!("/equipos/{pc}"), &UNIT),
        ("/administracion/areas".into(), &UNIT),
        ("/administracion/personas".into(), &DECIDES),
        ("/administracion/personas/nueva".into(), &DECIDES),
        ("/administracion/personas/importar".into(), &DECIDES),
        ("/mesa".into(), &Role::ALL),
        ("/cuenta".into(), &Role::ALL),
    ];
    let changes: Vec<(String, &[Role])> = vec![
        (format!("/equipos/{pc}/medir"), &TECHNICAL),
        ("/equipos/nada/aprobar".into(), &TECHNICAL),
        ("/equipos/nada/revocar".into(), &TECHNICAL),
        ("/redes/nada/quitar".into(), &TECHNICAL),
        (format!("/administracion/areas/{area}/politica"), &DECIDES),
        ("/administracion/personas".into(), &DECIDES),
        ("/administracion/personas/nada/desactivar".into(), &DECIDES),
        ("/administracion/personas/nada/enlace".into(), &DECIDES),
        ("/cuenta/sesiones/cerrar-otras".into(), &Role::ALL),
    ];
    for role in Role::ALL {
        let cookie = house.signed_in(role.as_str(), role).await;
        for (path, allowed) in &looks {
            let status = house.get(path, &cookie).await.status;
            let expected =
                if allowed.contains(&role) { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(status, expected, "{role:?} looks at {path}");
        }
        for (path, allowed) in &changes {
            let form = [("modo", "comun"), ("usuario", ""), ("nombre", "")];
            let status = house.post(path, &cookie, &form).await.status;
            let refused = status == StatusCode::FORBIDDEN;
            assert_eq!(refused, !allowed.contains(&role), "{role:?} changes {path}: {status}");
        }
    }
    for (path, _) in &looks {
        assert_eq!(house.get(path, "").await.status, StatusCode::SEE_OTHER, "{path}");
    }
    for (path, _) in &changes {
        assert_eq!(house.post(path, "", &[]).await.status, StatusCode::SEE_OTHER, "{path}");
    }
}

/// Somebody with these roles and areas; the cookie of their session.
async fn somebody(house: &House, login: &str, roles: Roles, areas: Areas) -> String {
    let cookie = house.signed_in(login, Role::Requester).await;
    let id = PersonId::new(format!("person-{login}"));
    let person = Person { areas, ..Person::new(id, login, login, roles) };
    let mut write = house.store.write().await.unwrap();
    write.save_person(&person).await.unwrap();
    write.commit().await.unwrap();
    cookie
}

#[tokio::test]
async fn a_run_of_others_is_not_there_for_readers_and_forbidden_to_act_on() {
    let house = House::new().await;
    let (_, first) = house.broken("PC-1").await;
    let (own, other) = (house.area("Obras").await, house.area("Catastro").await);
    let luis = PersonId::new("person-luis");
    let technician = Roles::of(Role::Technician);
    let only = |area: &AreaId| Areas::only([area.clone()]);
    let scoped = somebody(&house, "ana", technician, only(&own)).await;
    let elsewhere = somebody(&house, "eva", technician, only(&other)).await;
    let officer = somebody(&house, "sol", Roles::of(Role::SystemsOfficer), Areas::All).await;
    let requester = somebody(&house, "luis", Roles::of(Role::Requester), Areas::All).await;
    let stranger = somebody(&house, "paz", Roles::of(Role::Requester), Areas::All).await;
    let run = Run {
        id: RunId::new("asked-for"),
        folio: "MC/2026/9001".into(),
        device: None,
        area: Some(own.clone()),
        requester: Requester { person: Some(luis), ..Requester::default() },
        ..first.clone()
    };
    let mut write = house.store.write().await.unwrap();
    write.add_run(&run).await.unwrap();
    write.commit().await.unwrap();
    for (who, cookie, sees) in [
        ("of its area", &scoped, true),
        ("of another area", &elsewhere, false),
        ("of no step of it", &officer, false),
        ("who asked", &requester, true),
        ("who asked for something else", &stranger, false),
    ] {
        let page = house.get("/tramites/asked-for", cookie).await.status;
        assert_eq!(page, if sees { StatusCode::OK } else { StatusCode::NOT_FOUND }, "{who}");
        let listed = house.get("/mesa?q=9001", cookie).await.body.contains("MC/2026/9001");
        assert_eq!(listed, sees, "{who}");
        let noted = house.post("/tramites/asked-for/notas", cookie, &[("texto", "x")]).await.status;
        let expected = if sees { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(noted, expected, "{who}");
        let none = house.post("/tramites/nada/notas", cookie, &[("texto", "x")]).await.status;
        assert_eq!(none, StatusCode::NOT_FOUND, "{who}");
    }
    let nobodys = format!("/tramites/{}", first.id);
    assert_eq!(house.get(&nobodys, &scoped).await.status, StatusCode::NOT_FOUND, "of no area");
}

#[tokio::test]
async fn whoever_has_no_role_yet_moves_nothing() {
    let house = House::new().await;
    let (_, run) = house.broken("PC-1").await;
    let cookie = somebody(&house, "nueva", Roles::NONE, Areas::All).await;
    let path = format!("/tramites/{}/notas", run.id);
    let refused = house.post(&path, &cookie, &[("texto", "x")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("ninguna función"));
    assert!(house.get("/cuenta", &cookie).await.body.contains("Ninguna todavía"));
}
