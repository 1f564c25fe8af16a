//! Whether a release may take this program's place. Pure: the clock is an argument.

use atalaya_proto::release::{
    BadManifest, BadSignature, Keys, Manifest, PRODUCT, PROGRAM_BYTES, Version,
};
use jiff::Timestamp;

use super::home::Ledger;

/// What a release is measured by.
#[derive(Debug, Clone)]
pub struct Measure<'a> {
    /// Who may have signed it.
    pub keys: &'a Keys,
    /// What this program was built for.
    pub target: &'a str,
    /// The version that runs; none: not a version of ours, which nothing is newer than.
    pub running: Option<Version>,
    /// Which versions were here.
    pub ledger: &'a Ledger,
}

/// Why a release is not taken; Spanish, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is what its message says")]
pub enum Refusal {
    #[error(transparent)]
    Signature(#[from] BadSignature),
    #[error(transparent)]
    Manifest(#[from] BadManifest),
    #[error("es una versión de «{0}», no de {PRODUCT}")]
    Product(String),
    #[error("es para {theirs}, y este equipo usa {ours}")]
    Target { theirs: String, ours: String },
    #[error("venció el {0}")]
    Expired(Timestamp),
    #[error("no es más nueva que {0}, que ya estuvo aquí")]
    NotNewer(Version),
    #[error("ya se instaló y hubo que retirarla")]
    TakenBack,
    #[error("desde la versión que hay aquí primero debe instalarse la {0}")]
    TooFar(Version),
    #[error("esta versión del agente no es de las que se actualizan")]
    Unversioned,
}

/// What a release says of itself, if it may be installed. The signature comes first: nothing else is believed before.
///
/// # Errors
/// Why it may not.
pub fn judge(
    manifest: &[u8],
    signature: &str,
    measure: &Measure<'_>,
    now: Timestamp,
) -> Result<Manifest, Refusal> {
    measure.keys.verify(manifest, signature)?;
    let manifest = Manifest::parse(manifest)?;
    if manifest.product != PRODUCT {
        return Err(Refusal::Product(manifest.product));
    }
    if manifest.target != measure.target {
        let (theirs, ours) = (manifest.target, measure.target.to_owned());
        return Err(Refusal::Target { theirs, ours });
    }
    debug_assert!(manifest.size <= PROGRAM_BYTES, "the parser bounds it");
    if manifest.expires_at <= now {
        return Err(Refusal::Expired(manifest.expires_at));
    }
    let running = measure.running.ok_or(Refusal::Unversioned)?;
    if measure.ledger.has_refused(manifest.version) {
        return Err(Refusal::TakenBack);
    }
    let highest = measure.ledger.highest().map_or(running, |highest| highest.max(running));
    if manifest.version <= highest {
        return Err(Refusal::NotNewer(highest));
    }
    if running < manifest.minimum_version {
        return Err(Refusal::TooFar(manifest.minimum_version));
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &[u8] = include_bytes!("../../../proto/fixtures/release/manifest.toml");
    const SIGNATURE: &str = include_str!("../../../proto/fixtures/release/manifest.toml.minisig");
    const STRANGER: &str = include_str!("../../../proto/fixtures/release/stranger.minisig");
    const IN_TIME: &str = "2026-06-01T00:00:00Z";

    fn keys() -> Keys {
        let text = include_str!("../../../proto/fixtures/release/a.pub");
        Keys::parse(&[text.lines().last().unwrap().into()]).unwrap()
    }

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    /// The verdict on the recorded release 0.2.0 (at least 0.1.0) for a program like this.
    fn verdict(
        target: &str,
        running: &str,
        ledger: &Ledger,
        now: &str,
    ) -> Result<Version, Refusal> {
        let keys = keys();
        let measure = Measure { keys: &keys, target, running: Version::parse(running), ledger };
        let judged = judge(MANIFEST, SIGNATURE, &measure, now.parse().unwrap());
        judged.map(|manifest| manifest.version)
    }

    #[test]
    fn a_newer_release_for_this_target_is_taken() {
        let (linux, ledger) = ("x86_64-unknown-linux-gnu", Ledger::default());
        assert_eq!(verdict(linux, "0.1.0", &ledger, IN_TIME), Ok(version("0.2.0")));
        // A clock far behind says nothing of expiry: with the collector's time it is right again.
        assert_eq!(verdict(linux, "0.1.9", &ledger, "1970-01-01T00:00:00Z"), Ok(version("0.2.0")));
    }

    #[test]
    fn what_is_not_newer_than_all_that_was_here_is_refused() {
        let (linux, none) = ("x86_64-unknown-linux-gnu", Ledger::default());
        let same = Refusal::NotNewer(version("0.2.0"));
        assert_eq!(verdict(linux, "0.2.0", &none, IN_TIME), Err(same));
        assert_eq!(
            verdict(linux, "0.3.0", &none, IN_TIME),
            Err(Refusal::NotNewer(version("0.3.0")))
        );
        // The program was set back by hand: what was higher still counts.
        let had = Ledger::default().with(version("0.5.0"));
        assert_eq!(
            verdict(linux, "0.1.0", &had, IN_TIME),
            Err(Refusal::NotNewer(version("0.5.0")))
        );
        let taken_back = Ledger::default().without(version("0.2.0"));
        assert_eq!(verdict(linux, "0.1.0", &taken_back, IN_TIME), Err(Refusal::TakenBack));
        assert_eq!(verdict(linux, "0.0.9", &none, IN_TIME), Err(Refusal::TooFar(version("0.1.0"))));
        assert_eq!(verdict(linux, "simulador", &none, IN_TIME), Err(Refusal::Unversioned));
    }

    #[test]
    fn another_target_an_expired_release_and_a_strangers_are_refused() {
        let (linux, none) = ("x86_64-unknown-linux-gnu", Ledger::default());
        let windows = verdict("x86_64-pc-windows-gnu", "0.1.0", &none, IN_TIME);
        assert!(matches!(windows, Err(Refusal::Target { .. })), "{windows:?}");
        let late = verdict(linux, "0.1.0", &none, "2026-11-01T12:00:00Z");
        assert!(matches!(late, Err(Refusal::Expired(_))), "{late:?}");
        let keys = keys();
        let running = Some(version("0.1.0"));
        let measure = Measure { keys: &keys, target: linux, running, ledger: &none };
        let now = IN_TIME.parse().unwrap();
        let stranger = judge(MANIFEST, STRANGER, &measure, now);
        assert_eq!(stranger, Err(Refusal::Signature(BadSignature::Stranger)));
        let cut = judge(&MANIFEST[..40], SIGNATURE, &measure, now);
        assert_eq!(cut, Err(Refusal::Signature(BadSignature::Wrong)));
    }
}
