//! Enrolment: who gets the secret, what survives a lost answer, what each refusal says.

use std::sync::Arc;

use atalaya_agent::identity::enrolment::{EnrolError, Enrolled, enrol};
use atalaya_agent::identity::tls::ConnectError;
use atalaya_agent::machine::Hints;
use ring::{digest, signature};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

use crate::Pc;
use crate::collector::{Collector, DEVICE, authority};

async fn try_code(pc: &Pc, code: &str, force: bool) -> Result<Enrolled, EnrolError> {
    enrol(&pc.store(), code, Hints { hostname: "ventanilla-1".into(), ..Hints::default() }, force)
        .await
}

#[tokio::test]
async fn a_code_brings_an_identity_and_the_request_is_bound_to_the_nonce() {
    let (collector, pc) = (Collector::start().await, Pc::new());
    let enrolled = try_code(&pc, &collector.code().encode(), false).await.unwrap();
    assert_eq!(enrolled.identity.device_id, DEVICE);
    assert_eq!(pc.store().current().unwrap(), enrolled.identity);
    let record = collector.record.lock().unwrap();
    let request = &record.enrolments[0];
    assert_eq!(request.secret, [42; 32]);
    assert_eq!(request.hints.as_ref().unwrap().hostname, "ventanilla-1");
    let (_, csr) = X509CertificationRequest::from_der(&request.csr).unwrap();
    let key = &csr.certification_request_info.subject_pki.subject_public_key.data;
    let mut signed = request.nonce.clone();
    signed.extend_from_slice(digest::digest(&digest::SHA256, &request.csr).as_ref());
    signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, key)
        .verify(&signed, &request.proof)
        .unwrap();
}

#[tokio::test]
async fn a_collector_of_another_authority_gets_no_byte_of_the_secret() {
    let (collector, pc) = (Collector::start().await, Pc::new());
    let mut code = collector.code();
    code.ca_pin = [1; 32];
    let error = try_code(&pc, &code.encode(), false).await.unwrap_err();
    assert!(matches!(error, EnrolError::Connect(ConnectError::NotPinned { .. })), "{error}");
    let record = collector.record.lock().unwrap();
    assert_eq!((record.challenges, record.enrolments.len()), (0, 0));
}

#[tokio::test]
async fn showing_the_right_authority_without_its_signature_is_not_enough() {
    let ca = Arc::new(authority());
    let (collector, pc) = (Collector::start_as(ca, &authority(), (2020, 2090)).await, Pc::new());
    let error = try_code(&pc, &collector.code().encode(), false).await.unwrap_err();
    assert!(matches!(error, EnrolError::Connect(_)), "{error}");
    assert_eq!(collector.record.lock().unwrap().challenges, 0);
}

#[tokio::test]
async fn a_pc_with_a_wrong_clock_still_finds_its_collector() {
    // To a PC that believes it is another year the collector's certificate looks like one of these.
    for years in [(1990, 1995), (2095, 2099)] {
        let (collector, pc) = (Collector::start_dated(years).await, Pc::new());
        try_code(&pc, &collector.code().encode(), false).await.unwrap();
    }
}

#[tokio::test]
async fn after_a_lost_answer_the_same_key_is_used_again() {
    let (collector, pc) = (Collector::start().await, Pc::new());
    collector.record.lock().unwrap().lose_enrolment = true;
    let code = collector.code().encode();
    let error = try_code(&pc, &code, false).await.unwrap_err();
    assert!(error.to_string().contains("con el mismo código"), "{error}");
    try_code(&pc, &code, false).await.unwrap();
    let key = |at: usize| {
        let csr = &collector.record.lock().unwrap().enrolments[at].csr;
        let (_, csr) = X509CertificationRequest::from_der(csr).unwrap();
        csr.certification_request_info.subject_pki.subject_public_key.data.to_vec()
    };
    assert_eq!(key(0), key(1));
}

#[tokio::test]
async fn the_same_code_again_changes_nothing_and_another_wants_force() {
    let (collector, pc) = (Collector::start().await, Pc::new());
    let identity = pc.enrol(&collector).await;
    let again = try_code(&pc, &collector.code().encode(), false).await.unwrap();
    assert_eq!((again.identity, again.approved), (identity.clone(), None));
    let mut other = collector.code();
    other.secret = [7; 32];
    let error = try_code(&pc, &other.encode(), false).await.unwrap_err().to_string();
    assert!(error.contains("--force") && error.contains(DEVICE), "{error}");
    try_code(&pc, &other.encode(), true).await.unwrap();
    assert_eq!(collector.record.lock().unwrap().enrolments.len(), 2);
    assert_ne!(pc.store().current().unwrap(), identity);
}

#[tokio::test]
async fn a_damaged_code_and_a_collector_that_is_not_there_are_told_apart() {
    let pc = Pc::new();
    let error = try_code(&pc, "atl1.roto", false).await.unwrap_err();
    assert!(matches!(error, EnrolError::Code(_)));
    let mut code = Collector::start().await.code();
    code.address = "127.0.0.1:1".into();
    let error = try_code(&pc, &code.encode(), false).await.unwrap_err();
    assert!(matches!(error, EnrolError::Connect(ConnectError::Unreachable { .. })), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1"));
}
