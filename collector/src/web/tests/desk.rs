//! Mesa de Ayuda: its lists and counters, what is done to several runs at once, and its table for a spreadsheet.

use axum::http::StatusCode;

use super::house::House;
use crate::domain::person::{Areas, Role};
use crate::domain::run::Priority;

async fn post(house: &House, cookie: &str, form: &[(&str, &str)]) -> super::house::Answer {
    house.post("/mesa/varios", cookie, form).await
}

#[tokio::test]
async fn several_are_given_to_somebody_and_the_counters_follow() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let (_, first) = house.broken("PC-1").await;
    let (_, second) = house.broken("PC-2").await;
    let page = house.get("/mesa", &ana).await.body;
    assert!(page.contains(&first.folio) && page.contains(&second.folio));
    assert!(page.contains("<b>2</b>"), "both are in nobody's hands");
    let (one, two) = (first.id.as_str(), second.id.as_str());
    let form = [
        ("tramite", one),
        ("tramite", two),
        ("hacer", "asignar"),
        ("persona", "person-ana"),
        ("filtro", "/mesa?ver=sin-asignar"),
    ];
    let done = post(&house, &ana, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(done.location(), "/mesa?ver=sin-asignar&hecho=asignar&cuantos=2");
    let page = house.get(done.location(), &ana).await.body;
    assert!(page.contains("Se asignaron 2 trámites.") && page.contains("Ningún trámite por aquí"));
    let mine = house.get("/mesa?ver=mios", &ana).await.body;
    assert!(mine.contains(&first.folio) && mine.contains("ana &#60;b&#62;N"));
    let kept = house.store.read().await.unwrap().run(&first.id).await.unwrap().unwrap();
    assert_eq!(kept.assignee.unwrap().as_str(), "person-ana");
    let version = kept.version;
    post(&house, &ana, &form).await;
    let kept = house.store.read().await.unwrap().run(&first.id).await.unwrap().unwrap();
    assert_eq!(kept.version, version, "what changes nothing is not recorded");
}

#[tokio::test]
async fn what_cannot_be_done_is_told_run_by_run_and_the_rest_is_done() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-1").await;
    let form = [
        ("tramite", run.id.as_str()),
        ("tramite", "no-hay"),
        ("hacer", "prioridad"),
        ("prioridad", "urgent"),
        ("nota", "lo pidió <Tesorería>"),
    ];
    let told = post(&house, &ana, &form).await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body.contains("Se cambió la prioridad de 1 trámite."));
    assert!(told.body.contains("No se pudo con 1") && told.body.contains("No existe el trámite"));
    let kept = house.store.read().await.unwrap().run(&run.id).await.unwrap().unwrap();
    assert_eq!(kept.priority, Priority::Urgent);
    let page = house.get(&format!("/tramites/{}", run.id), &ana).await.body;
    assert!(page.contains("lo pidió &#60;Tesorería&#62;"));
    for (form, part) in [
        (vec![("hacer", "comentar"), ("nota", "hola")], "al menos un trámite"),
        (vec![("tramite", run.id.as_str()), ("hacer", "asignar")], "a quién"),
        (vec![("tramite", "x"), ("hacer", "asignar"), ("persona", "nadie-asi")], "No existe"),
    ] {
        let refused = post(&house, &ana, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form:?}");
        assert!(refused.body.contains(part), "{form:?}");
    }
}

#[tokio::test]
async fn an_analyst_gives_a_run_to_nobody_else_and_a_requester_gets_none() {
    let house = House::new().await;
    let eva = house.signed_in("eva", Role::AccessAnalyst).await;
    let ana = house.signed_in("ana", Role::Technician).await;
    house.person("luz", Role::Requester).await;
    let (_, run) = house.broken("PC-1").await;
    let give = |to: &'static str| {
        [("tramite", run.id.to_string()), ("hacer", "asignar".into()), ("persona", to.to_owned())]
    };
    let form = give("person-eva");
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(post(&house, &ana, &form).await.status, StatusCode::SEE_OTHER);
    for (cookie, to, part) in [
        (&eva, "person-ana", "corresponde al titular"),
        (&ana, "person-luz", "no atiende trámites"),
    ] {
        let form = give(to);
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let refused = post(&house, cookie, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(part), "{part}");
    }
    let form = give("person-eva");
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(post(&house, &eva, &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_table_for_a_spreadsheet_has_what_the_list_shows() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("=PC-1").await;
    house.broken("PC-2").await;
    let table = house.get("/mesa.csv?q=%3DPC-1", &ana).await;
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    assert!(table.headers["content-disposition"].to_str().unwrap().contains(".csv"));
    let lines: Vec<&str> =
        table.body.trim_end().split("\r\n").flat_map(|l| l.split('\n')).collect();
    assert_eq!(lines.len(), 2, "{}", table.body);
    assert!(lines[0].starts_with("\u{feff}Folio,Asunto,"));
    assert!(lines[1].starts_with(&run.folio) && lines[1].contains("'=PC-1"), "{}", lines[1]);
}

#[tokio::test]
async fn a_list_is_found_by_its_address_and_rubbish_in_it_filters_nothing() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-Ñandú").await;
    for (path, shown) in [
        ("/mesa?q=nandu", true),
        ("/mesa?q=otra+cosa", false),
        ("/mesa?procedimiento=corrective&paso=2", true),
        ("/mesa?procedimiento=corrective&paso=3", false),
        ("/mesa?rol=head", true),
        ("/mesa?rol=front_desk", false),
        ("/mesa?prioridad=urgent", false),
        ("/mesa?area=-", true),
        ("/mesa?asignado=-", true),
        ("/mesa?ver=terminados", false),
        ("/mesa?ver=todos", true),
        ("/mesa?ver=%27%3B--&rol=x&pagina=-1&orden=y", true),
        ("/mesa?pagina=99999999999999999999", true),
    ] {
        let answer = house.get(path, &ana).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.body.contains(&format!("r-{}", run.id)), shown, "{path}");
    }
    let old = house.get("/tramites?ver=terminados", &ana).await;
    assert_eq!(old.location(), "/mesa?ver=terminados");
}

#[tokio::test]
async fn whoever_works_in_some_areas_sees_those_only() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-1").await;
    let area = house.area("Catastro").await;
    let mut write = house.store.write().await.unwrap();
    let id = crate::domain::id::PersonId::new("person-ana");
    let mut person = write.person(&id).await.unwrap().unwrap();
    person.areas = Areas::only([area]);
    write.save_person(&person).await.unwrap();
    write.commit().await.unwrap();
    let page = house.get("/mesa?ver=todos", &ana).await.body;
    assert!(!page.contains(&run.folio) && page.contains("En curso en mi área"));
    assert!(!house.get("/mesa.csv?ver=todos", &ana).await.body.contains(&run.folio));
}

#[tokio::test]
async fn the_front_page_counts_what_the_lists_show() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    house.broken("PC-1").await;
    let page = house.get("/", &ana).await.body;
    assert!(page.contains(r#"href="/mesa?ver=sin-asignar"><b>1</b>"#));
    assert!(page.contains(r#"href="/mesa?ver=mios"><b>0</b>"#));
}
