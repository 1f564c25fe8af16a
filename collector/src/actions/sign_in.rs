//! Signing in and out: one-time links, passwords (argon2id), sessions, and a wait that grows with failures.
//!
//! Who fails learns neither whether the login exists nor how long the password is.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use jiff::{SignedDuration, Timestamp};

use super::secret::{NoRandomness, Secret};
use crate::domain::access::Actor;
use crate::domain::id::PersonId;
use crate::domain::person::Person;
use crate::store::{self, AuditEntry, NewSession, Session, Store};

/// How long a one-time link is good for.
pub const LINK: SignedDuration = SignedDuration::from_hours(24);
/// A session ends this long after it was last used.
pub const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// A session in use is written down this often at most.
const TOUCH: SignedDuration = SignedDuration::from_mins(5);
/// Fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 12;
/// Most bytes of a password: hashing more is only work for us.
const LONGEST_PASSWORD: usize = 256;
/// Failures of one login before the first wait.
const FREE_FAILURES: i64 = 4;
/// Failures from one address before the first wait: a whole building may share one.
const FREE_FAILURES_OF_ADDRESS: i64 = 24;
/// The longest wait, seconds.
const LONGEST_WAIT: i64 = 15 * 60;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Unknown login or another password.
    #[error("El usuario o la contraseña no coinciden.")]
    Mismatch,
    /// Too many failures; seconds to wait.
    #[error("Demasiados intentos: espera {0} s y vuelve a intentarlo.")]
    Wait(i64),
    /// The link was used, expired or never was.
    #[error("Este enlace ya se usó, venció o no existe. Pide uno nuevo a quien administra.")]
    Link,
    /// The password will not do; says why.
    #[error("{0}")]
    Password(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// No secret could be made.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// Hashing failed; a setting of ours is wrong.
    #[error("password hashing: {0}")]
    Hashing(String),
}

/// Makes a one-time link for a person, e.g. at `admin create`; the address is `/bienvenida/` and the secret.
///
/// # Errors
/// When the store refuses.
pub async fn create_link(
    write: &mut store::Write,
    person: &PersonId,
    now: Timestamp,
) -> Result<Secret, Error> {
    let secret = Secret::fresh()?;
    write.add_login_link(&secret.hash(), person, now + LINK, false).await?;
    Ok(secret)
}

/// The person a link is for, while it is good, and until when.
///
/// # Errors
/// [`Error::Link`] when it is not good.
pub async fn link_owner(
    store: &Store,
    link: &Secret,
    now: Timestamp,
) -> Result<(Person, Timestamp), Error> {
    let mut read = store.read().await?;
    let found = read.login_link(&link.hash()).await?;
    let good = found.filter(|link| link.used_at.is_none() && link.expires_at > now);
    let link = good.ok_or(Error::Link)?;
    let person = read.person(&link.person).await?.filter(|person| person.disabled_at.is_none());
    Ok((person.ok_or(Error::Link)?, link.expires_at))
}

/// Spends a link: sets the password and begins a session, whose secret is returned.
///
/// # Errors
/// When the link is not good or the password will not do; then nothing is spent.
pub async fn accept_link(
    store: &Store,
    link: &Secret,
    password: String,
    now: Timestamp,
) -> Result<Secret, Error> {
    let (person, _) = link_owner(store, link, now).await?;
    check_password(&password, &person)?;
    let hash = off_thread(move || hash_password(&password)).await??;
    let mut write = store.write().await?;
    if !write.use_login_link(&link.hash(), now).await? {
        return Err(Error::Link);
    }
    write.set_password_hash(&person.id, &hash).await?;
    let session = begin_session(&mut write, &person.id, now).await?;
    let entry = AuditEntry {
        act: "password.set",
        subject: format!("person {}", person.id),
        detail: "by one-time link".into(),
    };
    write.audit(&Actor::of(&person), &entry, now).await?;
    write.commit().await?;
    Ok(session)
}

