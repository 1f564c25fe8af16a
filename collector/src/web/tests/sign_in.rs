//! Entering and leaving.

use axum::http::StatusCode;

use super::house::{House, PASSWORD};
use crate::domain::person::Role;

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_door_and_back() {
    let house = House::new().await;
    house.person("ana", Role::Technician).await;
    let refused = house.get("/flota?q=a%20b", "").await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER);
    assert_eq!(refused.location(), "/entrar?siguiente=%2Fflota%3Fq%3Da%2520b");
    let door = house.get(refused.location(), "").await;
    assert!(door.body.contains(r#"name="siguiente" value="/flota?q=a%20b""#));
}

#[tokio::test]
async fn a_one_time_link_sets_the_password_and_opens_hoy() {
    let house = House::new().await;
    let link = house.link(&house.person("ana", Role::Technician).await).await;
    assert!(house.get(&link, "").await.body.contains("Te damos la bienvenida"));
    let different = house.post(&link, "", &[("clave", PASSWORD), ("otra", "otra cosa")]).await;
    assert_eq!(different.status, StatusCode::UNPROCESSABLE_ENTITY);
    let entered = house.post(&link, "", &[("clave", PASSWORD), ("otra", PASSWORD)]).await;
    assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/"));
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert_eq!(house.get("/", &entered.cookie()).await.status, StatusCode::OK);
    assert_eq!(house.get(&link, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_cookie_asks_for_tls_unless_the_page_is_on_this_machine() {
    let house = House::new().await;
    let link = house.link(&house.person("ana", Role::Technician).await).await;
    let form = format!("clave={0}&otra={0}", PASSWORD.replace(' ', "+"));
    let request = axum::http::Request::post(&link)
        .header("host", "atalaya.ejemplo.gob.mx")
        .header("content-type", "application/x-www-form-urlencoded");
    let entered = house.send(request.body(form.into()).unwrap()).await;
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-atalaya=") && cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn password_and_login_open_and_leaving_closes() {
    let house = House::new().await;
    house.signed_in("ana", Role::Technician).await;
    let wrong = house.post("/entrar", "", &[("usuario", "ana"), ("clave", "nada de eso")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.body.contains("no coinciden") && wrong.body.contains(r#"value="ana""#));
    let form = [("usuario", "Ana"), ("clave", PASSWORD), ("siguiente", "//mal.example")];
    let entered = house.post("/entrar", "", &form).await;
    assert_eq!(entered.location(), "/", "never to another site");
    let cookie = entered.cookie();
    assert_eq!(house.get("/flota", &cookie).await.status, StatusCode::OK);
    house.post("/salir", &cookie, &[]).await;
    assert_eq!(house.get("/flota", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn too_many_failures_are_told_to_wait() {
    let house = House::new().await;
    house.signed_in("ana", Role::Technician).await;
    let form = [("usuario", "ana"), ("clave", "nada de eso")];
    for _ in 0..5 {
        house.post("/entrar", "", &form).await;
    }
    let refused = house.post("/entrar", "", &form).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.body.contains("Demasiados intentos"));
}

#[tokio::test]
async fn a_requester_begins_at_what_they_asked_for_and_is_told_that_the_rest_is_not_theirs() {
    let house = House::new().await;
    let cookie = house.signed_in("luis", Role::Requester).await;
    let led = house.get("/", &cookie).await;
    assert_eq!((led.status, led.location()), (StatusCode::SEE_OTHER, "/mesa"));
    let refused = house.get("/flota", &cookie).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("personal de la Unidad"));
}

#[tokio::test]
async fn a_part_of_a_page_asked_for_without_a_session_leads_the_whole_page_to_the_door() {
    let house = House::new().await;
    let request =
        axum::http::Request::get("/flota").header("host", "localhost").header("hx-request", "true");
    let refused = house.send(request.body(Default::default()).unwrap()).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers["hx-redirect"], "/entrar?siguiente=%2Fflota");
}
