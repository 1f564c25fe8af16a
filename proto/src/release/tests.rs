//! Manifests and signatures as the real minisign made them, and what becomes of them when somebody touches them.

use super::*;

const MANIFEST: &[u8] = include_bytes!("../../fixtures/release/manifest.toml");
const SIGNATURE: &str = include_str!("../../fixtures/release/manifest.toml.minisig");
const STRANGER: &str = include_str!("../../fixtures/release/stranger.minisig");

fn key(file: &str) -> String {
    file.lines().last().unwrap().to_owned()
}

fn keys() -> Keys {
    let one = key(include_str!("../../fixtures/release/a.pub"));
    let next = key(include_str!("../../fixtures/release/b.pub"));
    Keys::parse(&[next, one]).unwrap()
}

#[test]
fn a_manifest_says_what_it_says_and_has_one_spelling() {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    assert_eq!(manifest.product, PRODUCT);
    assert_eq!(manifest.version, Version { major: 0, minor: 2, patch: 0 });
    assert_eq!(manifest.size, 7);
    assert_eq!(manifest.to_string().as_bytes(), MANIFEST);
}

#[test]
fn either_trusted_key_may_have_signed() {
    assert_eq!(keys().verify(MANIFEST, SIGNATURE), Ok(()));
}

#[test]
fn a_third_key_no_key_and_rubbish_are_told_apart() {
    assert_eq!(keys().verify(MANIFEST, STRANGER), Err(BadSignature::Stranger));
    assert_eq!(Keys::default().verify(MANIFEST, SIGNATURE), Err(BadSignature::Stranger));
    for rubbish in ["", "\n\n\n", "RW", "untrusted comment: x\nRUR\ntrusted comment: y\nRUR\n"] {
        assert_eq!(keys().verify(MANIFEST, rubbish), Err(BadSignature::Malformed), "{rubbish:?}");
    }
    assert_eq!(keys().verify(MANIFEST, &"x".repeat(5000)), Err(BadSignature::Malformed));
    assert!(Keys::parse(&["RWQfoo".into()]).is_err());
}

#[test]
fn every_byte_of_manifest_and_signature_counts() {
    for at in 0..MANIFEST.len() {
        let mut touched = MANIFEST.to_vec();
        touched[at] ^= 1;
        assert_eq!(keys().verify(&touched, SIGNATURE), Err(BadSignature::Wrong), "byte {at}");
    }
    let comment = SIGNATURE.lines().next().unwrap().len();
    for at in comment + 1..SIGNATURE.trim_end().len() {
        let mut touched = SIGNATURE.as_bytes().to_vec();
        touched[at] ^= 1;
        let Ok(touched) = String::from_utf8(touched) else { continue };
        assert!(keys().verify(MANIFEST, &touched).is_err(), "byte {at}");
    }
}

#[test]
fn a_manifest_that_ends_early_is_refused_wherever_it_ends() {
    for end in 0..MANIFEST.len() {
        assert!(Manifest::parse(&MANIFEST[..end]).is_err(), "{end} bytes");
    }
}

#[test]
fn another_spelling_is_refused() {
    let text = std::str::from_utf8(MANIFEST).unwrap();
    for (ours, theirs) in [
        ("size = 7", "size = 07"),
        ("size = 7", "size = +7"),
        ("size = 7", "size = 0"),
        ("size = 7", "size = 99999999999"),
        ("size = 7", "size = -7"),
        ("\"0.2.0\"", "\"0.2\""),
        ("\"0.2.0\"", "\"0.02.0\""),
        ("\"0.2.0\"", "\"0.2.0-rc1\""),
        ("\"0.2.0\"", "\"0.2.4294967296\""),
        ("\"atalaya-agent\"", "\"../agent\""),
        ("\"atalaya-agent\"", "\"\""),
        ("12:00:00Z", "12:00:00.5Z"),
        ("2026-05-01T12:00:00Z", "2026-05-01T06:00:00-06:00"),
        ("2026-11-01T", "2026-05-01T"),
        ("product = ", "product="),
        ("\n", "\r\n"),
        ("minimum_version", "maximum_version"),
    ] {
        assert!(text.contains(ours));
        let touched = text.replacen(ours, theirs, 1);
        assert!(Manifest::parse(touched.as_bytes()).is_err(), "{theirs}");
    }
    let more = format!("{text}note = \"x\"\n");
    assert_eq!(Manifest::parse(more.as_bytes()), Err(BadManifest::NotCanonical));
    assert_eq!(Manifest::parse(&[b'x'; 2000]), Err(BadManifest::TooLong));
    assert_eq!(Manifest::parse(&[0xff, 0xfe]), Err(BadManifest::NotText));
}

#[test]
fn versions_are_ordered_by_number() {
    let version = |text| Version::parse(text).unwrap();
    assert!(version("0.10.0") > version("0.9.9"));
    assert!(version("1.0.0") > version("0.99.99"));
    for none in ["", "1", "1.2", "1.2.3.4", "1.2.x", "v1.2.3", " 1.2.3", "1.2.3\n", "01.2.3"] {
        assert_eq!(Version::parse(none), None, "{none:?}");
    }
}
