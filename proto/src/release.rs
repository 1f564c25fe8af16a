//! The manifest of a release of the agent: one canonical text, signed with minisign, that says which program it is.
//!
//! Pure. What is signed is the text itself, so it has one spelling only: whatever reads differently is refused.

use std::fmt;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use minisign_verify::{PublicKey, Signature};

/// What a release is of.
pub const PRODUCT: &str = "atalaya-agent";
/// Most bytes of a manifest.
pub const MANIFEST_BYTES: usize = 1024;
/// Most bytes of a signature.
pub const SIGNATURE_BYTES: usize = 1024;
/// Most bytes of a program.
pub const PROGRAM_BYTES: u64 = 64 * 1024 * 1024;
/// Most bytes of a piece of a download.
pub const PIECE_BYTES: usize = 64 * 1024;
/// Most bytes of the name of a target.
pub const TARGET: usize = 64;
/// Public keys an agent may trust at a time: the one in use and the next.
pub const KEYS: usize = 2;

/// A version: three numbers, ordered by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl Version {
    /// The version of a text such as `1.2.3`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.split('.');
        let mut number = || parts.next()?.parse().ok();
        let version = Version { major: number()?, minor: number()?, patch: number()? };
        // Neither a fourth part nor `01` or `+1`.
        (version.to_string() == text).then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What a manifest says. Its `Display` is the canonical text, which is also TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Name of the program; [`PRODUCT`] for an agent.
    pub product: String,
    /// Its version.
    pub version: Version,
    /// What it was built for, e.g. `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// Bytes of the program.
    pub size: u64,
    /// SHA-256 of the program.
    pub sha256: [u8; 32],
    /// When the manifest was made.
    pub made_at: Timestamp,
    /// From when on it is not to be installed any more.
    pub expires_at: Timestamp,
    /// The oldest version that may be replaced by this one directly.
    pub minimum_version: Version,
}

/// What is wrong with a manifest; Spanish, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadManifest {
    /// It is longer than any manifest.
    #[error("el manifiesto mide más de {MANIFEST_BYTES} bytes")]
    TooLong,
    /// It is not UTF-8.
    #[error("el manifiesto no es texto")]
    NotText,
    /// A line is missing, in the wrong place, or its value is none.
    #[error("el manifiesto está incompleto o dañado en `{0}`")]
    Field(&'static str),
    /// It says the same in other words than the only right ones.
    #[error("el manifiesto no está escrito en su forma canónica")]
    NotCanonical,
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "product = \"{}\"", self.product)?;
        writeln!(f, "version = \"{}\"", self.version)?;
        writeln!(f, "target = \"{}\"", self.target)?;
        writeln!(f, "size = {}", self.size)?;
        writeln!(f, "sha256 = \"{}\"", HEXLOWER.encode(&self.sha256))?;
        writeln!(f, "made_at = {}", self.made_at)?;
        writeln!(f, "expires_at = {}", self.expires_at)?;
        writeln!(f, "minimum_version = \"{}\"", self.minimum_version)
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When it is not exactly the canonical text of a manifest.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, BadManifest> {
        if bytes.len() > MANIFEST_BYTES {
            return Err(BadManifest::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| BadManifest::NotText)?;
        let mut lines = text.lines();
        let mut raw = |key: &'static str| {
            let line = lines.next().and_then(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.ok_or(BadManifest::Field(key))
        };
        let manifest = Manifest {
            product: name(raw("product")?).ok_or(BadManifest::Field("product"))?,
            version: version(raw("version")?).ok_or(BadManifest::Field("version"))?,
            target: name(raw("target")?).ok_or(BadManifest::Field("target"))?,
            size: size(raw("size")?).ok_or(BadManifest::Field("size"))?,
            sha256: sha256(raw("sha256")?).ok_or(BadManifest::Field("sha256"))?,
            made_at: instant(raw("made_at")?).ok_or(BadManifest::Field("made_at"))?,
            expires_at: instant(raw("expires_at")?).ok_or(BadManifest::Field("expires_at"))?,
            minimum_version: version(raw("minimum_version")?)
                .ok_or(BadManifest::Field("minimum_version"))?,
        };
        if manifest.expires_at <= manifest.made_at {
            return Err(BadManifest::Field("expires_at"));
        }
        if manifest.to_string() != text {
            return Err(BadManifest::NotCanonical);
        }
        Ok(manifest)
    }
}

fn quoted(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

fn name(raw: &str) -> Option<String> {
    let text = quoted(raw)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let fits = !text.is_empty() && text.len() <= TARGET && text.chars().all(plain);
    fits.then(|| text.to_owned())
}

fn version(raw: &str) -> Option<Version> {
    Version::parse(quoted(raw)?)
}

fn size(raw: &str) -> Option<u64> {
    raw.parse().ok().filter(|size| (1..=PROGRAM_BYTES).contains(size))
}

fn sha256(raw: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(quoted(raw)?.as_bytes()).ok()?.try_into().ok()
}

/// Whole seconds only: people read it.
fn instant(raw: &str) -> Option<Timestamp> {
    raw.parse().ok().filter(|at: &Timestamp| at.subsec_nanosecond() == 0)
}

/// The public keys an agent trusts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys(Vec<PublicKey>);

/// Why nobody trusted signed these bytes; Spanish, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// It is no signature of minisign.
    #[error("la firma no es de minisign o está dañada")]
    Malformed,
    /// Another key made it.
    #[error("la firma es de una llave en la que este equipo no confía")]
    Stranger,
    /// A trusted key made a signature, but not of these bytes.
    #[error("la firma no corresponde al manifiesto")]
    Wrong,
}

impl Keys {
    /// The keys of these texts, `RW…` as minisign prints them; `Err`: the one that is none.
    ///
    /// # Errors
    /// When a text is no public key.
    pub fn parse(texts: &[String]) -> Result<Keys, String> {
        let key = |text: &String| PublicKey::from_base64(text.trim()).map_err(|_| text.clone());
        texts.iter().map(key).collect::<Result<_, _>>().map(Keys)
    }

    /// Whether no key is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sees that one of the keys signed these bytes.
    ///
    /// # Errors
    /// When none did.
    pub fn verify(&self, bytes: &[u8], signature: &str) -> Result<(), BadSignature> {
        if signature.len() > SIGNATURE_BYTES {
            return Err(BadSignature::Malformed);
        }
        let signature = Signature::decode(signature).map_err(|_| BadSignature::Malformed)?;
        let mut verdict = Err(BadSignature::Stranger);
        for key in &self.0 {
            match key.verify(bytes, &signature, false) {
                Ok(()) => return Ok(()),
                Err(minisign_verify::Error::UnexpectedKeyId) => {}
                Err(_) => verdict = Err(BadSignature::Wrong),
            }
        }
        verdict
    }
}

#[cfg(test)]
mod tests;
