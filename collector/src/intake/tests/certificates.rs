//! Certificates: whose opens what, and how one follows another.

use std::sync::Arc;

use atalaya_proto::v1::renewal_client::RenewalClient;
use atalaya_proto::v1::{ConfirmRequest, RenewRequest, agent_message};
use jiff::{SignedDuration, Timestamp};
use rcgen::KeyPair;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tonic::{Code, Status};

use super::Bed;
use super::client::{Identity, Uplink, channel, csr, hello, reports, tls};
use crate::domain::device::CertificateState;
use crate::pki::{Authority, Request};

async fn connect(bed: &Bed, identity: &Identity) -> Result<(), Status> {
    let first = agent_message::Body::Hello(hello(7));
    Uplink::start(bed, identity, first, 7).await?.receive().await.map(drop)
}

/// The same device with a certificate issued some days ago.
async fn aged(bed: &Bed, identity: &Identity, days: i64) -> Identity {
    let key = KeyPair::generate().unwrap();
    let request = Request::parse(&csr(&key)).unwrap();
    let issued_at = Timestamp::now() - SignedDuration::from_hours(24 * days);
    let mut certificate = bed.authority.issue(&identity.device, 2, &request, issued_at).unwrap();
    certificate.state = CertificateState::Active;
    let mut write = bed.store.write().await.unwrap();
    write.add_certificate(&certificate).await.unwrap();
    write.commit().await.unwrap();
    let device = identity.device.clone();
    Identity { device, key, certificate: certificate.der, approved: true }
}

#[tokio::test]
async fn without_a_certificate_only_enrolment_answers() {
    let bed = Bed::new().await;
    let stranger = channel(bed.address, tls(&bed.authority, None)).await.unwrap();
    let renew = RenewalClient::new(stranger).confirm(ConfirmRequest {}).await.unwrap_err();
    assert_eq!(renew.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_certificate_of_another_authority_does_not_get_in() {
    let bed = Bed::new().await;
    let identity = bed.identity().await;
    let folder = tempfile::tempdir().unwrap();
    let other = Authority::open(folder.path()).unwrap();
    let key = KeyPair::generate().unwrap();
    let request = Request::parse(&csr(&key)).unwrap();
    let forged = other.issue(&identity.device, 1, &request, Timestamp::now()).unwrap();
    let forged = Identity { device: identity.device, key, certificate: forged.der, approved: true };
    let outcome = match forged.channel(&bed).await {
        Ok(channel) => RenewalClient::new(channel).confirm(ConfirmRequest {}).await.map(drop),
        Err(_) => return,
    };
    assert_eq!(outcome.unwrap_err().code(), Code::Unknown, "the connection breaks");
}

#[tokio::test]
async fn an_expired_certificate_may_renew_itself_and_nothing_else() {
    let bed = Bed::new().await;
    let identity = bed.identity().await;
    let expired = aged(&bed, &identity, 60).await;
    assert_eq!(connect(&bed, &expired).await.unwrap_err().code(), Code::Unauthenticated);
    let mut renewal = expired.renewal(&bed).await;
    let confirm = renewal.confirm(ConfirmRequest {}).await.unwrap_err();
    assert_eq!(confirm.code(), Code::Unauthenticated);
    let key = KeyPair::generate().unwrap();
    let reply = renewal
        .renew(RenewRequest { csr: csr(&key), ..RenewRequest::default() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(reply.generation, 3);
    let device = identity.device.clone();
    let renewed = Identity { device, key, certificate: reply.certificate, approved: true };
    connect(&bed, &renewed).await.unwrap();
}

#[tokio::test]
async fn both_generations_are_good_until_the_new_one_is_confirmed() {
    let bed = Bed::new().await;
    let identity = bed.identity().await;
    let key = KeyPair::generate().unwrap();
    let ask = RenewRequest { csr: csr(&key), ..RenewRequest::default() };
    let reply = identity.renewal(&bed).await.renew(ask.clone()).await.unwrap().into_inner();
    assert_eq!(reply.generation, 2);
    // The reply was lost: asking again replaces what was never confirmed.
    let reply = {
        assert!(
            identity.renewal(&bed).await.renew(ask).await.is_err(),
            "a renewal needs a fresh key"
        );
        let key = KeyPair::generate().unwrap();
        let ask = RenewRequest { csr: csr(&key), ..RenewRequest::default() };
        let reply = identity.renewal(&bed).await.renew(ask).await.unwrap().into_inner();
        assert_eq!(reply.generation, 2);
        (key, reply.certificate)
    };
    let device = identity.device.clone();
    let renewed = Identity { device, key: reply.0, certificate: reply.1, approved: true };
    connect(&bed, &identity).await.unwrap();
    connect(&bed, &renewed).await.unwrap();
    let mut old_stream = Uplink::open(&bed, &identity, 7).await;
    renewed.renewal(&bed).await.confirm(ConfirmRequest {}).await.unwrap();
    assert_eq!(old_stream.receive().await.unwrap_err().code(), Code::Aborted);
    connect(&bed, &renewed).await.unwrap();
    // Confirming twice changes nothing.
    renewed.renewal(&bed).await.confirm(ConfirmRequest {}).await.unwrap();
    let mut uplink = Uplink::open(&bed, &renewed, 7).await;
    assert_eq!(uplink.deliver(1, reports(1)).await, 1);
    // Its owner has the new one: whoever comes with the old one has a copy.
    let refused = connect(&bed, &identity).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("cuarentena"), "{refused:?}");
}

#[tokio::test]
async fn renewing_with_the_new_certificate_confirms_it() {
    let bed = Bed::new().await;
    let identity = bed.identity().await;
    let mut held = identity;
    for generation in 2..=4 {
        let key = KeyPair::generate().unwrap();
        let ask = RenewRequest { csr: csr(&key), ..RenewRequest::default() };
        let reply = held.renewal(&bed).await.renew(ask).await.unwrap().into_inner();
        assert_eq!(reply.generation, generation);
        held =
            Identity { device: held.device, key, certificate: reply.certificate, approved: true };
    }
    connect(&bed, &held).await.unwrap();
    let kept = bed.store.read().await.unwrap().certificates(&held.device).await.unwrap();
    let states: Vec<CertificateState> = kept.iter().map(|one| one.state).collect();
    use CertificateState::{Active, Pending, Superseded};
    assert_eq!(states, [Superseded, Superseded, Active, Pending]);
}

#[tokio::test]
async fn only_tls_1_3_is_spoken() {
    let bed = Bed::new().await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(bed.authority.certificate().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let old = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(bed.address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let error = tokio_rustls::TlsConnector::from(Arc::new(old)).connect(name, stream).await;
    assert!(error.unwrap_err().to_string().contains("ProtocolVersion"));
}