/// Begins a session with login and password; `address` is where the request came from.
///
/// # Errors
/// [`Error::Mismatch`], or [`Error::Wait`] after too many of them.
pub async fn sign_in(
    store: &Store,
    login: &str,
    password: String,
    address: &str,
    now: Timestamp,
) -> Result<Secret, Error> {
    let login = login.trim().to_lowercase();
    let subjects = [
        (format!("login {login}"), FREE_FAILURES),
        (format!("address {address}"), FREE_FAILURES_OF_ADDRESS),
    ];
    let mut read = store.read().await?;
    for (subject, _) in &subjects {
        if let Some((_, until)) = read.login_failures(subject).await?
            && until > now
        {
            return Err(Error::Wait((until.as_second() - now.as_second()).max(1)));
        }
    }
    let found = read.person_by_login(&login).await?;
    drop(read);
    let (person, hash) = found.map_or((None, None), |(person, hash)| (Some(person), hash));
    let matches = off_thread(move || {
        // Somebody unknown costs as much time as somebody known.
        matches(&password, hash.as_deref())
    })
    .await?;
    let mut write = store.write().await?;
    let person = person.filter(|person| matches && person.disabled_at.is_none());
    let Some(person) = person else {
        for (subject, free) in &subjects {
            let before = write.login_failures(subject).await?.map_or(0, |(failures, _)| failures);
            write
                .set_login_failures(subject, before + 1, now + wait_after(before + 1, *free))
                .await?;
        }
        write.commit().await?;
        return Err(Error::Mismatch);
    };
    for (subject, _) in &subjects {
        write.clear_login_failures(subject).await?;
    }
    let session = begin_session(&mut write, &person.id, now).await?;
    write.commit().await?;
    Ok(session)
}

/// The session of that secret; keeps it alive.
///
/// # Errors
/// When the store refuses.
pub async fn resume(
    store: &Store,
    secret: &Secret,
    now: Timestamp,
) -> Result<Option<Session>, Error> {
    let hash = secret.hash();
    let session = store.read().await?.session(&hash, now).await?;
    if let Some(session) = &session
        && now.duration_since(session.seen_at) > TOUCH
    {
        let mut write = store.write().await?;
        write.touch_session(&hash, now, now + SESSION).await?;
        write.commit().await?;
    }
    Ok(session)
}

/// Ends a session.
///
/// # Errors
/// When the store refuses.
pub async fn sign_out(store: &Store, secret: &Secret) -> Result<(), Error> {
    let mut write = store.write().await?;
    write.end_session(&secret.hash()).await?;
    Ok(write.commit().await?)
}

async fn begin_session(
    write: &mut store::Write,
    person: &PersonId,
    now: Timestamp,
) -> Result<Secret, Error> {
    let secret = Secret::fresh()?;
    let session = NewSession {
        secret_hash: &secret.hash(),
        person,
        expires_at: now + SESSION,
        address: "",
        browser: "",
        awaits_code: false,
    };
    write.add_session(&session, now).await?;
    Ok(secret)
}

/// None at first, then 2, 4, 8 … seconds, at most a quarter of an hour.
fn wait_after(failures: i64, free: i64) -> SignedDuration {
    let beyond = failures - free;
    let seconds = if beyond <= 0 { 0 } else { 1_i64 << beyond.min(20) };
    SignedDuration::from_secs(seconds.min(LONGEST_WAIT))
}

fn check_password(password: &str, person: &Person) -> Result<(), Error> {
    let problem = if password.chars().count() < SHORTEST_PASSWORD {
        format!("La contraseña necesita al menos {SHORTEST_PASSWORD} caracteres.")
    } else if password.len() > LONGEST_PASSWORD {
        format!("La contraseña es demasiado larga: caben {LONGEST_PASSWORD} bytes.")
    } else if password.to_lowercase().contains(&person.login.to_lowercase()) {
        "La contraseña no debe contener tu usuario.".to_owned()
    } else if password.chars().collect::<std::collections::HashSet<_>>().len() < 5 {
        "La contraseña repite muy pocos caracteres.".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::Password(problem))
}

/// Hash of a password nobody has.
static DECOY: LazyLock<Option<String>> =
    LazyLock::new(|| Secret::fresh().ok().and_then(|secret| hash_password(secret.expose()).ok()));

/// Whether a secret is the one of that hash. Without a hash it takes as long, and is not.
pub(super) fn matches(secret: &str, hash: Option<&str>) -> bool {
    let known = hash.is_some();
    hash.or(DECOY.as_deref()).is_some_and(|hash| verify(secret, hash)) && known
}

pub(super) fn hash_password(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::Hashing(error.to_string()))
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Argon2 takes tens of milliseconds and 19 MiB: not on a thread that serves others.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Hashing(error.to_string()))
}

#[cfg(test)]
mod tests;
