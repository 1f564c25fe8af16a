//! Signing in and out: one-time links, passwords (argon2id), sessions, the code of a second factor, and a wait that
//! grows with failures.
//!
//! Who fails learns neither whether the login exists nor how long the password is.

mod attempts;
pub(in crate::actions) mod password;

use jiff::{SignedDuration, Timestamp};

pub use self::password::SHORTEST as SHORTEST_PASSWORD;

use self::attempts::Subject;
use super::seal::{self, Seal};
use super::second_factor;
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
/// How long a code of the second factor is waited for after the password.
const CODE: SignedDuration = SignedDuration::from_mins(10);
/// Longest name of a browser that is kept, characters.
const BROWSER: usize = 200;

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
    /// Another code than that of the telephone, or one that was taken already.
    #[error("El código no coincide o ya se usó: espera el siguiente y escríbelo completo.")]
    Code,
    /// It cannot be done as things are; says why.
    #[error("{0}")]
    Refused(String),
    /// A sealed secret cannot be used.
    #[error(transparent)]
    Seal(#[from] seal::Error),
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

/// From where somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client<'a> {
    /// Address.
    pub address: &'a str,
    /// What the browser calls itself.
    pub browser: &'a str,
}

/// Somebody who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Secret of the session.
    pub session: Secret,
    /// The session opens nothing before the code of the second factor is given.
    pub awaits_code: bool,
}

