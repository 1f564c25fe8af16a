//! Web pages: what a visitor would see, and what nobody may be led to.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::guard;
use super::*;

fn page(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn leads(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
}

#[tokio::test]
async fn a_page_that_answers_is_told_with_status_title_and_size() {
    let server = answers(page("<title>Convocatoria 2026</title>")).await;
    let seen = see(looks_at_home(), &format!("http://{server}/a?b=c")).await;
    assert!(seen.is_visible(), "{seen:?}");
    let PageOutcome::Answered { status, led_to, title, bytes, certificate_until, .. } = seen else {
        panic!("{seen:?}");
    };
    assert_eq!((status, led_to, certificate_until), (200, None, None));
    assert_eq!((title.as_deref(), bytes), (Some("Convocatoria 2026"), 32));
}

#[tokio::test]
async fn a_page_that_moved_is_followed_and_a_circle_is_left() {
    let there = answers(page("<title>Aquí</title>")).await;
    let here = answers(leads(&format!("http://{there}/nueva"))).await;
    let seen = see(looks_at_home(), &format!("http://{here}/vieja")).await;
    let PageOutcome::Answered { led_to, title, .. } = seen else { panic!("{seen:?}") };
    assert_eq!(led_to.as_deref(), Some(format!("http://{there}/nueva").as_str()));
    assert_eq!(title.as_deref(), Some("Aquí"));
    let circle = answers(leads("/otra")).await;
    let seen = see(looks_at_home(), &format!("http://{circle}/")).await;
    assert!(matches!(&seen, PageOutcome::Failed { why } if why.contains("más de 5")), "{seen:?}");
}

#[tokio::test]
async fn a_page_that_is_not_there_is_not_visible() {
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let server = answers(missing).await;
    let seen = see(looks_at_home(), &format!("http://{server}/")).await;
    assert!(matches!(seen, PageOutcome::Answered { status: 404, .. }), "{seen:?}");
    assert!(!seen.is_visible());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let seen = see(looks_at_home(), &format!("http://{closed}/")).await;
    assert!(matches!(&seen, PageOutcome::Failed { why } if why.contains("rechaza")), "{seen:?}");
    let nonsense = answers("SSH-2.0-OpenSSH_9.2\r\n").await;
    let seen = see(looks_at_home(), &format!("http://{nonsense}/")).await;
    assert!(
        matches!(&seen, PageOutcome::Failed { why } if why.contains("servidor web")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_page_without_end_is_read_as_far_as_the_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<title>Sin fin</title>";
        let _ = stream.write_all(head.as_bytes()).await;
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
    });
    let seen = see(looks_at_home(), &format!("http://{address}/")).await;
    let PageOutcome::Answered { bytes, title, .. } = seen else { panic!("{seen:?}") };
    assert_eq!((bytes, title.as_deref()), (1024 * 1024, Some("Sin fin")));
}

#[tokio::test]
async fn headers_without_end_and_a_server_that_keeps_silent_fail_in_time() {
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    let server = answers(endless).await;
    let seen = see(looks_at_home(), &format!("http://{server}/")).await;
    assert!(matches!(seen, PageOutcome::Failed { .. }), "{seen:?}");
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let mut verifier = Verifier::new(looks_at_home()).unwrap();
    Arc::get_mut(&mut verifier.inner).unwrap().patience = Duration::from_millis(200);
    let seen = verifier.pages(&[format!("http://{address}/")], now()).await.remove(0).outcome;
    assert!(
        matches!(&seen, PageOutcome::Failed { why } if why.contains("no contestó")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_is_inside_is_never_asked_for_however_it_is_written() {
    for url in [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1/",
        "http://[fd00::1]/",
        "http://8.8.8.8:22/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://ana:secreto@example.org/",
        "example.org",
        "",
    ] {
        let seen = see(Checks::default(), url).await;
        assert!(matches!(seen, PageOutcome::Refused { .. }), "{url}: {seen:?}");
    }
    let long = format!("http://example.org/{}", "a".repeat(3_000));
    assert!(matches!(see(Checks::default(), &long).await, PageOutcome::Refused { .. }));
}

#[tokio::test]
async fn the_own_website_may_stand_inside_and_may_lead_nobody_elsewhere_inside() {
    let own = Checks { websites: vec!["127.0.0.1".into()], ..Checks::default() };
    let server = answers(page("<title>Sitio</title>")).await;
    assert!(see(own.clone(), &format!("http://{server}/")).await.is_visible());
    for inside in [
        format!("http://localhost:{}/", server.port()),
        "http://[::1]/".into(),
        "file:///etc/shadow".into(),
    ] {
        let trap = answers(leads(&inside)).await;
        let seen = see(own.clone(), &format!("http://{trap}/")).await;
        assert!(matches!(seen, PageOutcome::Refused { .. }), "{inside}: {seen:?}");
    }
}

#[test]
fn addresses_of_the_house_are_told_from_those_of_the_internet() {
    for (address, public) in [
        ("8.8.8.8", true),
        ("100.63.255.255", true),
        ("100.64.0.1", false),
        ("172.15.0.1", true),
        ("172.16.0.1", false),
        ("172.32.0.1", true),
        ("192.0.0.8", false),
        ("198.19.255.1", false),
        ("203.0.113.1", false),
        ("224.0.0.1", false),
        ("255.255.255.255", false),
        ("2606:4700::1111", true),
        ("::ffff:8.8.8.8", true),
        ("::ffff:10.0.0.1", false),
        ("64:ff9b::10.0.0.1", false),
        ("64:ff9b::8.8.8.8", true),
        ("2002:7f00:1::", false),
        ("2001::1", false),
        ("2001:db8::1", false),
        ("fe80::1", false),
        ("fec0::1", false),
        ("ff02::1", false),
        ("::", false),
    ] {
        let parsed: IpAddr = address.parse().unwrap();
        assert_eq!(guard::is_public(parsed), public, "{address}");
    }
}

#[tokio::test]
async fn more_addresses_than_the_bound_are_not_asked_for() {
    let server = answers(page("x")).await;
    let urls: Vec<String> = (0..7).map(|one| format!("http://{server}/{one}")).collect();
    let seen = Verifier::new(looks_at_home()).unwrap().pages(&urls, now()).await;
    let visible = seen.iter().filter(|page| page.outcome.is_visible()).count();
    assert_eq!((visible, seen.len()), (ADDRESSES, 7));
    assert!(matches!(seen[6].outcome, PageOutcome::Refused { .. }));
}

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(issuer.pem().as_bytes()).unwrap();
    Authority { issuer, file }
}

/// A server with a certificate of the authority for that name, valid until that year.
async fn behind_tls(authority: &Authority, name: &str, until_year: i32) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until_year, 1, 1);
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 2_048];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(page("<title>Segura</title>").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test]
async fn a_certificate_is_told_with_its_end_and_a_bad_one_with_its_fault() {
    let own = authority();
    let trusting = || Checks { certificates: Some(own.file.path().to_owned()), ..looks_at_home() };
    let good = behind_tls(&own, "127.0.0.1", 2040).await;
    let seen = see(trusting(), &format!("https://{good}/")).await;
    let PageOutcome::Answered { certificate_until, status: 200, .. } = seen else {
        panic!("{seen:?}");
    };
    assert_eq!(certificate_until.unwrap().to_string(), "2040-01-01T00:00:00Z");
    let expired = behind_tls(&own, "127.0.0.1", 2021).await;
    let other = behind_tls(&own, "otro.example", 2040).await;
    let unknown = see(looks_at_home(), &format!("https://{good}/")).await;
    for (seen, fault) in [
        (see(trusting(), &format!("https://{expired}/")).await, "venció"),
        (see(trusting(), &format!("https://{other}/")).await, "otro nombre"),
        (unknown, "no se conoce"),
    ] {
        assert!(matches!(&seen, PageOutcome::Failed { why } if why.contains(fault)), "{seen:?}");
    }
    let plain = answers(page("x")).await;
    let seen = see(trusting(), &format!("https://{plain}/")).await;
    assert!(matches!(&seen, PageOutcome::Failed { why } if why.contains("segura")), "{seen:?}");
}

#[test]
fn certificates_that_cannot_be_read_are_named() {
    let checks = Checks { certificates: Some("/no/hay.pem".into()), ..Checks::default() };
    let error = Verifier::new(checks).unwrap_err().to_string();
    assert!(error.contains("/no/hay.pem") && error.contains("checks.certificates"), "{error}");
}
