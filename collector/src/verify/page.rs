//! Asks for one page as a visitor would, follows where it leads, and reads no more than its bound. Each hop is judged
//! anew.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::guard::{self, Stop};
use super::{Checks, title};
use crate::domain::address_check::PageOutcome;

/// Most times an address may lead to another.
const HOPS: usize = 5;
/// Most bytes of a page that are read.
const BODY: usize = 1024 * 1024;
/// Most bytes of the line and headers of an answer.
const HEADERS: usize = 64 * 1024;
/// For one address of a name to accept a connection, so that the next one still has time.
const CONNECT: Duration = Duration::from_secs(4);
const AGENT: &str =
    concat!("Atalaya/", env!("CARGO_PKG_VERSION"), " (comprobación de publicación)");

/// An answer and who gave it.
struct Answer {
    response: Response<Incoming>,
    certificate_until: Option<Timestamp>,
}

/// Asks for a page.
pub async fn look(text: &str, checks: &Checks, tls: &Arc<ClientConfig>) -> PageOutcome {
    let started = Instant::now();
    match follow(text, checks, tls, started).await {
        Ok(outcome) => outcome,
        Err(Stop::Refused(why)) => PageOutcome::Refused { why },
        Err(Stop::Failed(why)) => PageOutcome::Failed { why },
    }
}

async fn follow(
    text: &str,
    checks: &Checks,
    tls: &Arc<ClientConfig>,
    started: Instant,
) -> Result<PageOutcome, Stop> {
    let mut url = guard::read(text).map_err(Stop::Refused)?;
    let mut hops = 0;
    loop {
        let answer = ask(&url, checks, tls).await?;
        let status = answer.response.status();
        let to = answer.response.headers().get(LOCATION).filter(|_| status.is_redirection());
        let Some(to) = to else {
            let led_to = (hops > 0).then(|| url.to_string());
            return Ok(read(answer, led_to, started).await);
        };
        hops += 1;
        if hops > HOPS {
            return Err(Stop::Failed(format!("lleva a otra dirección más de {HOPS} veces")));
        }
        let to = to.to_str().ok().and_then(|to| url.join(to).ok());
        let next =
            to.ok_or_else(|| Stop::Failed("lleva a una dirección que no se entiende".into()))?;
        guard::check(&next).map_err(Stop::Refused)?;
        url = next;
    }
}

async fn ask(url: &Url, checks: &Checks, tls: &Arc<ClientConfig>) -> Result<Answer, Stop> {
    let addresses = guard::resolve(url, checks).await?;
    let stream = connect(&addresses).await?;
    if url.scheme() == "http" {
        let response = send(url, stream).await?;
        return Ok(Answer { response, certificate_until: None });
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host)
        .map_err(|_| Stop::Failed("el nombre no sirve para TLS".into()))?;
    let connected = TlsConnector::from(tls.clone()).connect(name, stream).await;
    let stream = connected.map_err(|error| Stop::Failed(tls_words(&error)))?;
    let certificates = stream.get_ref().1.peer_certificates();
    let certificate_until = certificates.and_then(|chain| until(chain.first()?));
    let response = send(url, stream).await?;
    Ok(Answer { response, certificate_until })
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Stop> {
    let mut why = "no se pudo conectar".to_owned();
    for address in addresses {
        match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                why = "el servidor rechaza la conexión".into();
            }
            Ok(Err(error)) => why = format!("no se pudo conectar ({})", error.kind()),
            Err(_) => why = "el servidor no acepta la conexión".into(),
        }
    }
    Err(Stop::Failed(why))
}

async fn send<S>(url: &Url, stream: S) -> Result<Response<Incoming>, Stop>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |_: hyper::Error| Stop::Failed("la respuesta no es la de un servidor web".into());
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEADERS);
    let (mut sender, connection) =
        builder.handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.map_err(failed)?;
    // Ends with the request: the server is told to close, and the time is bounded outside.
    tokio::spawn(async move {
        let _ = tokio::time::timeout(super::PATIENCE, connection).await;
    });
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let request = Request::get(path)
        .header(HOST, host)
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, "text/html,*/*;q=0.5")
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| Stop::Refused("la dirección lleva signos que no sirven".into()))?;
    sender.send_request(request).await.map_err(failed)
}

/// Reads the page as far as the bound.
async fn read(answer: Answer, led_to: Option<String>, started: Instant) -> PageOutcome {
    let (head, mut body) = answer.response.into_parts();
    let mut read = Vec::new();
    while read.len() < BODY {
        let Some(Ok(frame)) = body.frame().await else { break };
        if let Some(data) = frame.data_ref() {
            let room = BODY - read.len();
            read.extend_from_slice(data.get(..room).unwrap_or(data));
        }
    }
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    PageOutcome::Answered {
        status: head.status.as_u16(),
        led_to,
        title: kind.filter(|kind| kind.starts_with("text/html")).and_then(|_| title::of(&read)),
        bytes: u64::try_from(read.len()).unwrap_or(u64::MAX),
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        certificate_until: answer.certificate_until,
    }
}

fn until(certificate: &rustls::pki_types::CertificateDer<'_>) -> Option<Timestamp> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()
}

/// Why TLS did not come about.
fn tls_words(error: &std::io::Error) -> String {
    use CertificateError as Bad;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(bad)) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "su certificado venció".into(),
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                "su certificado aún no vale".into()
            }
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                "su certificado es de otro nombre".into()
            }
            Bad::UnknownIssuer => "su certificado es de una autoridad que no se conoce".into(),
            _ => "su certificado no es válido".into(),
        },
        _ => "no se pudo establecer la conexión segura".into(),
    }
}
