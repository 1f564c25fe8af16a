//! Administración → Correo and Mis avisos: who sees them, what they refuse, and that nothing on them is markup of ours.

use axum::http::StatusCode;
use jiff::Timestamp;

use super::house::House;
use crate::domain::mail::{GIVE_UP, MailState};
use crate::domain::notice::NoticeKind;
use crate::domain::person::Role;
use crate::store::{Attempt, MailSetting};

async fn with_server(house: &House) {
    let setting = MailSetting {
        enabled: true,
        web_url: "https://a".into(),
        server: "correo.ejemplo.mx".into(),
        port: 587,
        security: "starttls".into(),
        account: String::new(),
        sender: "avisos@ejemplo.mx".into(),
        reply_to: String::new(),
    };
    let mut db = house.store.write().await.unwrap();
    db.put_mail_setting(&setting, Timestamp::now()).await.unwrap();
    db.commit().await.unwrap();
}

#[tokio::test]
async fn whoever_administers_tries_the_server_out_and_sends_again_what_was_given_up() {
    let house = House::new().await;
    let cookie = house.signed_in("eva", Role::Head).await;
    let page = house.get("/administracion/correo", &cookie).await;
    assert!(page.body.contains("No hay servidor de correo"), "{}", page.body);
    let form = [("direccion", "ana@ejemplo.mx")];
    let without = house.post("/administracion/correo/prueba", &cookie, &form).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    with_server(&house).await;
    let none = [("direccion", "<b>nadie")];
    let refused = house.post("/administracion/correo/prueba", &cookie, &none).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("no es un correo") && refused.body.contains("&#60;b&#62;nadie"));
    let sent = house.post("/administracion/correo/prueba", &cookie, &form).await;
    assert_eq!(sent.location(), "/administracion/correo");
    let now = Timestamp::now() + GIVE_UP;
    let mut db = house.store.write().await.unwrap();
    let mail = db.claim_mail("x", now).await.unwrap().unwrap();
    let refusal = Attempt::GivenUp("550 <script>no</script>".into());
    db.end_attempt(&mail.id, "x", &refusal, now).await.unwrap();
    db.commit().await.unwrap();
    let page = house.get("/administracion/correo", &cookie).await.body;
    assert!(page.contains("No se pudo enviar") && page.contains("550 &#60;script&#62;"), "{page}");
    let again = format!("/administracion/correo/{}/reintentar", mail.id);
    assert_eq!(house.post(&again, &cookie, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.post(&again, &cookie, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mail = house.store.read().await.unwrap().mail(&mail.id).await.unwrap().unwrap();
    assert_eq!(mail.state, MailState::Queued);
}

#[tokio::test]
async fn a_text_is_looked_at_kept_and_refused_by_the_word_it_does_not_know() {
    let house = House::new().await;
    let cookie = house.signed_in("eva", Role::Head).await;
    let path = "/administracion/correo/textos/step";
    let seen = [("asunto", "{folio}"), ("texto", "Hola {destinatario} <b>"), ("accion", "ver")];
    let preview = house.post(path, &cookie, &seen).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(preview.body.contains("Hola Íñigo Muñoz Peña &#60;b&#62;"), "{}", preview.body);
    assert!(house.get(path, &cookie).await.body.contains("texto de fábrica"));
    let wrong = [("asunto", "{folio}"), ("texto", "{clave}"), ("accion", "guardar")];
    let refused = house.post(path, &cookie, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("«{clave}»"), "{}", refused.body);
    let kept = [("asunto", "{folio}"), ("texto", "Hola"), ("accion", "guardar")];
    assert_eq!(house.post(path, &cookie, &kept).await.status, StatusCode::SEE_OTHER);
    assert!(house.get(path, &cookie).await.body.contains("Edición 1"));
    let back = [("asunto", ""), ("texto", ""), ("accion", "fabrica")];
    assert_eq!(house.post(path, &cookie, &back).await.status, StatusCode::SEE_OTHER);
    assert!(house.get(path, &cookie).await.body.contains("le toca el paso"));
    let none = house.get("/administracion/correo/textos/nada", &cookie).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn others_do_not_see_to_whom_was_written_but_decide_about_their_own_notices() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    for path in ["/administracion/correo", "/administracion/correo/textos/step"] {
        assert_eq!(house.get(path, &cookie).await.status, StatusCode::FORBIDDEN);
    }
    let form = [("direccion", "ana@ejemplo.mx")];
    let refused = house.post("/administracion/correo/prueba", &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let page = house.get("/cuenta/avisos", &cookie).await.body;
    assert!(page.contains("Todavía no hay un correo tuyo") && page.contains("Le toca un paso"));
    let saved = house.post("/cuenta/avisos", &cookie, &[("overdue", "1")]).await;
    assert_eq!(saved.location(), "/cuenta/avisos");
    let id = crate::domain::id::PersonId::new("person-ana");
    let muted = house.store.read().await.unwrap().muted_notices(&id).await.unwrap();
    assert!(muted.contains(&NoticeKind::Step) && !muted.contains(&NoticeKind::Overdue));
    assert!(!muted.contains(&NoticeKind::Sign));
}
