//! The page Procedimientos: what each procedure is for, its steps, and what was added to the manual.

use axum::http::StatusCode;

use super::house::House;
use crate::actions::Library;
use crate::domain::person::Role;

#[tokio::test]
async fn the_nine_are_listed_and_each_shows_its_steps_and_notes() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let list = house.get("/procedimientos", &cookie).await.body;
    for procedure in Library::embedded().unwrap().all() {
        let address = format!("/procedimientos/{}", procedure.code);
        assert!(list.contains(&format!("href=\"{address}\"")), "{address}");
        let page = house.get(&address, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        for step in &procedure.steps {
            assert!(page.body.contains(&format!("id=\"p-{}\"", step.id)), "{address} {}", step.id);
            for to in step.targets() {
                assert!(page.body.contains(&format!("href=\"#p-{to}\"")), "{address} → {to}");
            }
        }
        assert!(page.body.contains(&procedure.page) && page.body.contains(&procedure.objective));
    }
}

#[tokio::test]
async fn an_edition_that_is_no_longer_present_says_so() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let old = house.get("/procedimientos/corrective?edicion=1", &cookie).await.body;
    assert!(old.contains("Esta edición la siguen los trámites que empezaron con ella"));
    assert!(!old.contains("id=\"p-5a\""));
    let present = house.get("/procedimientos/corrective", &cookie).await.body;
    assert!(present.contains("id=\"p-5a\"") && present.contains("paso añadido"));
    for path in ["/procedimientos/nada", "/procedimientos/corrective?edicion=%3Cscript%3E"] {
        assert_eq!(house.get(path, &cookie).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
