//! Heads written, sent and read back, over real sockets and a real file.

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, UdpSocket, UnixDatagram};

use super::*;

fn head(entry: i64) -> Head {
    let at = Timestamp::from_second(1_800_000_000).ok();
    Head { entry, hash: "0a".repeat(32), at }
}

#[test]
fn heads_are_added_and_read_back_from_any_log_that_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heads.jsonl");
    append(&file, &line(&head(1))).unwrap();
    append(&file, &line(&head(2))).unwrap();
    assert_eq!(heads_in(&file).unwrap().heads, [head(1), head(2)]);
    let logged = format!("\n{}\n\n", syslog::message(&line(&head(3)), Timestamp::UNIX_EPOCH));
    std::fs::write(&file, logged).unwrap();
    assert_eq!(heads_in(&file).unwrap().heads, [head(3)]);
}

#[test]
fn a_line_that_a_crash_cut_off_does_not_swallow_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heads.jsonl");
    std::fs::write(&file, "{\"entry\":1,\"ha").unwrap();
    append(&file, &line(&head(2))).unwrap();
    let kept = heads_in(&file).unwrap();
    assert_eq!(kept, KeptHeads { heads: vec![head(2)], other_lines: vec![1] });
}

#[test]
fn what_is_no_head_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heads.jsonl");
    for nonsense in [
        "hola",
        "{}",
        "{\"entry\":-1,\"hash\":\"\",\"at\":null}",
        "{\"entry\":5,\"hash\":\"0A\",\"at\":null}",
        "{\"entry\":5,\"hash\":\"\",\"at\":null}",
        "{\"entry\":\"5\",\"hash\":\"\"}",
    ] {
        std::fs::write(&file, format!("{}\n{nonsense}\n", line(&head(1)))).unwrap();
        let kept = heads_in(&file).unwrap();
        assert_eq!(kept, KeptHeads { heads: vec![head(1)], other_lines: vec![2] }, "{nonsense}");
        std::fs::write(&file, nonsense).unwrap();
        let error = heads_in(&file).unwrap_err().to_string();
        assert!(error.contains("línea 1"), "{nonsense}: {error}");
    }
    std::fs::write(&file, b"\xff\xfe{").unwrap();
    assert!(heads_in(&file).is_err());
    assert!(matches!(heads_in(&folder.path().join("none")).unwrap_err(), Error::File { .. }));
}

#[test]
fn places_are_told_apart() {
    for text in [
        "unix:/dev/log",
        "udp:192.0.2.1:514",
        "tcp:registro.ejemplo.mx:601",
        "udp:[2001:db8::1]:514",
    ] {
        assert_eq!(Syslog::parse(text).unwrap().to_string(), text);
    }
    for text in ["", "udp", "udp:host", "udp:host:0", "tcp::601", "unix:log", "http://x:1"] {
        assert_eq!(Syslog::parse(text), None, "{text}");
    }
}

#[tokio::test]
async fn a_message_arrives_whole_by_each_way() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let expected = syslog::message("texto", now);
    assert!(expected.starts_with("<109>1 2027-01-15T08:00:00.000000Z "), "{expected}");
    assert!(expected.ends_with(" ledger-head - texto"), "{expected}");
    let mut heard = vec![0; 2_048];

    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = Syslog::parse(&format!("udp:{}", udp.local_addr().unwrap())).unwrap();
    to.send("texto", now).await.unwrap();
    let length = udp.recv(&mut heard).await.unwrap();
    assert_eq!(heard[..length], *expected.as_bytes());

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("log");
    let local = UnixDatagram::bind(&socket).unwrap();
    Syslog::Local(socket).send("texto", now).await.unwrap();
    let length = local.recv(&mut heard).await.unwrap();
    assert_eq!(heard[..length], *expected.as_bytes());

    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = Syslog::parse(&format!("tcp:{}", tcp.local_addr().unwrap())).unwrap();
    let (sent, accepted) = tokio::join!(to.send("texto", now), tcp.accept());
    sent.unwrap();
    let mut heard = String::new();
    accepted.unwrap().0.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, format!("{} {expected}", expected.len()));
    drop(tcp);
    assert!(to.send("texto", now).await.is_err());
}
