//! Someone adds a person, who chooses a password by a one-time link.

use jiff::Timestamp;
use uuid::Uuid;

use super::secret::Secret;
use super::sign_in;
use crate::domain::access::Actor;
use crate::domain::id::PersonId;
use crate::domain::person::{Person, Role, Roles};
use crate::store::{self, AuditEntry, Store};

/// Longest login and longest name, bytes.
const LONGEST: usize = 120;

/// Why there is no new person.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not what a login looks like.
    #[error(
        "el usuario «{0}» no sirve: use letras minúsculas, números, punto, guion o guion bajo, \
         sin espacios"
    )]
    Login(String),
    /// No name.
    #[error("el nombre no sirve: escriba entre 1 y {LONGEST} caracteres")]
    Name,
    /// Another person has that login.
    #[error("el usuario «{0}» ya es de otra persona que no administra")]
    Taken(String),
    /// The link could not be made.
    #[error(transparent)]
    Link(#[from] sign_in::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Adds an administrator, or finds the one of that login, and makes a one-time link for them.
///
/// # Errors
/// When login or name will not do, or the login belongs to someone who does not administer.
pub async fn create_administrator(
    store: &Store,
    actor: &Actor,
    login: &str,
    name: &str,
    now: Timestamp,
) -> Result<Secret, Error> {
    let login = checked_login(login)?;
    let name = name.trim();
    if name.is_empty() || name.len() > LONGEST || name.chars().any(char::is_control) {
        return Err(Error::Name);
    }
    let mut write = store.write().await?;
    let person = match write.person_by_login(&login).await? {
        Some((person, _)) if person.administrator && person.disabled_at.is_none() => person,
        Some(_) => return Err(Error::Taken(login)),
        None => {
            let id = PersonId::new(Uuid::now_v7().to_string());
            let new = Person::new(id, login.clone(), name, Roles::of(Role::Head));
            let person = Person { administrator: true, ..new };
            write.add_person(&person, now).await?;
            person
        }
    };
    let link = sign_in::create_link(&mut write, &person.id, false, now).await?;
    let entry = AuditEntry {
        act: "person.link",
        subject: format!("person {}", person.id),
        detail: format!("one-time link for {login}"),
    };
    write.audit(actor, &entry, now).await?;
    write.commit().await?;
    Ok(link)
}

fn checked_login(login: &str) -> Result<String, Error> {
    let login = login.trim().to_lowercase();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    let fits = !login.is_empty() && login.len() <= LONGEST && login.chars().all(allowed);
    if fits { Ok(login) } else { Err(Error::Login(login.chars().take(LONGEST).collect())) }
}
