//! The page of a run that walks areas and PCs, waits, is taken back and given to somebody.

use axum::http::StatusCode;

use super::house::House;
use crate::domain::device::DeviceStatus;
use crate::domain::person::Role;

/// The version of the run a page was made for.
fn version(body: &str) -> String {
    let (_, rest) = body.split_once(r#"name="version" value=""#).expect("a form of the page");
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_plan_is_dated_walked_pc_by_pc_and_left_only_when_each_is_seen_to() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Head).await;
    let (one, two) = (house.area("Archivo").await, house.area("Tesorería").await);
    let first = house.device("PC-A", DeviceStatus::Approved, Some(&one)).await;
    let second = house.device("PC-B", DeviceStatus::Approved, Some(&one)).await;
    let form = [
        ("procedimiento", "preventive"),
        ("asunto", "Plan de invierno"),
        ("area", one.as_str()),
        ("area", two.as_str()),
    ];
    let opened = house.post("/tramites/nuevo", &ana, &form).await;
    let path = opened.location().to_owned();
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains(r#"name="fecha.1""#) && page.contains("2. <bdi>Tesorería"), "{page}");

    let seen = version(&page);
    let form = [("paso", "1"), ("version", &seen), ("fecha.1", "mañana"), ("nota", "va")];
    let refused = house.post(&format!("{path}/pasos"), &ana, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("«mañana» no es una fecha"));
    assert!(refused.body.contains(r#"value="mañana""#) && refused.body.contains(">va</textarea>"));

    let form = [
        ("paso", "1"),
        ("version", seen.as_str()),
        ("fecha.1", "2026-12-01"),
        ("fecha.2", "2026-12-02"),
    ];
    house.post(&format!("{path}/pasos"), &ana, &form).await;
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains(r#"id="p-4" aria-current="step""#), "{page}");
    assert!(page.contains("Archivo</bdi></b> · 0 de 2 equipos atendidos"));
    assert!(page.contains("programada para el 2026-12-02") && page.contains("Visitar ahora"));

    let seen = version(&page);
    let done = [("paso", "4"), ("version", seen.as_str())];
    let early = house.post(&format!("{path}/pasos"), &ana, &done).await;
    assert!(early.body.contains("altan 2 equipos del área"), "{}", early.status);

    let sheet = [("revisado.label", "no"), ("revisado.label", "si"), ("que", "hecho")];
    house.post(&format!("{path}/equipos/{first}"), &ana, &sheet).await;
    let without = [("que", "posponer"), ("motivo", " "), ("para", "2026-12-09")];
    let without = house.post(&format!("{path}/equipos/{second}"), &ana, &without).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    let carried = [("que", "posponer"), ("motivo", "la usa la auditoría"), ("para", "2026-12-09")];
    house.post(&format!("{path}/equipos/{second}"), &ana, &carried).await;
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains("2 de 2 equipos atendidos") && page.contains("para el 2026-12-09"));
    assert!(page.contains("la usa la auditoría") && page.contains("checked"));
    let form = [("paso", "4"), ("version", &version(&page)[..])];
    let left = house.post(&format!("{path}/pasos"), &ana, &form).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.body);
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains("En espera de firma") && page.contains("una firma"), "{page}");
}

#[tokio::test]
async fn a_run_waits_goes_on_and_its_last_step_is_taken_back_with_a_reason() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/tramites/{}", run.id);
    let page = house.get(&path, &ana).await.body;
    assert!(!page.contains("/deshacer"), "nobody has done a step yet");
    let seen = version(&page);
    house.post(&format!("{path}/pasos"), &ana, &[("paso", "2"), ("version", &seen)]).await;

    let seen = version(&house.get(&path, &ana).await.body);
    let form = [("version", &seen[..]), ("espera", "provider"), ("particulares", "reporte 77")];
    house.post(&format!("{path}/espera"), &ana, &form).await;
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains("En espera de proveedor de internet") && page.contains("reporte 77"));
    let form = [("version", &version(&page)[..]), ("espera", ""), ("particulares", "ya quedó")];
    house.post(&format!("{path}/espera"), &ana, &form).await;
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains("terminó la espera") && !page.contains("En espera de"));

    let person = [("persona", "person-ana")];
    house.post(&format!("{path}/asignar"), &ana, &person).await;
    house.post(&format!("{path}/prioridad"), &ana, &[("prioridad", "urgent")]).await;
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains("<dt>Prioridad</dt><dd>Urgente</dd>"), "{page}");
    let holder = "<dt>Lo atiende</dt><dd><bdi>ana ";
    assert!(page.contains(holder), "{page}");

    // The wait is what was done last; the step comes after it.
    for _ in 0..3 {
        let page = house.get(&path, &ana).await.body;
        if page.contains(r#"id="p-2" aria-current="step""#) {
            break;
        }
        let seen = version(&page);
        let blank = [("version", &seen[..]), ("motivo", " ")];
        let refused = house.post(&format!("{path}/deshacer"), &ana, &blank).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let form = [("version", &seen[..]), ("motivo", "era otro equipo")];
        house.post(&format!("{path}/deshacer"), &ana, &form).await;
    }
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains(r#"id="p-2" aria-current="step""#), "{page}");
    assert!(page.contains("se deshizo") && page.contains("era otro equipo"));
    let drawn = house.get(&format!("{path}/flujo"), &ana).await.body;
    assert!(drawn.contains(r#"<g class="step present" id="f-paso-2">"#));
}
