//! A step signed by link on a phone, and what is no signature.

use axum::http::StatusCode;

use super::house::{Answer, House};
use crate::domain::person::Role;
use crate::domain::procedure::Need;
use crate::domain::run::{Run, RunState};
use crate::domain::signature::signs_by_link;

/// A run of the corrective procedure that stands at a step somebody outside the unit signs.
async fn at_signature(house: &House) -> Run {
    let (_, run) = house.broken("PC-1").await;
    let library = house.library();
    let procedure = library.edition(&run.procedure, &run.edition).unwrap();
    let step = procedure
        .steps
        .iter()
        .find(|step| step.needs(Need::Signature) && signs_by_link(step.role))
        .expect("a step is signed by whoever asked");
    let moved = Run { state: RunState::Open { step: step.id.clone() }, ..run.clone() };
    let moved = Run { version: run.version + 1, ..moved };
    let mut write = house.store.write().await.unwrap();
    assert!(write.save_run(&moved, Some(step.role), run.version).await.unwrap());
    write.commit().await.unwrap();
    moved
}

/// A drawing like a finger's, as the page sends it.
fn drawing() -> String {
    let line: Vec<[i32; 2]> = (0..40).map(|at| [20 + at * 6, 60 + (at % 7) * 9]).collect();
    serde_json::to_string(&[line]).unwrap()
}

fn token(page: &Answer) -> String {
    let after = page.body.split_once("https://atalaya.ejemplo.gob.mx").expect("the link").1;
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_step_is_signed_by_link_once_without_an_account() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let run = at_signature(&house).await;
    let path = format!("/tramites/{}", run.id);
    assert!(house.get(&path, &ana).await.body.contains("Pedir firma"));
    let made = house.post(&format!("{path}/enlace-de-firma"), &ana, &[]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert!(made.body.contains("data:image/svg+xml;base64,"));
    let link = token(&made);
    let page = house.get(&link, "").await;
    assert!(
        page.body.contains("Se firma el paso") && page.body.contains(&run.folio),
        "{}",
        page.body
    );
    assert_eq!(page.headers["x-robots-tag"], "noindex, nofollow");
    let drawn = drawing();
    for (strokes, told) in
        [("[]", "Dibuja tu firma"), ("[[[5,5]]]", "en blanco"), ("{", "en blanco")]
    {
        let form = [("nombre", "Rosa Peña"), ("cargo", "Tesorera"), ("trazos", strokes)];
        let refused = house.post(&link, "", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{strokes}");
        assert!(
            refused.body.contains(told) && refused.body.contains("Rosa Peña"),
            "{}",
            refused.body
        );
    }
    let form = [("nombre", "Rosa <b>Peña</b>"), ("cargo", "Tesorera"), ("trazos", &drawn)];
    let signed = house.post(&link, "", &form).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.body);
    assert!(signed.body.contains("Gracias, quedó firmado"));
    for again in [house.get(&link, "").await, house.post(&link, "", &form).await] {
        assert_eq!(again.status, StatusCode::NOT_FOUND);
    }
    let page = house.get(&path, &ana).await.body;
    assert!(page.contains("Rosa &#60;b&#62;Peña") && page.contains("<path d=\"M20 60L"), "{page}");
    let after = house.store.read().await.unwrap().run(&run.id).await.unwrap().unwrap();
    assert_ne!(after.state, run.state, "the step was carried out");
}

#[tokio::test]
async fn a_name_typed_is_a_signature_when_they_say_so() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let run = at_signature(&house).await;
    let path = format!("/tramites/{}/enlace-de-firma", run.id);
    let link = token(&house.post(&path, &ana, &[]).await);
    let form = [("nombre", "Rosa Peña"), ("cargo", "Tesorera"), ("trazos", ""), ("escrita", "si")];
    let signed = house.post(&link, "", &form).await;
    assert!(signed.body.contains("Gracias, quedó firmado"), "{}", signed.body);
}

#[tokio::test]
async fn a_link_taken_back_replaced_or_made_up_opens_nothing() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let run = at_signature(&house).await;
    let path = format!("/tramites/{}/enlace-de-firma", run.id);
    let first = token(&house.post(&path, &ana, &[]).await);
    let second = token(&house.post(&path, &ana, &[]).await);
    assert_eq!(house.get(&first, "").await.status, StatusCode::NOT_FOUND, "replaced");
    assert_eq!(house.get(&second, "").await.status, StatusCode::OK);
    let taken_back = house.post(&format!("{path}/retirar"), &ana, &[]).await;
    assert_eq!(taken_back.status, StatusCode::SEE_OTHER);
    assert_eq!(house.get(&second, "").await.status, StatusCode::NOT_FOUND, "taken back");
    assert_eq!(house.get("/portal/firmar/inventado", "").await.status, StatusCode::NOT_FOUND);
    let (_, other) = house.broken("PC-2").await;
    let path = format!("/tramites/{}/enlace-de-firma", other.id);
    let refused = house.post(&path, &ana, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "not a step to be signed");
}
