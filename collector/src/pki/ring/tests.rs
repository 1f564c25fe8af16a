//! Chains, standings, and rotations that were cut short, on real files.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::*;
use crate::domain::id::DeviceId;
use crate::pki::{Authority, Request, Standing};

fn device_certificate(authority: &Authority) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let csr = rcgen::CertificateParams::default().serialize_request(&key).unwrap();
    let device = DeviceId::new(uuid::Uuid::now_v7().to_string());
    let request = Request::parse(csr.der()).unwrap();
    authority.issue(&device, 1, &request, Timestamp::now()).unwrap().der
}

/// Whether somebody who trusts `root` alone accepts the listener of `authority`.
fn is_trusted(authority: &Authority, root: &CertificateDer<'static>) -> bool {
    let shown = authority.listener_chain(&["10.0.0.1".into()]).unwrap().0;
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let name = "10.0.0.1".try_into().unwrap();
    let verifier = verifier.build().unwrap();
    verifier.verify_server_cert(&shown[0], &shown[1..], &name, &[], UnixTime::now()).is_ok()
}

#[test]
fn who_knows_either_authority_trusts_the_listener_and_a_third_does_not() {
    let (folder, foreign) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Authority::open(folder.path()).unwrap();
    let ring = Ring::rotate(folder.path()).unwrap();
    assert_eq!(ring, Ring { present: 2, former: Some(1), retired: None });
    let second = Authority::open(folder.path()).unwrap();
    assert_ne!(first.pin(), second.pin());
    assert!(is_trusted(&second, first.certificate()));
    assert!(is_trusted(&second, second.certificate()));
    assert!(!is_trusted(&first, second.certificate()), "before the collector knows");
    assert!(!is_trusted(&second, Authority::open(foreign.path()).unwrap().certificate()));
    let mode = std::fs::metadata(folder.path().join("ca-2.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_certificate_stands_by_the_authority_that_signed_it() {
    let (folder, foreign) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = device_certificate(&Authority::open(folder.path()).unwrap());
    let other = device_certificate(&Authority::open(foreign.path()).unwrap());
    Ring::rotate(folder.path()).unwrap();
    let overlap = Authority::open(folder.path()).unwrap();
    let new = device_certificate(&overlap);
    assert_eq!(overlap.standing(&old), Some(Standing::Former));
    assert_eq!(overlap.standing(&new), Some(Standing::Present));
    assert_eq!(overlap.standing(&other), None);
    assert_eq!(overlap.standing(b"nothing"), None);
    Ring::retire(folder.path()).unwrap();
    let after = Authority::open(folder.path()).unwrap();
    assert_eq!(after.standing(&old), Some(Standing::Retired));
    assert_eq!(after.standing(&new), Some(Standing::Present));
    assert!(!folder.path().join("ca.key").exists());
}

#[test]
fn there_are_never_more_than_two_and_a_third_comes_after_the_first_is_retired() {
    let folder = tempfile::tempdir().unwrap();
    let first = Authority::open(folder.path()).unwrap();
    assert!(matches!(Ring::retire(folder.path()), Err(Error::NoOverlap)));
    Ring::rotate(folder.path()).unwrap();
    let second = Authority::open(folder.path()).unwrap();
    assert!(matches!(Ring::rotate(folder.path()), Err(Error::Overlap)));
    assert_eq!(Authority::open(folder.path()).unwrap().pin(), second.pin());
    Ring::retire(folder.path()).unwrap();
    Ring::retire(folder.path()).unwrap();
    Ring::rotate(folder.path()).unwrap();
    let third = Authority::open(folder.path()).unwrap();
    assert!(is_trusted(&third, second.certificate()));
    assert!(!is_trusted(&third, first.certificate()));
    assert_eq!(third.standing(&device_certificate(&first)), None);
}

#[test]
fn a_rotation_that_was_cut_short_did_not_happen_and_can_be_done_again() {
    let whole = tempfile::tempdir().unwrap();
    let first = Authority::open(whole.path()).unwrap();
    Ring::rotate(whole.path()).unwrap();
    let steps = ["ca-2.key", "ca-2.crt", "ca-2.cross.crt"];
    for done in 0..=steps.len() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ca.key", "ca.crt"].iter().chain(&steps[..done]) {
            std::fs::copy(whole.path().join(name), folder.path().join(name)).unwrap();
        }
        assert_eq!(Authority::open(folder.path()).unwrap().pin(), first.pin(), "{done}");
        Ring::rotate(folder.path()).unwrap();
        let second = Authority::open(folder.path()).unwrap();
        assert!(is_trusted(&second, first.certificate()), "{done}");
    }
}

#[test]
fn a_key_that_was_lost_after_a_rotation_is_not_made_anew() {
    for name in ["ca.json", "ca-2.key", "ca-2.cross.crt", "ca.crt"] {
        let folder = tempfile::tempdir().unwrap();
        Authority::open(folder.path()).unwrap();
        Ring::rotate(folder.path()).unwrap();
        Ring::retire(folder.path()).unwrap();
        let files = Ring::read(folder.path()).unwrap().files(folder.path());
        assert!(files.contains(&folder.path().join(name)), "{files:?}");
        std::fs::remove_file(folder.path().join(name)).unwrap();
        let error = Authority::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
