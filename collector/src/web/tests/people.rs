//! Administración → Personas and Mi cuenta, as their people use them.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use super::house::{Answer, House, PASSWORD};
use crate::domain::access::TotpRule;
use crate::domain::id::PersonId;
use crate::domain::person::{Person, Role, Roles};

const PEOPLE: &str = "/administracion/personas";

async fn administrator(house: &House) -> String {
    let id = PersonId::new("person-root");
    let person = Person {
        administrator: true,
        ..Person::new(id.clone(), "root", "Eva Ríos", Roles::of(Role::Head))
    };
    let mut write = house.store.write().await.unwrap();
    write.add_person(&person, jiff::Timestamp::now()).await.unwrap();
    write.commit().await.unwrap();
    let link = house.link(&id).await;
    house.post(&link, "", &[("clave", PASSWORD), ("otra", PASSWORD)]).await.cookie()
}

/// A one-time link as it stands on a page.
fn link_of(page: &str) -> String {
    let at = page.find("/bienvenida/").expect("a link is shown");
    page[at..].split('"').next().unwrap().to_owned()
}

async fn table(house: &House, cookie: &str, csv: &str, keep: bool) -> Answer {
    let keep = if keep {
        "--x\r\ncontent-disposition: form-data; name=\"guardar\"\r\n\r\nsi\r\n"
    } else {
        ""
    };
    let body = format!(
        "{keep}--x\r\ncontent-disposition: form-data; name=\"tabla\"; filename=\"p.csv\"\r\n\
         content-type: text/csv\r\n\r\n{csv}\r\n--x--\r\n"
    );
    let request = Request::post("/administracion/personas/importar")
        .header("host", "localhost")
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=x");
    house.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_person_is_added_gets_a_link_and_comes_in_with_their_roles() {
    let house = House::new().await;
    let cookie = administrator(&house).await;
    let area = house.area("Obras").await;
    let form = [
        ("usuario", "luis"),
        ("nombre", "Luis <i>Peña</i>"),
        ("correo", "luis@ejemplo.gob.mx"),
        ("funcion", "technician"),
        ("funcion", "front_desk"),
        ("area", area.as_str()),
    ];
    let added = house.post(PEOPLE, &cookie, &form).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    let path = added.location().to_owned();
    let page = house.get(&path, &cookie).await.body;
    assert!(page.contains("Luis &#60;i&#62;Peña") && page.contains("sin segundo factor"));
    let listed = house.get(&format!("{PEOPLE}?q=PENA&funcion=front_desk"), &cookie).await.body;
    assert!(listed.contains("luis@ejemplo.gob.mx") && listed.contains("Obras"));
    assert!(
        house.get(&format!("{PEOPLE}?q=nadie"), &cookie).await.body.contains("No hay nadie así")
    );
    let linked = house.post(&format!("{path}/enlace"), &cookie, &[]).await.body;
    let link = link_of(&linked);
    assert!(!house.get(&path, &cookie).await.body.contains("/bienvenida/"), "shown once");
    let entered = house.post(&link, "", &[("clave", PASSWORD), ("otra", PASSWORD)]).await.cookie();
    let account = house.get("/cuenta", &entered).await.body;
    assert!(account.contains("Técnica o técnico, Ventanilla") && account.contains("Obras"));
    house.post(&format!("{path}/desactivar"), &cookie, &[]).await;
    assert_eq!(house.get("/cuenta", &entered).await.status, StatusCode::SEE_OTHER, "out at once");
    let gone = house.get(&format!("{PEOPLE}?ver=desactivadas"), &cookie).await.body;
    assert!(gone.contains("luis"));
}

#[tokio::test]
async fn what_cannot_be_used_comes_back_as_it_was_written() {
    let house = House::new().await;
    let cookie = administrator(&house).await;
    let form =
        [("usuario", "dos palabras"), ("nombre", "Luis \"Peña\""), ("funcion", "technician")];
    let refused = house.post(PEOPLE, &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("sin espacios") && refused.body.contains("Luis &#34;Peña&#34;"));
    assert!(refused.body.contains(r#"value="technician" checked"#));
    let own = format!("{PEOPLE}/person-root");
    let fallen = house.post(&own, &cookie, &[("nombre", "Eva")]).await;
    assert_eq!(fallen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(fallen.body.contains("Alguien tiene que administrar"));
    let none = house.get(&format!("{PEOPLE}/nadie"), &cookie).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_head_manages_people_and_never_becomes_an_administrator_by_it() {
    let house = House::new().await;
    administrator(&house).await;
    let head = house.signed_in("eva", Role::Head).await;
    let page = house.get(&format!("{PEOPLE}/person-root"), &head).await.body;
    assert!(page.contains("solo quien también administra") && !page.contains("Crear enlace"));
    for (path, form) in [
        (format!("{PEOPLE}/person-root/enlace"), vec![]),
        (format!("{PEOPLE}/person-root/desactivar"), vec![]),
        (format!("{PEOPLE}/person-eva"), vec![("nombre", "Eva"), ("administra", "si")]),
        (PEOPLE.to_owned(), vec![("usuario", "x"), ("nombre", "X"), ("administra", "si")]),
    ] {
        let refused = house.post(&path, &head, &form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_table_is_told_row_by_row_and_kept_whole_or_not_at_all() {
    let house = House::new().await;
    let cookie = administrator(&house).await;
    let bad = table(&house, &cookie, "usuario,nombre\nana,Ana\n<b>,X\n", true).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.body.contains("1 fila no sirve") && bad.body.contains("&#60;b&#62;"));
    assert!(house.get(&format!("{PEOPLE}?q=ana"), &cookie).await.body.contains("No hay nadie así"));
    let good = "usuario,nombre\nana,Ana Núñez\n";
    assert!(table(&house, &cookie, good, false).await.body.contains("todavía no se guardó nada"));
    assert!(table(&house, &cookie, good, true).await.body.contains("1 persona nueva"));
    let none = table(&house, &cookie, "PK\u{3}\u{4}", true).await;
    assert!(none.body.contains("libro de cálculo"), "{}", none.body);
    let technician = house.signed_in("tec", Role::Technician).await;
    assert_eq!(table(&house, &technician, good, true).await.status, StatusCode::FORBIDDEN);
}

/// What the telephone shows for the secret of a page.
fn code_of(page: &str) -> String {
    let at = page.find("secret=").expect("the secret is shown") + 7;
    let secret: String = page[at..].chars().take_while(char::is_ascii_alphanumeric).collect();
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(jiff::Timestamp::now().as_second() as u64).to_string()
}

#[tokio::test]
async fn a_second_factor_is_registered_asked_for_and_recovered_from() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Technician).await;
    let page = house.get("/cuenta/segundo-factor", &cookie).await.body;
    assert!(page.contains("<svg") && page.contains("otpauth://totp/Atalaya:ana"));
    let wrong = house.post("/cuenta/segundo-factor", &cookie, &[("codigo", "12")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = house.post("/cuenta/segundo-factor", &cookie, &[("codigo", &code_of(&page))]).await;
    let at = done.body.find("<ol class=\"codes mono\"><li>").expect("recovery codes") + 27;
    let recovery = done.body[at..].split('<').next().unwrap().to_owned();
    let form = [("usuario", "ana"), ("clave", PASSWORD), ("siguiente", "/flota")];
    let entered = house.post("/entrar", "", &form).await;
    assert_eq!(entered.location(), "/entrar/codigo?siguiente=%2Fflota");
    let waiting = entered.cookie();
    assert_eq!(house.get("/flota", &waiting).await.status, StatusCode::SEE_OTHER, "not yet in");
    assert_eq!(
        house.get("/cuenta", &waiting).await.status,
        StatusCode::SEE_OTHER,
        "not here either"
    );
    assert!(house.get("/entrar/codigo", &waiting).await.body.contains("one-time-code"));
    let wrong = house.post("/entrar/codigo", &waiting, &[("codigo", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let form = [("codigo", recovery.as_str()), ("siguiente", "/flota")];
    let whole = house.post("/entrar/codigo", &waiting, &form).await;
    assert_eq!(whole.location(), "/flota");
    assert_eq!(house.get("/flota", &whole.cookie()).await.status, StatusCode::OK);
    assert_eq!(house.get("/flota", &waiting).await.status, StatusCode::SEE_OTHER, "changed hands");
    let quit =
        house.post("/cuenta/segundo-factor/quitar", &whole.cookie(), &[("actual", PASSWORD)]).await;
    assert_eq!(quit.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_must_have_a_second_factor_sees_nothing_before_it_is_registered() {
    let house = House::with_totp(TotpRule::Administrators).await;
    let cookie = administrator(&house).await;
    let page = house.get("/flota", &cookie).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/cuenta/segundo-factor"));
    let acted = house.post(PEOPLE, &cookie, &[("usuario", "x"), ("nombre", "X")]).await;
    assert_eq!(acted.location(), "/cuenta/segundo-factor");
    let page = house.get("/cuenta/segundo-factor", &cookie).await.body;
    house.post("/cuenta/segundo-factor", &cookie, &[("codigo", &code_of(&page))]).await;
    assert_eq!(house.get("/flota", &cookie).await.status, StatusCode::OK);
    let other = house.signed_in("ana", Role::Technician).await;
    assert_eq!(house.get("/flota", &other).await.status, StatusCode::OK, "only who administers");
}

#[tokio::test]
async fn the_account_lists_where_one_is_signed_in_and_another_password_ends_the_rest() {
    let house = House::new().await;
    let cookie = house.signed_in("ana", Role::Requester).await;
    let form = [("usuario", "ana"), ("clave", PASSWORD)];
    let other = house.post("/entrar", "", &form).await.cookie();
    let page = house.get("/cuenta", &cookie).await.body;
    assert!(page.contains("Esta sesión") && page.contains("Otra sesión"));
    let new = "otras cuatro palabras";
    let wrong = [("actual", "no es"), ("clave", new), ("otra", new)];
    assert!(house.post("/cuenta/clave", &cookie, &wrong).await.body.contains("no es esa"));
    let right = [("actual", PASSWORD), ("clave", new), ("otra", new)];
    assert_eq!(house.post("/cuenta/clave", &cookie, &right).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.get("/cuenta", &cookie).await.status, StatusCode::OK);
    assert_eq!(house.get("/cuenta", &other).await.status, StatusCode::SEE_OTHER);
}