/// Makes a one-time link for a person, e.g. at `admin create`; the address is `/bienvenida/` and the secret. With
/// `resets_totp`, using it takes their second factor away.
///
/// # Errors
/// When the store refuses.
pub async fn create_link(
    write: &mut store::Write,
    person: &PersonId,
    resets_totp: bool,
    now: Timestamp,
) -> Result<Secret, Error> {
    let secret = Secret::fresh()?;
    write.add_login_link(&secret.hash(), person, now + LINK, resets_totp).await?;
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

/// Spends a link: sets the password, ends all other sessions and begins one.
///
/// # Errors
/// When the link is not good or the password will not do; then nothing is spent.
pub async fn accept_link(
    store: &Store,
    link: &Secret,
    password: String,
    client: Client<'_>,
    now: Timestamp,
) -> Result<Entered, Error> {
    let (person, _) = link_owner(store, link, now).await?;
    password::check(&password, &person)?;
    let hash = password::hash(password).await?;
    let mut write = store.write().await?;
    if !write.use_login_link(&link.hash(), now).await? {
        return Err(Error::Link);
    }
    write.set_password_hash(&person.id, &hash, None).await?;
    let resets_totp = write.login_link(&link.hash()).await?.is_some_and(|link| link.resets_totp);
    if resets_totp {
        write.end_totp(&person.id).await?;
    }
    let session = begin_session(&mut write, &person.id, client, now).await?;
    let entry = AuditEntry {
        act: "password.set",
        subject: format!("person {}", person.id),
        detail: if resets_totp {
            "by one-time link, second factor taken away"
        } else {
            "by one-time link"
        }
        .into(),
    };
    write.audit(&Actor::of(&person), &entry, now).await?;
    write.commit().await?;
    Ok(session)
}

/// Begins a session with login and password; with a second factor it waits for its code.
///
/// # Errors
/// [`Error::Mismatch`], or [`Error::Wait`] after too many of them.
pub async fn sign_in(
    store: &Store,
    login: &str,
    password: String,
    client: Client<'_>,
    now: Timestamp,
) -> Result<Entered, Error> {
    let login = login.trim().to_lowercase();
    let subjects = [Subject::login(&login), Subject::address(client.address)];
    let mut read = store.read().await?;
    attempts::check(&mut read, &subjects, now).await?;
    let found = read.person_by_login(&login).await?;
    drop(read);
    let (person, hash) = found.map_or((None, None), |(person, hash)| (Some(person), hash));
    let matches = password::matches(password, hash).await?;
    let mut write = store.write().await?;
    let person = person.filter(|person| matches && person.disabled_at.is_none());
    let Some(person) = person else {
        attempts::failed(&mut write, &subjects, now).await?;
        write.commit().await?;
        return Err(Error::Mismatch);
    };
    attempts::succeeded(&mut write, &subjects).await?;
    let entered = begin_session(&mut write, &person.id, client, now).await?;
    write.commit().await?;
    Ok(entered)
}

/// Gives the code of the second factor, or a recovery code: the session that waited for it ends and a whole one begins.
///
/// # Errors
/// [`Error::Code`], [`Error::Wait`] after too many of them, [`Error::Mismatch`] when no session waits.
pub async fn confirm(
    store: &Store,
    seal: &Seal,
    waiting: &Secret,
    code: &str,
    client: Client<'_>,
    now: Timestamp,
) -> Result<Secret, Error> {
    let person = waiting_for_code(store, waiting, now).await?.ok_or(Error::Mismatch)?;
    let subjects = [Subject::code(&person.login), Subject::address(client.address)];
    let mut write = store.write().await?;
    attempts::check(&mut write, &subjects, now).await?;
    if !second_factor::take_code(&mut write, seal, &person, code, now).await? {
        attempts::failed(&mut write, &subjects, now).await?;
        write.commit().await?;
        return Err(Error::Code);
    }
    attempts::succeeded(&mut write, &subjects).await?;
    write.end_session(&waiting.hash()).await?;
    let secret = add_session(&mut write, &person.id, client, false, now).await?;
    write.commit().await?;
    Ok(secret)
}

/// Whose code a session waits for; `None`: no such session waits for one.
///
/// # Errors
/// When the store refuses.
pub async fn waiting_for_code(
    store: &Store,
    secret: &Secret,
    now: Timestamp,
) -> Result<Option<Person>, Error> {
    let session = store.read().await?.session(&secret.hash(), now).await?;
    Ok(session.filter(|session| session.awaits_code).map(|session| session.person))
}

/// Chooses another password, knowing the present one; every other session of theirs ends.
///
/// # Errors
/// [`Error::Mismatch`] for another present password, [`Error::Password`] when the new one will not do.
pub async fn change_password(
    store: &Store,
    person: &Person,
    (present, new): (String, String),
    kept: &Secret,
    now: Timestamp,
) -> Result<(), Error> {
    check_own_password(store, person, present, now).await?;
    password::check(&new, person)?;
    let hash = password::hash(new).await?;
    let mut write = store.write().await?;
    write.set_password_hash(&person.id, &hash, Some(&kept.hash())).await?;
    write.end_links_of(&person.id).await?;
    let entry = AuditEntry {
        act: "password.set",
        subject: format!("person {}", person.id),
        detail: "by themselves".into(),
    };
    write.audit(&Actor::of(person), &entry, now).await?;
    Ok(write.commit().await?)
}

/// Asks somebody who is signed in for their password again, before something that weakens their account.
///
/// # Errors
/// [`Error::Mismatch`], or [`Error::Wait`] after too many of them.
pub async fn check_own_password(
    store: &Store,
    person: &Person,
    password: String,
    now: Timestamp,
) -> Result<(), Error> {
    let subjects = [Subject::login(&person.login)];
    let mut read = store.read().await?;
    attempts::check(&mut read, &subjects, now).await?;
    let found = read.person_by_login(&person.login).await?;
    drop(read);
    if password::matches(password, found.and_then(|(_, hash)| hash)).await? {
        return Ok(());
    }
    let mut write = store.write().await?;
    attempts::failed(&mut write, &subjects, now).await?;
    write.commit().await?;
    Err(Error::Mismatch)
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
    let session = session.filter(|session| !session.awaits_code);
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

/// Which sessions somebody ends.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    /// The one named so.
    One(&'a str),
    /// All but the one of this secret.
    AllBut(&'a Secret),
}

/// Ends sessions of a person, who asked for it.
///
/// # Errors
/// When the store refuses.
pub async fn end_sessions(
    store: &Store,
    person: &Person,
    which: Ended<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut write = store.write().await?;
    let detail = match which {
        Ended::One(name) => {
            let ended = write.end_session_named(&person.id, name).await?;
            ended.then(|| "one session".to_owned())
        }
        Ended::AllBut(kept) => {
            let ended = write.end_sessions_of(&person.id, Some(&kept.hash())).await?;
            (ended > 0).then(|| format!("{ended} other sessions"))
        }
    };
    if let Some(detail) = detail {
        let subject = format!("person {}", person.id);
        let entry = AuditEntry { act: "session.end", subject, detail };
        write.audit(&Actor::of(person), &entry, now).await?;
    }
    Ok(write.commit().await?)
}

/// A session; with a second factor one that waits for its code.
async fn begin_session(
    write: &mut store::Write,
    person: &PersonId,
    client: Client<'_>,
    now: Timestamp,
) -> Result<Entered, Error> {
    let enrolled = write.totp(person).await?.is_some_and(|totp| totp.enrolled_at.is_some());
    let session = add_session(write, person, client, enrolled, now).await?;
    Ok(Entered { session, awaits_code: enrolled })
}

async fn add_session(
    write: &mut store::Write,
    person: &PersonId,
    client: Client<'_>,
    awaits_code: bool,
    now: Timestamp,
) -> Result<Secret, Error> {
    let secret = Secret::fresh()?;
    let browser: String =
        client.browser.chars().filter(|c| !c.is_control()).take(BROWSER).collect();
    let session = NewSession {
        secret_hash: &secret.hash(),
        person,
        expires_at: now + if awaits_code { CODE } else { SESSION },
        address: client.address,
        browser: &browser,
        awaits_code,
    };
    write.add_session(&session, now).await?;
    Ok(secret)
}

#[cfg(test)]
mod tests;
