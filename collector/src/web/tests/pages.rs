//! What the pages show of PCs.

use axum::http::StatusCode;

use super::house::{House, healthy};
use crate::domain::device::DeviceStatus;
use crate::domain::person::Role;
use crate::domain::reading::{Section, SectionKind, Status};

#[tokio::test]
async fn an_empty_house_teaches_how_to_begin() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let today = house.get("/", &cookie).await.body;
    assert!(
        today.contains("atalaya-collector code create") && today.contains("atalaya-agent enroll")
    );
    for path in ["/flota", "/alertas", "/mesa"] {
        assert!(house.get(path, &cookie).await.body.contains(r#"class="empty""#), "{path}");
    }
}

#[tokio::test]
async fn hoy_says_what_is_broken_and_its_counters_add_up() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    house.healthy("PC-SANA").await;
    house.device("PC-NUEVA", DeviceStatus::Pending, None).await;
    let (_, run) = house.broken("PC-ENFERMA").await;
    let today = house.get("/", &cookie).await.body;
    assert!(today.contains("PC-ENFERMA") && today.contains("Sin antivirus"));
    assert!(today.contains(&run.folio) && today.contains("Acude al área que reportó la falla"));
    assert!(today.contains("PC-NUEVA") && today.contains("Esperan tu aprobación"));
    let fleet = today.split(r#"id="counters""#).nth(1).unwrap().split("</ul>").next().unwrap();
    let counted: Vec<i64> = fleet
        .split("<b>")
        .skip(1)
        .filter_map(|rest| rest.split("</b><span><svg").next()?.parse().ok())
        .collect();
    let (total, states) = counted.split_last().unwrap();
    assert_eq!(states.iter().sum::<i64>(), *total, "{counted:?}");
    assert_eq!(*total, 3);
}

#[tokio::test]
async fn the_fleet_is_filtered_by_the_address_and_accents_do_not_matter() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let area = house.area("Tesorería").await;
    let treasury = house.device("CAJA-1", DeviceStatus::Approved, Some(&area)).await;
    house.reports(&treasury, &healthy("CAJA-1")).await;
    house.broken("OBRAS-1").await;
    for (query, shown, hidden) in [
        ("q=TESORERIA", "CAJA-1", "OBRAS-1"),
        ("area=area-Tesorer%C3%ADa", "CAJA-1", "OBRAS-1"),
        ("problema=no_antivirus", "OBRAS-1", "CAJA-1"),
        ("estado=critical", "OBRAS-1", "CAJA-1"),
        ("q=obras&pagina=x", "OBRAS-1", "CAJA-1"),
    ] {
        let page = house.get(&format!("/flota?{query}"), &cookie).await.body;
        assert!(page.contains(shown) && !page.contains(hidden), "{query}");
    }
    let none = house.get("/flota?q=nada", &cookie).await.body;
    assert!(none.contains("Ningún equipo cumple con ese filtro"));
}

#[tokio::test]
async fn what_a_pc_says_of_itself_is_shown_and_never_run() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let hostile = "<script>alert(1)</script>\u{202e}\"'><img src=x>";
    let (id, run) = house.broken(hostile).await;
    let (sheet, ticket) = (format!("/equipos/{id}"), format!("/tramites/{}", run.id));
    for path in ["/", "/flota", "/alertas", "/mesa", &sheet, &ticket] {
        let page = house.get(path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(
            !page.body.contains("<script>alert") && !page.body.contains("<img src=x"),
            "{path}"
        );
        assert!(page.body.contains("&#60;script&#62;alert(1)"), "{path} shows it as text");
    }
    let name = house.get("/", &cookie).await.body;
    assert!(name.contains("ana &#60;b&#62;N"), "names of people as well");
}

#[tokio::test]
async fn a_section_that_was_not_read_is_unknown_and_says_why() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let id = house.device("PC-1", DeviceStatus::Approved, None).await;
    let mut sections = healthy("PC-1");
    let now = jiff::Timestamp::now();
    sections[1] = Section::unknown(
        SectionKind::Firewall,
        Status::Denied,
        "nft: Operation not permitted",
        "nft",
        now,
    );
    house.reports(&id, &sections).await;
    let sheet = house.get(&format!("/equipos/{id}"), &cookie).await.body;
    assert!(sheet.contains("El agente no tuvo permiso para leer: nft: Operation not permitted"));
    assert!(sheet.contains("is-unknown"));
    let fleet = house.get("/flota?estado=unknown", &cookie).await.body;
    assert!(fleet.contains("PC-1"), "a PC with something unknown is not counted as well");
}

#[tokio::test]
async fn a_sheet_shows_every_section_with_its_source() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let id = house.healthy("PC-1").await;
    let sheet = house.get(&format!("/equipos/{id}"), &cookie).await.body;
    for words in
        ["ClamAV", "nft -j list ruleset", "statvfs", "tcp/22", "sshd", "125 GB libres de 250 GB"]
    {
        assert!(sheet.contains(words), "{words}");
    }
    let unknown = house.get("/equipos/no-existe", &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_technician_approves_measures_and_revokes_and_others_do_not() {
    let house = House::new().await;
    let desk = house.signed_in("eva", Role::FrontDesk).await;
    let technician = house.signed_in("ana", Role::Technician).await;
    let id = house.device("PC-1", DeviceStatus::Pending, None).await;
    let status = async || {
        let mut read = house.store.read().await.unwrap();
        read.device(&id).await.unwrap().unwrap().status
    };
    let path = |act: &str| format!("/equipos/{id}/{act}");
    assert_eq!(house.post(&path("aprobar"), &desk, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        house.post(&path("medir"), &technician, &[]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(status().await, DeviceStatus::Pending);
    let approved = house.post(&path("aprobar"), &technician, &[]).await;
    assert_eq!(approved.location(), format!("/equipos/{id}"));
    assert_eq!(status().await, DeviceStatus::Approved);
    house.post(&path("medir"), &technician, &[]).await;
    let sheet = house.get(&format!("/equipos/{id}"), &technician).await.body;
    assert!(sheet.contains("a que el equipo se conecte"), "the order is on the sheet");
    house.post(&path("revocar"), &technician, &[]).await;
    assert_eq!(status().await, DeviceStatus::Revoked);
    assert_eq!(
        house.post(&path("aprobar"), &technician, &[]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let sheet = house.get(&format!("/equipos/{id}"), &desk).await.body;
    assert!(sheet.contains("Este equipo fue revocado") && !sheet.contains("/revocar"));
}
