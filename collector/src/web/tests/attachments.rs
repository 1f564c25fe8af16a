//! Files of a run: added, listed, got back harmless, and refused.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use super::house::{Answer, House};
use crate::domain::person::Role;

/// The smallest picture there is.
pub const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// A form with files, as a browser sends it from one of our own pages.
pub async fn send_form(
    house: &House,
    path: &str,
    cookie: &str,
    fields: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--raya\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    for (name, content) in files {
        let head = format!(
            "--raya\r\nContent-Disposition: form-data; name=\"archivo\"; filename=\"{name}\"\r\n\
             Content-Type: image/png\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--raya--\r\n");
    let request = Request::post(path)
        .header("host", "localhost")
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=raya");
    house.send(request.body(Body::from(body)).unwrap()).await
}

/// The addresses of the files on a page.
fn addresses(page: &str) -> Vec<String> {
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut found: Vec<String> =
        links.filter(|link| link.contains("/adjuntos/")).map(String::from).collect();
    found.dedup();
    found
}

#[tokio::test]
async fn a_picture_is_shown_in_a_sandbox_and_a_document_is_downloaded() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/tramites/{}", run.id);
    let files = [("fuente <quemada>.png", PNG), ("Dictamen núm. 3.pdf", &b"%PDF-1.7\n"[..])];
    let sent = send_form(&house, &format!("{path}/adjuntos"), &ana, &[], &files).await;
    assert_eq!(
        (sent.status, sent.location()),
        (StatusCode::SEE_OTHER, &*format!("{path}#archivos"))
    );
    let page = house.get(&path, &ana).await.body;
    assert!(
        page.contains("fuente _quemada_.png") && page.contains("Dictamen núm. 3.pdf"),
        "{page}"
    );
    assert!(page.contains("revisar por antivirus"), "no antivirus: nobody knows");
    let addresses = addresses(&page);
    let picture = house.get(&addresses[0], &ana).await;
    assert_eq!(picture.headers[header::CONTENT_TYPE], "image/png");
    assert!(picture.headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("inline"));
    let policy = picture.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    assert_eq!(picture.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let document = house.get(addresses.last().unwrap(), &ana).await;
    let how = document.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(how.starts_with("attachment") && how.contains("Dictamen%20n%C3%BAm.%203.pdf"), "{how}");
    assert_eq!(document.body, "%PDF-1.7\n");
    // Not without signing in, and not by way of another run.
    let stranger = house.get(&addresses[0], "").await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    let (_, other) = house.broken("PC-2").await;
    let file = addresses[0].rsplit('/').next().unwrap();
    let crossed = house.get(&format!("/tramites/{}/adjuntos/{file}", other.id), &ana).await;
    assert_eq!(crossed.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_taken_is_told_and_leaves_nothing_behind() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let (_, run) = house.broken("PC-1").await;
    let path = format!("/tramites/{}/adjuntos", run.id);
    let large = vec![b'a'; 15 * 1024 * 1024 + 1];
    for (name, content, told) in [
        ("foto.png", &b"MZ\x90\0\x03\0\0\0"[..], "no se acepta"),
        ("nota.txt", b"<!DOCTYPE html><script>alert(1)</script>", "no se acepta"),
        ("vacio.txt", b"", "Elige un archivo"),
        ("grande.txt", &large, "caben 15 MiB"),
        ("a.docx", b"PK\x03\x04cortado", "dañado"),
    ] {
        let refused = send_form(&house, &path, &ana, &[], &[(name, content)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(refused.body.contains(told), "{name}: {}", refused.body);
    }
    let many = [("1.png", PNG), ("2.png", PNG), ("3.png", PNG), ("4.png", PNG)];
    let many = send_form(&house, &path, &ana, &[], &many).await;
    assert!(many.body.contains("hasta 3 archivos"), "{}", many.body);
    assert_eq!(house.attachments(), (0, 1), "the three that fitted are one content");
}

#[tokio::test]
async fn a_run_that_is_not_there_and_a_form_of_another_site_add_nothing() {
    let house = House::new().await;
    let ana = house.signed_in("ana", Role::Technician).await;
    let gone = send_form(&house, "/tramites/nada/adjuntos", &ana, &[], &[("a.png", PNG)]).await;
    // As for a run that is not theirs: who asks does not learn which it is.
    assert_eq!(gone.status, StatusCode::FORBIDDEN);
    let request = Request::post("/tramites/nada/adjuntos")
        .header("host", "localhost")
        .header("cookie", &ana)
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "multipart/form-data; boundary=raya");
    let forged = house.send(request.body(Body::from("--raya--\r\n")).unwrap()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}
