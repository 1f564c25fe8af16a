//! Passwords: which will do, and their argon2id hashes, made and checked on threads that serve nobody else.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::Error;
use crate::actions::secret::Secret;
use crate::domain::person::Person;

/// Fewest characters of a password.
pub const SHORTEST: usize = 12;
/// Most bytes of a password: hashing more is only work for us.
const LONGEST: usize = 256;

/// The hash of a password.
pub(in crate::actions) async fn hash(password: String) -> Result<String, Error> {
    off_thread(move || hashed(&password)).await?
}

/// Whether a password is that of a hash. Somebody unknown costs as much time as somebody known.
pub(in crate::actions) async fn matches(
    password: String,
    hash: Option<String>,
) -> Result<bool, Error> {
    let known = hash.is_some();
    off_thread(move || {
        let hash = hash.as_deref().or(DECOY.as_deref());
        hash.is_some_and(|hash| verify(&password, hash)) && known
    })
    .await
}

/// Whether a password will do.
pub(super) fn check(password: &str, person: &Person) -> Result<(), Error> {
    let problem = if password.chars().count() < SHORTEST {
        format!("La contraseña necesita al menos {SHORTEST} caracteres.")
    } else if password.len() > LONGEST {
        format!("La contraseña es demasiado larga: caben {LONGEST} bytes.")
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
    LazyLock::new(|| Secret::fresh().ok().and_then(|secret| hashed(secret.expose()).ok()));

fn hashed(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::Hashing(error.to_string()))
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Argon2 takes tens of milliseconds and 19 MiB: not on a thread that serves others.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Hashing(error.to_string()))
}
