//! A captive portal: something on the way that answers in the place of whoever was asked. A plain web address known to
//! answer 204 is asked; any other answer is the portal's.

use std::time::Duration;

use atalaya_reading::{Endpoint, TargetKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(4);
/// A status line is shorter.
const ROOM: usize = 64;

/// Where to ask, out of `http://host[:port]/path`; `None`: it is no such address.
pub fn parse(url: &str) -> Option<(Endpoint, String)> {
    let rest = url.strip_prefix("http://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let plain = |c: char| c.is_ascii_graphic();
    let path = if path.is_empty() { "/" } else { path };
    let with_port = if Endpoint::parse(TargetKind::Tcp, host).is_some() {
        host.to_string()
    } else {
        format!("{host}:80")
    };
    let endpoint = Endpoint::parse(TargetKind::Tcp, &with_port)?;
    path.chars().all(plain).then(|| (endpoint, path.into()))
}

/// Whether something answers in the place of that address; `None`: nothing answered at all, or not as the web does.
pub async fn is_there(url: &str) -> Option<bool> {
    let (endpoint, path) = parse(url)?;
    let asked = tokio::time::timeout(LIMIT, status_line(&endpoint, &path));
    Some(status(&asked.await.ok()?.ok()?)? != 204)
}

async fn status_line(endpoint: &Endpoint, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: atalaya-agent\r\nConnection: close\r\n\r\n",
        endpoint.host
    );
    stream.write_all(request.as_bytes()).await?;
    let mut line = Vec::with_capacity(ROOM);
    stream.take(ROOM as u64).read_to_end(&mut line).await?;
    Ok(line)
}

fn status(line: &[u8]) -> Option<u16> {
    let line = line.strip_prefix(b"HTTP/1.")?;
    std::str::from_utf8(line.get(2..5)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A web server that says this to everybody.
    async fn answering(said: &'static [u8]) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 512];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(said).await;
            }
        });
        format!("http://{address}/generate_204")
    }

    #[tokio::test]
    async fn a_portal_answers_otherwise_than_the_address_it_stands_in_for() {
        let open = answering(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(is_there(&open).await, Some(false));
        let portal = answering(b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n").await;
        assert_eq!(is_there(&portal).await, Some(true));
        let login = answering(b"HTTP/1.0 200 OK\r\n\r\n<html>").await;
        assert_eq!(is_there(&login).await, Some(true));
    }

    #[tokio::test]
    async fn rubbish_or_silence_says_nothing() {
        let rubbish = answering(b"\xff\xfe\0SSH-2.0").await;
        assert_eq!(is_there(&rubbish).await, None);
        let short = answering(b"HTTP/1.").await;
        assert_eq!(is_there(&short).await, None);
        assert_eq!(is_there("http://127.0.0.1:1/").await, None);
    }

    #[test]
    fn only_plain_web_addresses_are_asked() {
        assert_eq!(parse("http://192.0.2.1/a").unwrap().0.port, 80);
        assert_eq!(parse("http://192.0.2.1:8080").unwrap().1, "/");
        for wrong in ["https://192.0.2.1/", "", "http://", "http://a b/", "http://h/\r\nX: y"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }
}
