//! Mail domains, asked of a name server on loopback that speaks the real protocol.

use std::net::{Ipv4Addr, SocketAddr};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, MX, SOA};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;

use super::*;
use crate::domain::address_check::MailOutcome;

fn record(name: &Name, data: RData) -> Record {
    Record::from_rdata(name.clone(), 60, data)
}

/// What a name server says: which records, whether the name is there at all.
fn said(name: &str, kind: RecordType, full: &Name) -> Option<Vec<Record>> {
    let mx = |preference, host: &str| {
        record(full, RData::MX(MX::new(preference, Name::from_ascii(host).unwrap())))
    };
    Some(match (name, kind) {
        ("correo.example.", RecordType::MX) => vec![mx(20, "mx2.example."), mx(10, "mx1.example.")],
        ("nulo.example.", RecordType::MX) => vec![mx(0, ".")],
        ("xn--peascal-5za.example.", RecordType::MX) => vec![mx(5, "mx.example.")],
        ("web.example.", RecordType::A) => {
            vec![record(full, RData::A(A(Ipv4Addr::new(192, 0, 2, 7))))]
        }
        ("web.example." | "vacio.example.", _) => Vec::new(),
        _ => return None,
    })
}

async fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut bytes = [0; 2_048];
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            let Ok(asked) = Message::from_vec(&bytes[..length]) else { continue };
            let query = asked.queries[0].clone();
            let name = query.name().to_ascii().to_ascii_lowercase();
            if name == "mudo.example." {
                continue;
            }
            let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
            answer.add_query(query.clone());
            match said(&name, query.query_type(), query.name()) {
                Some(records) => {
                    answer.add_answers(records);
                }
                None => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            let root = Name::from_ascii("example.").unwrap();
            let soa = SOA::new(root.clone(), root.clone(), 1, 60, 60, 60, 60);
            answer.add_authority(record(&root, RData::SOA(soa)));
            let _ = socket.send_to(&answer.to_vec().unwrap(), from).await;
        }
    });
    address
}

#[tokio::test]
async fn a_domain_is_told_by_the_hosts_that_take_its_mail() {
    let checks = Checks { name_server: Some(name_server().await), ..Checks::default() };
    let verifier = Verifier::new(checks).unwrap();
    let hosts = |hosts: &[&str]| MailOutcome::Hosts {
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
    };
    for (domain, outcome) in [
        ("correo.example", hosts(&["mx1.example", "mx2.example"])),
        (" Correo.EXAMPLE. ", hosts(&["mx1.example", "mx2.example"])),
        ("peñascal.example", hosts(&["mx.example"])),
        ("nulo.example", MailOutcome::TakesNone),
        ("web.example", MailOutcome::NoHosts { has_address: true }),
        ("vacio.example", MailOutcome::NoHosts { has_address: false }),
        ("nada.example", MailOutcome::NoDomain),
    ] {
        assert_eq!(verifier.mail_domain(domain, now()).await.outcome, outcome, "{domain}");
    }
}

#[tokio::test]
async fn nonsense_and_a_name_server_that_keeps_silent_are_unknown() {
    let checks = Checks { name_server: Some(name_server().await), ..Checks::default() };
    let mut verifier = Verifier::new(checks).unwrap();
    std::sync::Arc::get_mut(&mut verifier.inner).unwrap().patience = Duration::from_millis(300);
    for nonsense in ["", "localhost", "192.0.2.1", "a b.example", "..", "@", "x@y.example"] {
        let seen = verifier.mail_domain(nonsense, now()).await;
        assert!(matches!(seen.outcome, MailOutcome::Failed { .. }), "{nonsense}: {seen:?}");
    }
    let seen = verifier.mail_domain("mudo.example", now()).await.outcome;
    assert!(
        matches!(&seen, MailOutcome::Failed { why } if why.contains("no contestó")),
        "{seen:?}"
    );
}
