//! Areas and their policies on the pages: who may decide, what comes back refused, and what the sheet then says.

use axum::http::StatusCode;

use super::house::{House, healthy};
use crate::domain::device::DeviceStatus;
use crate::domain::person::Role;
use crate::domain::reading::{AllowedPort, Firewall, PacketPolicy, Reading, Section, Status};

fn remote_desktop() -> Section {
    let allowed = AllowedPort { protocol: "tcp".into(), port: "3389".into(), source: "any".into() };
    let value = Firewall {
        enabled: Some(true),
        default_inbound: Some(PacketPolicy::Drop),
        allowed: vec![allowed],
        listening_status: Status::Ok,
        ..Firewall::default()
    };
    Section::Firewall(Reading::ok(value, "nft", jiff::Timestamp::now()))
}

#[tokio::test]
async fn the_head_decides_the_policy_and_the_sheet_says_whether_it_is_kept() {
    let house = House::new().await;
    let cookie = house.signed_in("eva", Role::Head).await;
    let area = house.area("Tesorería").await;
    let pc = house.device("CAJA-1", DeviceStatus::Approved, Some(&area)).await;
    house.reports(&pc, &healthy("CAJA-1")).await;
    house.reports(&pc, &[remote_desktop()]).await;
    let sheet = house.get(&format!("/equipos/{pc}"), &cookie).await.body;
    assert!(sheet.contains("deja entrar al puerto tcp/3389 desde cualquier lugar"));
    let list = house.get("/administracion/areas", &cookie).await.body;
    assert!(list.contains("Tesorería") && list.contains("1 fuera de la política"));
    let path = format!("/administracion/areas/{}", "area-Tesorer%C3%ADa");
    let form = [("modo", "propia"), ("puertos", "tcp/22\ntcp/3389 10.20.0.0/16\n")];
    let saved = house.post(&format!("{path}/politica"), &cookie, &form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let page = house.get(&path, &cookie).await.body;
    assert!(page.contains("tcp/22\ntcp/3389 10.20.0.0/16</textarea>"), "{page}");
    assert!(page.contains("eva &#60;b&#62;N"));
    assert!(
        house
            .get(&format!("/equipos/{pc}"), &cookie)
            .await
            .body
            .contains("tcp/3389 desde cualquier")
    );
    let form = [("modo", "suma"), ("puertos", "tcp/3389")];
    house.post(&format!("{path}/politica"), &cookie, &form).await;
    let sheet = house.get(&format!("/equipos/{pc}"), &cookie).await.body;
    assert!(!sheet.contains("desde cualquier lugar"));
    assert!(
        house
            .get("/administracion/areas", &cookie)
            .await
            .body
            .contains("La común y 1 puerto propio")
    );
}

#[tokio::test]
async fn a_port_that_is_none_comes_back_as_it_was_written_and_changes_nothing() {
    let house = House::new().await;
    let cookie = house.signed_in("eva", Role::Head).await;
    house.area("Obras").await;
    let form = [("modo", "propia"), ("puertos", "tcp/22\n<script>/9\n")];
    let refused = house.post("/administracion/areas/area-Obras/politica", &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("no es un puerto")
            && refused.body.contains("tcp/22\n&#60;script&#62;/9")
    );
    let page = house.get("/administracion/areas/area-Obras", &cookie).await.body;
    assert!(!page.contains("La decidió"));
    let none =
        house.post("/administracion/areas/nada/politica", &cookie, &[("modo", "comun")]).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_technician_sees_the_policy_and_may_not_change_it() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    house.area("Obras").await;
    let page = house.get("/administracion/areas/area-Obras", &cookie).await.body;
    assert!(page.contains("tcp/445") && !page.contains("<textarea"));
    let form = [("modo", "propia"), ("puertos", "")];
    let refused = house.post("/administracion/areas/area-Obras/politica", &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!house.get("/", &cookie).await.body.contains(r#"href="/administracion/areas""#));
}
