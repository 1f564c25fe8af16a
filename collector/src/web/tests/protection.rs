//! What stands around every route.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use super::house::House;
use crate::domain::person::Role;

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://mal.example")] {
        let request = Request::post("/salir").header("host", "localhost").header("cookie", &cookie);
        let refused = house.send(request.header(name, value).body(Body::empty()).unwrap()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}");
        assert!(refused.body.contains("vino de otro sitio"));
    }
    assert_eq!(house.get("/", &cookie).await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn every_answer_is_hardened_and_private() {
    let house = House::new().await;
    for path in ["/entrar", "/nada", "/healthz", "/api/v1/devices", "/api/openapi.json"] {
        let answer = house.get(path, "").await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert!(answer.headers.contains_key("referrer-policy"), "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
    }
}

#[tokio::test]
async fn no_page_carries_a_script_or_style_of_its_own() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let (device, run) = house.broken("PC-1").await;
    let sprite = house.get(crate::web::assets::address("icons.svg"), "").await.body;
    let sheet = format!("/equipos/{device}");
    let ticket = format!("/tramites/{}", run.id);
    for path in ["/", "/flota", "/alertas", "/mesa", &sheet, &ticket, "/entrar", "/nada"] {
        let page = house.get(path, &cookie).await.body;
        assert!(
            page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"),
            "{path}"
        );
        for inline in [" style=", "<style", "<script>", " onclick=", "javascript:", "hx-on"] {
            assert!(!page.contains(inline), "{inline} in {path}");
        }
        for icon in page.split("icons.svg#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(
                sprite.contains(&format!("id=\"{icon}\"")),
                "{icon} in {path} is not in the sprite"
            );
        }
    }
}

#[tokio::test]
async fn what_is_too_large_or_unknown_gets_a_page_not_a_blank() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let unknown = house.get("/nada", &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.body.contains("No se encontró"));
    let id = unknown.headers["x-request-id"].to_str().unwrap();
    assert!(unknown.body.contains(id), "the page names the request");
    let huge = "x".repeat(100_000);
    let refused = house.post("/entrar", "", &[("usuario", "ana"), ("clave", &huge)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.body.contains("demasiado grande"));
    let method = house.post("/flota", &cookie, &[]).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.body.contains("no admite"));
}

#[tokio::test]
async fn a_store_that_went_away_is_said_without_a_word_of_sql() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    house.store.close().await;
    let page = house.get("/flota", &cookie).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.body.contains("Algo falló en el colector"));
    assert!(!page.body.to_lowercase().contains("sql") && !page.body.contains("pool"));
    assert_eq!(house.get("/readyz", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(house.get("/healthz", "").await.status, StatusCode::OK);
}
