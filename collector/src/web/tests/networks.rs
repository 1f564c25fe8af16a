//! Network devices on the pages: added, watched, changed and removed by a technician, and by nobody else.

use axum::http::StatusCode;

use super::house::House;
use crate::domain::id::DeviceId;
use crate::domain::person::{Role, Scope};
use crate::domain::reading::{Connectivity, Measurement, Reading, Section, Target, TargetKind};

const PRINTER: [(&str, &str); 5] = [
    ("nombre", "Impresora <b>1</b>"),
    ("tipo", "printer"),
    ("medio", "tcp"),
    ("direccion", "192.0.2.9:9100"),
    ("sede", "Palacio"),
];

#[tokio::test]
async fn a_technician_adds_a_printer_and_sees_what_a_pc_sees_of_it() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    assert!(house.get("/redes", &cookie).await.body.contains("Aún no hay equipos de red"));
    let added = house.post("/redes", &cookie, &PRINTER).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    let path = added.location().to_owned();
    let page = house.get(&path, &cookie).await.body;
    assert!(page.contains("Impresora &#60;b&#62;1") && page.contains("Ningún equipo lo vigila"));
    let pc = house.healthy("CAJA-1").await;
    let watched = house.post(&format!("{path}/vigilar"), &cookie, &[("equipo", "CAJA-1")]).await;
    assert_eq!((watched.status, watched.location()), (StatusCode::SEE_OTHER, path.as_str()));
    assert!(house.get(&path, &cookie).await.body.contains("todavía no lo ha medido"));
    let id = DeviceId::new(path.trim_start_matches("/redes/"));
    let target = Target {
        id: Some(id.to_string()),
        name: "x".into(),
        kind: TargetKind::Tcp,
        address: "192.0.2.9:9100".into(),
        fallback: None,
        measurement: Measurement::of(5, &[1.5, 1.5, 1.5, 1.5]),
    };
    let value = Connectivity { devices: vec![target], ..Connectivity::default() };
    let now = jiff::Timestamp::now();
    house.reports(&pc, &[Section::Connectivity(Reading::ok(value, "tcp", now))]).await;
    let list = house.get("/redes", &cookie).await.body;
    assert!(list.contains("Palacio") && list.contains("CAJA-1"));
    assert!(list.contains("pérdida 20 %, mediana 1.5 ms"), "{list}");
    // It is no PC: the sheet leads to its own page, and the fleet does not list it.
    let sheet = house.get(&format!("/equipos/{id}"), &cookie).await;
    assert_eq!((sheet.status, sheet.location()), (StatusCode::SEE_OTHER, path.as_str()));
    assert!(!house.get("/flota", &cookie).await.body.contains("Impresora"));
    let token = house.token(Scope::Read).await;
    let listed = house.read_api("/api/v1/network-devices", &token).await.json();
    assert_eq!(listed["total"], 1);
    let watcher = &listed["items"][0]["watchers"][0];
    assert_eq!((&watcher["says"], &watcher["loss_pct"]), (&"up".into(), &20.0.into()));
    let left = house.post(&format!("{path}/dejar"), &cookie, &[("equipo", pc.as_str())]).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert!(house.get(&path, &cookie).await.body.contains("Ningún equipo lo vigila"));
    let removed = house.post(&format!("{path}/quitar"), &cookie, &[]).await;
    assert_eq!(removed.location(), "/redes");
    assert_eq!(house.get(&path, &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_that_cannot_be_used_comes_back_with_the_reason() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let mut form = PRINTER;
    form[3].1 = "192.0.2.9";
    let refused = house.post("/redes", &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("no es una dirección")
            && refused.body.contains("Impresora &#60;b&#62;1")
    );
    let path = house.post("/redes", &cookie, &PRINTER).await.location().to_owned();
    let refused = house.post(&path, &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let refused = house.post(&format!("{path}/vigilar"), &cookie, &[("equipo", "NADIE")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("No hay ningún equipo aprobado que se llame «NADIE»"));
    form[3].1 = "192.0.2.10:9100";
    house.post(&path, &cookie, &form).await;
    assert!(house.get(&path, &cookie).await.body.contains("192.0.2.10:9100"));
}

#[tokio::test]
async fn the_front_desk_looks_and_does_not_decide() {
    let house = House::new().await;
    let cookie = house.signed_in("luz", Role::FrontDesk).await;
    assert!(
        !house
            .get("/redes", &cookie)
            .await
            .body
            .contains("<form method=\"post\" action=\"/redes\"")
    );
    assert_eq!(house.post("/redes", &cookie, &PRINTER).await.status, StatusCode::FORBIDDEN);
}
