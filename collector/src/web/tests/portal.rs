//! The portal as somebody without an account meets it, on a phone or with bad intentions.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use super::attachments::{PNG, send_form};
use super::house::{Answer, House};
use crate::domain::person::Role;
use crate::store::RunFilter;

const FAILURE: [(&str, &str); 4] = [
    ("servicio", "falla"),
    ("que", "No enciende <desde> ayer."),
    ("nombre", "Rosa Peña"),
    ("contacto", "rosa@ejemplo.gob.mx"),
];

/// What stands between two texts of a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("no «{before}» in {page}")).1;
    rest.split_once(after).unwrap().0
}

/// Asks for help; the folio and the code it gave.
async fn asked(house: &House, area: &str) -> (String, String) {
    let mut fields = FAILURE.to_vec();
    fields.push(("area", area));
    let answer = send_form(house, "/portal", "", &fields, &[("foto.png", PNG)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let folio = between(&answer.body, "<dt>Folio</dt><dd>", "</dd>").to_owned();
    let code = between(&answer.body, "<dt>Código</dt><dd>", "</dd>").to_owned();
    (folio, code)
}

async fn follow(house: &House, folio: &str, code: &str, from: &str) -> Answer {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("folio", folio), ("codigo", code)])
        .finish();
    let mut request = Request::post("/portal/seguir")
        .header("host", "localhost")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", from)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let peer: std::net::SocketAddr = "127.0.0.1:9".parse().unwrap();
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    house.send(request).await
}

#[tokio::test]
async fn a_failure_is_reported_without_an_account_and_followed_with_its_folio_and_code() {
    let house = House::new().await;
    let area = house.area("Tesorería").await;
    let door = house.get("/portal", "").await;
    assert!(
        door.body.contains("Aviso &#60;de&#62; privacidad.") && door.body.contains("Tesorería")
    );
    assert_eq!(door.headers["x-robots-tag"], "noindex, nofollow");
    let (folio, code) = asked(&house, area.as_str()).await;
    assert_eq!(code.len(), 9, "two groups of four: {code}");
    let shown = follow(&house, &folio.to_lowercase(), &code.to_lowercase(), "192.0.2.1").await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    assert!(shown.body.contains("En atención") && shown.body.contains("Avisa a la unidad de TIC"));
    // The unit sees who asked, what was said and the photograph.
    let ana = house.signed_in("ana", Role::Technician).await;
    let filter = RunFilter { limit: 1, ..RunFilter::default() };
    let (rows, _) = house.store.read().await.unwrap().list_runs(&filter).await.unwrap();
    let run = &rows[0].run;
    assert_eq!((run.requester.name.as_str(), &run.folio), ("Rosa Peña", &folio));
    let page = house.get(&format!("/tramites/{}", run.id), &ana).await.body;
    assert!(page.contains("foto.png") && page.contains("Mensaje a quien lo solicitó"), "{page}");
    // Both say something; remarks among the unit stay there.
    let path = format!("/tramites/{}", run.id);
    house.post(&format!("{path}/notas"), &ana, &[("texto", "la fuente es de las malas")]).await;
    let said = [("texto", "Vamos a las 12.")];
    let replied = house.post(&format!("{path}/mensajes"), &ana, &said).await;
    assert_eq!(replied.status, StatusCode::SEE_OTHER, "{}", replied.body);
    let message =
        [("folio", folio.as_str()), ("codigo", &code), ("texto", "Está en <b>planta baja</b>.")];
    let told = house.post("/portal/mensajes", "", &message).await;
    assert!(
        told.body.contains("Tu mensaje quedó guardado") && told.body.contains("Vamos a las 12.")
    );
    assert!(told.body.contains("&#60;b&#62;planta") && !told.body.contains("las malas"));
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains("Mensaje por el portal: Está en"));
}

#[tokio::test]
async fn a_wrong_folio_and_a_wrong_code_are_told_in_the_same_words() {
    let house = House::new().await;
    let area = house.area("Tesorería").await;
    let (folio, code) = asked(&house, area.as_str()).await;
    let strip = |answer: Answer, folio: &str| {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        answer.body.replace(folio, "FOLIO")
    };
    let wrong_code = strip(follow(&house, &folio, "ABCD-2345", "192.0.2.1").await, &folio);
    let no_folio = strip(follow(&house, "MC/2026/9999", &code, "192.0.2.1").await, "MC/2026/9999");
    let no_code = strip(follow(&house, &folio, "'; --", "192.0.2.1").await, &folio);
    assert_eq!(wrong_code, no_folio);
    assert_eq!(wrong_code, no_code);
}

#[tokio::test]
async fn whoever_tries_codes_has_to_wait_and_others_do_not() {
    let house = House::new().await;
    let area = house.area("Tesorería").await;
    let (folio, code) = asked(&house, area.as_str()).await;
    let mut last = StatusCode::OK;
    let mut tried = 0;
    while last != StatusCode::TOO_MANY_REQUESTS {
        tried += 1;
        assert!(tried < 20, "nobody stopped it");
        // From a new address every time: the folio itself is guarded.
        last = follow(&house, &folio, "ABCD-2345", &format!("192.0.2.{tried}")).await.status;
    }
    assert!(tried > 5, "an honest slip is forgiven: {tried}");
    let (other, its_code) = asked(&house, area.as_str()).await;
    assert_eq!(follow(&house, &other, &its_code, "192.0.2.1").await.status, StatusCode::OK);
    // Even the right code waits, so that the wait tells nothing.
    let right = follow(&house, &folio, &code, "192.0.2.99").await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(right.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_request_that_lacks_something_keeps_what_was_written() {
    let house = House::new().await;
    let area = house.area("Tesorería").await;
    let mut fields = FAILURE.to_vec();
    fields.extend([("area", area.as_str()), ("sitio_web", "http://spam.example")]);
    let trapped = send_form(&house, "/portal", "", &fields, &[]).await;
    assert_eq!(trapped.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (field, value, told) in [
        ("nombre", "  ", "Escribe tu nombre"),
        ("contacto", "llámame", "El contacto es"),
        ("area", "no-existe", "área"),
        ("equipo", "doce", "Elige qué necesitas"),
        ("servicio", "nada", "Elige qué necesitas"),
    ] {
        let mut fields = FAILURE.to_vec();
        fields.push(("area", area.as_str()));
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let refused = send_form(&house, "/portal", "", &fields, &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(refused.body.contains(told), "{field}: {}", refused.body);
        assert!(refused.body.contains("No enciende &#60;desde&#62; ayer."), "{field}");
    }
    let filter = RunFilter { limit: 1, ..RunFilter::default() };
    let (rows, _) = house.store.read().await.unwrap().list_runs(&filter).await.unwrap();
    assert!(rows.is_empty(), "nothing was begun");
}

#[tokio::test]
async fn whether_a_pc_has_that_number_is_not_told() {
    let house = House::new().await;
    house.healthy("PC-SECRETA").await;
    let known = house.get("/portal/equipo/1", "").await.body;
    let unknown = house.get("/portal/equipo/2", "").await.body;
    assert!(!known.contains("PC-SECRETA"));
    assert_eq!(known.replace(r#"value="1""#, ""), unknown.replace(r#"value="2""#, ""));
}
