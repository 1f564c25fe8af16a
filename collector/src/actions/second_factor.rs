//! The second factor: a code of six digits that changes every half minute (TOTP, RFC 6238), or a recovery code.
//!
//! A code is taken once, also if it is still good; a clock may be half a minute off to either side.

use data_encoding::BASE32_NOPAD;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use totp_rs::{Algorithm, Builder};

use super::seal::Seal;
use super::secret::Secret;
use super::sign_in::Error;
use crate::domain::access::Actor;
use crate::domain::id::PersonId;
use crate::domain::person::Person;
use crate::store::{self, AuditEntry, Store};

/// Bytes of a secret: what SHA-1 takes.
const SECRET: usize = 20;
/// Recovery codes of one person.
pub const RECOVERY_CODES: usize = 10;
/// Bytes of a recovery code: 80 bits, so that a plain hash keeps it.
const RECOVERY: usize = 10;

/// A secret to be typed or scanned into a telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret in base 32, in groups of four.
    pub secret: String,
    /// The same as an address a telephone understands, for a QR.
    pub address: String,
}

/// Makes a secret for a person, in place of one that was never proven.
///
/// # Errors
/// [`Error::Password`] when they have a second factor already.
pub async fn begin(store: &Store, seal: &Seal, person: &Person) -> Result<Enrolment, Error> {
    let mut bytes = [0_u8; SECRET];
    SystemRandom::new().fill(&mut bytes).map_err(|_| super::secret::NoRandomness)?;
    let mut db = store.write().await?;
    if db.totp(&person.id).await?.is_some_and(|totp| totp.enrolled_at.is_some()) {
        return Err(Error::Refused(
            "Ya tienes un segundo factor: quítalo antes de registrar otro.".into(),
        ));
    }
    db.begin_totp(&person.id, &seal.seal(person.id.as_str(), &bytes)?).await?;
    db.commit().await?;
    Ok(enrolment(person, &bytes))
}

/// The secret that waits to be proven, to be shown again.
///
/// # Errors
/// When the store refuses or the seal does not open.
pub async fn begun(
    store: &Store,
    seal: &Seal,
    person: &Person,
) -> Result<Option<Enrolment>, Error> {
    let totp = store.read().await?.totp(&person.id).await?;
    let Some(totp) = totp.filter(|totp| totp.enrolled_at.is_none()) else { return Ok(None) };
    let bytes = seal.unseal(person.id.as_str(), &totp.sealed)?;
    Ok(Some(enrolment(person, &bytes)))
}

fn enrolment(person: &Person, bytes: &[u8]) -> Enrolment {
    let plain = BASE32_NOPAD.encode(bytes);
    let label: String = form_urlencoded::byte_serialize(person.login.as_bytes()).collect();
    let groups: Vec<&str> =
        plain.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    Enrolment {
        secret: groups.join(" "),
        address: format!("otpauth://totp/Atalaya:{label}?secret={plain}&issuer=Atalaya"),
    }
}

/// Proves that the telephone has the secret; from then on its codes are asked for. The recovery codes, shown once.
///
/// # Errors
/// [`Error::Code`] for another code.
pub async fn enrol(
    store: &Store,
    seal: &Seal,
    person: &Person,
    code: &str,
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let mut db = store.write().await?;
    let totp = db.totp(&person.id).await?.filter(|totp| totp.enrolled_at.is_none());
    let totp = totp.ok_or(Error::Code)?;
    let step = matching_step(seal, &person.id, &totp, code, now)?.ok_or(Error::Code)?;
    db.take_totp_step(&person.id, step, now).await?;
    let mut codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        let code = recovery_code()?;
        db.add_recovery_code(&person.id, &hash(&code)).await?;
        codes.push(code);
    }
    record(&mut db, person, "totp.enrol", now).await?;
    db.commit().await?;
    Ok(codes)
}

/// Takes a person's own second factor away.
///
/// # Errors
/// When the store refuses.
pub async fn remove(store: &Store, person: &Person, now: Timestamp) -> Result<(), Error> {
    let mut db = store.write().await?;
    db.end_totp(&person.id).await?;
    record(&mut db, person, "totp.remove", now).await?;
    Ok(db.commit().await?)
}

/// Whether a code is the person's, and spends it.
pub(super) async fn take_code(
    db: &mut store::Write,
    seal: &Seal,
    person: &Person,
    code: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(totp) = db.totp(&person.id).await?.filter(|totp| totp.enrolled_at.is_some()) else {
        return Ok(false);
    };
    let plain: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64).collect();
    if plain.len() == 6
        && let Some(step) = matching_step(seal, &person.id, &totp, &plain, now)?
    {
        return Ok(db.take_totp_step(&person.id, step, now).await?);
    }
    let spent = db.use_recovery_code(&person.id, &hash(&plain), now).await?;
    if spent {
        record(db, person, "totp.recovery_code", now).await?;
    }
    Ok(spent)
}

fn matching_step(
    seal: &Seal,
    person: &PersonId,
    totp: &store::Totp,
    code: &str,
    now: Timestamp,
) -> Result<Option<i64>, Error> {
    let secret = seal.unseal(person.as_str(), &totp.sealed)?;
    let built = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret)
        .build();
    let built = built.map_err(|error| Error::Hashing(error.to_string()))?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    Ok(built.check(&code, seconds).and_then(|step| i64::try_from(step).ok()))
}

/// Sixteen letters and digits in groups of four, without those that look alike.
fn recovery_code() -> Result<String, Error> {
    let mut bytes = [0_u8; RECOVERY];
    SystemRandom::new().fill(&mut bytes).map_err(|_| super::secret::NoRandomness)?;
    let plain = BASE32_NOPAD.encode(&bytes).to_lowercase();
    let groups: Vec<&str> =
        plain.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    Ok(groups.join("-"))
}

fn hash(code: &str) -> String {
    let plain: String =
        code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_lowercase();
    Secret::presented(&plain).hash()
}

async fn record(
    db: &mut store::Write,
    person: &Person,
    act: &'static str,
    now: Timestamp,
) -> Result<(), Error> {
    let subject = format!("person {}", person.id);
    let entry = AuditEntry { act, subject, detail: person.login.clone() };
    Ok(db.audit(&Actor::of(person), &entry, now).await?)
}

#[cfg(test)]
mod tests;
