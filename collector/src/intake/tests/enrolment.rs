//! Codes: spent once, by one key, in their time and place; nothing is given away to who has none.

use atalaya_proto::v1::enrolment_client::EnrolmentClient;
use atalaya_proto::v1::{ChallengeRequest, EnrolRequest};
use jiff::Timestamp;
use rcgen::{KeyPair, SigningKey};
use sha2::{Digest, Sha256};
use tonic::Code;

use super::Bed;
use super::client::{Identity, channel, csr, tls};
use crate::actions::create_code::Wanted;
use crate::actions::manage_device::revoke_device;
use crate::domain::access::Actor;

fn same_key(key: &KeyPair) -> KeyPair {
    KeyPair::from_pem(&key.serialize_pem()).unwrap()
}

#[tokio::test]
async fn the_same_key_gets_the_same_certificate_again_and_another_key_raises_an_alarm() {
    let bed = Bed::new().await;
    let code = bed.code(Wanted { approve: true, ..Wanted::default() }).await;
    let first = Identity::enrol(bed.address, &bed.authority, &code).await.unwrap();
    assert!(first.approved);
    let again = Identity::enrol_with(bed.address, &bed.authority, &code, same_key(&first.key))
        .await
        .unwrap();
    assert_eq!(
        (again.device, again.certificate),
        (first.device.clone(), first.certificate.clone())
    );
    let thief = Identity::enrol(bed.address, &bed.authority, &code).await.err().unwrap();
    assert_eq!(thief.code(), Code::PermissionDenied);
    assert!(thief.message().contains("otro equipo"), "{thief:?}");
    let mut read = bed.store.read().await.unwrap();
    assert_eq!(read.device_statuses().await.unwrap().len(), 1);
    let acts = read.audit_acts().await.unwrap();
    assert_eq!(acts, ["code.create", "device.enrol", "code.reused"]);
    drop(read);
    // Shut out, the same key gets nothing any more.
    revoke_device(&bed.store, &first.device, &Actor::Console, Timestamp::now()).await.unwrap();
    let again = Identity::enrol_with(bed.address, &bed.authority, &code, first.key).await;
    assert_eq!(again.err().unwrap().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn an_unknown_secret_and_a_short_one_get_the_same_answer() {
    let bed = Bed::new().await;
    let refused = async |secret: &[u8]| {
        let status = Identity::enrol(bed.address, &bed.authority, secret).await.err().unwrap();
        (status.code(), status.message().to_owned())
    };
    let unknown = refused(&[7; 32]).await;
    assert_eq!(unknown.0, Code::PermissionDenied);
    assert_eq!(refused(b"short").await, unknown);
    assert_eq!(refused(&[]).await, unknown);
}

#[tokio::test]
async fn a_code_for_another_network_is_refused() {
    let bed = Bed::new().await;
    let network = Some(("10.9.0.0".parse().unwrap(), 16));
    let code = bed.code(Wanted { network, ..Wanted::default() }).await;
    let refused = Identity::enrol(bed.address, &bed.authority, &code).await.err().unwrap();
    assert!(refused.message().contains("red"), "{refused:?}");
}

#[tokio::test]
async fn who_keeps_guessing_has_to_wait() {
    let bed = Bed::new().await;
    let mut last = None;
    for _ in 0..12 {
        last = Identity::enrol(bed.address, &bed.authority, &[1; 32]).await.err();
    }
    assert_eq!(last.unwrap().code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_request_bound_to_another_nonce_or_key_is_refused_and_a_nonce_serves_once() {
    let bed = Bed::new().await;
    let code = bed.code(Wanted::default()).await;
    let key = KeyPair::generate().unwrap();
    let csr = csr(&key);
    let mut client =
        EnrolmentClient::new(channel(bed.address, tls(&bed.authority, None)).await.unwrap());
    let ask = ChallengeRequest { protocol_min: 1, protocol_max: 1 };
    let nonce = client.challenge(ask).await.unwrap().into_inner().nonce;
    let sign = |nonce: &[u8]| key.sign(&[nonce, &Sha256::digest(&csr)[..]].concat()).unwrap();
    let request = |nonce: &[u8], proof: Vec<u8>| EnrolRequest {
        secret: code.to_vec(),
        csr: csr.clone(),
        nonce: nonce.to_vec(),
        proof,
        hints: None,
    };
    let made_up = client.enrol(request(&[3; 32], sign(&[3; 32]))).await.unwrap_err();
    assert_eq!(made_up.code(), Code::FailedPrecondition);
    let unbound = client.enrol(request(&nonce, sign(&[3; 32]))).await.unwrap_err();
    assert_eq!(unbound.code(), Code::InvalidArgument);
    let used_up = client.enrol(request(&nonce, sign(&nonce))).await.unwrap_err();
    assert_eq!(used_up.code(), Code::FailedPrecondition);
    // The code itself was not spent by any of this.
    assert!(Identity::enrol(bed.address, &bed.authority, &code).await.is_ok());
}
