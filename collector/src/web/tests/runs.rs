//! A run on its page: the present question, who may answer it, and pages that are old.

use axum::http::StatusCode;

use super::house::House;
use crate::domain::person::Role;

#[tokio::test]
async fn a_technician_walks_a_run_from_its_page() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/tramites/{}", run.id);
    let page = house.get(&path, &cookie).await.body;
    assert!(page.contains(r#"<li class="present" id="p-2""#) && page.contains("Paso hecho"));
    assert!(page.contains("No se encontró ningún antivirus") || page.contains("Sin antivirus"));
    let mut version = run.version;
    for step in ["2", "3"] {
        let form =
            [("paso", step), ("version", &version.to_string()), ("nota", "revisado <en sitio>")];
        let taken = house.post(&format!("{path}/pasos"), &cookie, &form).await;
        assert_eq!((taken.status, taken.location()), (StatusCode::SEE_OTHER, path.as_str()));
        version += 1;
    }
    let page = house.get(&path, &cookie).await.body;
    assert!(page.contains(r#"<li class="present" id="p-4""#) && page.contains("→ paso 6"));
    assert!(page.contains("revisado &#60;en sitio&#62;"));
    let form = [("paso", "4"), ("version", &version.to_string()), ("respuesta", "no")];
    house.post(&format!("{path}/pasos"), &cookie, &form).await;
    let page = house.get(&path, &cookie).await.body;
    assert!(page.contains("contestó que no") && page.contains(r#"<li class="skipped" id="p-6""#));
}

#[tokio::test]
async fn an_answer_from_an_old_page_is_told_who_was_faster_and_keeps_what_was_written() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let eva = house.signed_in("eva", Role::Head).await;
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/tramites/{}/pasos", run.id);
    let version = run.version.to_string();
    house.post(&path, &ana, &[("paso", "2"), ("version", &version)]).await;
    let late = [("paso", "2"), ("version", &version), ("nota", "fui también")];
    let late = house.post(&path, &eva, &late).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("ana &#60;b&#62;N") && late.body.contains("ya atendió este paso"));
    assert!(late.body.contains("fui también"), "the note is not lost");
    assert!(late.body.contains(r#"<li class="present" id="p-3""#), "the page is as it is now");
}

#[tokio::test]
async fn another_role_neither_sees_the_form_nor_gets_past_it() {
    let house = House::new().await;
    let desk = house.signed_in("eva", Role::FrontDesk).await;
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/tramites/{}", run.id);
    let page = house.get(&path, &desk).await.body;
    assert!(!page.contains("Paso hecho") && page.contains("Este paso lo registra"));
    let form = [("paso", "2"), ("version", &run.version.to_string()), ("nota", "")];
    let refused = house.post(&format!("{path}/pasos"), &desk, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("corresponde a"));
}

#[tokio::test]
async fn a_question_is_not_ticked_off_and_an_empty_note_is_no_note() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/tramites/{}", run.id);
    let form = [("paso", "2"), ("version", &run.version.to_string()), ("respuesta", "si")];
    let refused = house.post(&format!("{path}/pasos"), &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let empty = house.post(&format!("{path}/notas"), &cookie, &[("texto", "  ")]).await;
    assert!(empty.body.contains("La nota está vacía."));
    house.post(&format!("{path}/notas"), &cookie, &[("texto", "llamaron de Tesorería")]).await;
    let page = house.get(&path, &cookie).await.body;
    assert!(page.contains("llamaron de Tesorería"));
}

#[tokio::test]
async fn the_flow_chart_shows_the_way_a_run_took_and_says_the_same_in_words() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/tramites/{}", run.id);
    let form = [("paso", "2"), ("version", &run.version.to_string()), ("nota", "")];
    house.post(&format!("{path}/pasos"), &cookie, &form).await;
    let page = house.get(&format!("{path}/flujo"), &cookie).await.body;
    assert!(page.contains(r#"<g class="step done" id="f-paso-2">"#), "{page}");
    assert!(page.contains(r#"<g class="step present" id="f-paso-3">"#));
    assert!(page.contains(r#"class="line taken""#) && page.contains("paso actual"));
    assert!(page.contains("ana &lt;b&gt;Núñez") && !page.contains("style="));
    let file = house.get("/procedimientos/corrective/flujo.svg", &cookie).await;
    assert_eq!(file.headers["content-type"], "image/svg+xml; charset=utf-8");
    assert!(file.body.starts_with("<svg") && file.body.ends_with("</svg>"));
    let none = house.get("/procedimientos/nada/flujo", &cookie).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(
        house.get("/procedimientos/corrective/flujo", "").await.location().starts_with("/entrar")
    );
}
