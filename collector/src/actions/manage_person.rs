//! Somebody adds a person, changes what they do, shuts them out or lets them choose a password anew.
//!
//! Who only heads the unit decides about everybody but administrators: else the way to their rights would be open.

use jiff::Timestamp;
use uuid::Uuid;

use super::secret::Secret;
use super::{Error, Result, sign_in};
use crate::domain::access::Actor;
use crate::domain::id::{AreaId, PersonId};
use crate::domain::particulars;
use crate::domain::person::{Areas, Person, Role, Roles};
use crate::store::{AuditEntry, Store, Write};

/// Who decides about people.
#[derive(Debug, Clone)]
pub struct Decider {
    /// Who.
    pub actor: Actor,
    /// They administer the collector themselves.
    pub administrator: bool,
}

/// What a person is to be, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Full name.
    pub name: String,
    /// What they do.
    pub roles: Roles,
    /// Ids of their areas; none: all.
    pub areas: Vec<AreaId>,
    /// Where notices go; empty: not known.
    pub email: String,
    /// Empty: not known.
    pub phone: String,
    /// Empty: not known.
    pub unit: String,
    /// Empty: not known.
    pub post: String,
    /// May administer the collector.
    pub administrator: bool,
}

/// Adds a person, who cannot sign in before they get a link.
///
/// # Errors
/// [`Error::Unfit`] for what cannot be used or a login that is taken, [`Error::NotAllowed`] for who may not.
pub async fn add_person(
    store: &Store,
    login: &str,
    wanted: &Wanted,
    by: &Decider,
    now: Timestamp,
) -> Result<PersonId> {
    let login = particulars::login(login).map_err(Error::Unfit)?;
    let id = PersonId::new(Uuid::now_v7().to_string());
    let mut db = store.write().await?;
    let new = Person::new(id, login.as_str(), "", Roles::NONE);
    let person = checked(&mut db, new, wanted).await?;
    may_decide(by, person.administrator)?;
    if db.person_by_login(&login).await?.is_some() {
        return Err(Error::Unfit(format!("el usuario «{login}» ya es de otra persona")));
    }
    db.add_person(&person, now).await?;
    record(&mut db, by, "person.create", &person, now).await?;
    db.commit().await?;
    Ok(person.id)
}

/// Changes what is said of a person; their login stays. Who loses rights loses them at the next request.
///
/// # Errors
/// As [`add_person`]; [`Error::Unfitting`] when nobody would be left who administers.
pub async fn change_person(
    store: &Store,
    id: &PersonId,
    wanted: &Wanted,
    by: &Decider,
    now: Timestamp,
) -> Result<()> {
    let mut db = store.write().await?;
    let before = found(&mut db, id).await?;
    let after = checked(&mut db, before.clone(), wanted).await?;
    may_decide(by, before.administrator || after.administrator)?;
    db.save_person(&after).await?;
    keeps_an_administrator(&mut db).await?;
    record(&mut db, by, "person.change", &after, now).await?;
    Ok(db.commit().await?)
}

/// Shuts a person out, or lets them in again. Their history stays; their sessions and links end.
///
/// # Errors
/// [`Error::Unfitting`] for oneself and for the last who administers, [`Error::NotAllowed`] for who may not.
pub async fn set_disabled(
    store: &Store,
    id: &PersonId,
    disabled: bool,
    by: &Decider,
    now: Timestamp,
) -> Result<()> {
    let mut db = store.write().await?;
    let mut person = found(&mut db, id).await?;
    may_decide(by, person.administrator)?;
    if disabled && by.actor.person() == Some(id) {
        return Err(Error::Unfitting("nadie puede desactivar su propia cuenta"));
    }
    if person.disabled_at.is_some() == disabled {
        return Ok(());
    }
    person.disabled_at = disabled.then_some(now);
    db.save_person(&person).await?;
    keeps_an_administrator(&mut db).await?;
    if disabled {
        db.end_sessions_of(id, None).await?;
        db.end_links_of(id).await?;
    }
    let act = if disabled { "person.disable" } else { "person.enable" };
    record(&mut db, by, act, &person, now).await?;
    Ok(db.commit().await?)
}

/// Makes a one-time link by which a person chooses a password; older links are worth nothing from then on.
/// `resets_totp`: using it takes their second factor away, because the telephone is lost.
///
/// # Errors
/// [`Error::Unfitting`] for who was shut out, [`Error::NotAllowed`] for who may not.
pub async fn recovery_link(
    store: &Store,
    id: &PersonId,
    resets_totp: bool,
    by: &Decider,
    now: Timestamp,
) -> Result<Secret> {
    let mut db = store.write().await?;
    let person = found(&mut db, id).await?;
    may_decide(by, person.administrator)?;
    if person.disabled_at.is_some() {
        return Err(Error::Unfitting(
            "la cuenta está desactivada: actívela antes de dar un enlace",
        ));
    }
    db.end_links_of(id).await?;
    let link = sign_in::create_link(&mut db, id, resets_totp, now)
        .await
        .map_err(|_| Error::Unfitting("no se pudo crear el enlace: vuelva a intentarlo"))?;
    let act = if resets_totp { "person.link_without_totp" } else { "person.link" };
    record(&mut db, by, act, &person, now).await?;
    db.commit().await?;
    Ok(link)
}

async fn found(db: &mut Write, id: &PersonId) -> Result<Person> {
    db.person(id).await?.ok_or(Error::NotFound("la persona"))
}

fn may_decide(by: &Decider, about_an_administrator: bool) -> Result<()> {
    if about_an_administrator && !by.administrator {
        return Err(Error::NotAllowed("de quien administra solo decide quien también administra"));
    }
    Ok(())
}

async fn keeps_an_administrator(db: &mut Write) -> Result<()> {
    if db.administrators().await? == 0 {
        return Err(Error::Unfitting(
            "alguien tiene que administrar: dé antes ese permiso a otra persona",
        ));
    }
    Ok(())
}

/// The person with what is wanted, once all of it can be used.
async fn checked(db: &mut Write, person: Person, wanted: &Wanted) -> Result<Person> {
    let refused = Error::Unfit;
    for area in &wanted.areas {
        if db.area(area).await?.is_none() {
            return Err(Error::NotFound("el área"));
        }
    }
    Ok(Person {
        name: particulars::name(&wanted.name).map_err(refused)?,
        roles: wanted.roles,
        areas: Areas::only(wanted.areas.iter().cloned()),
        email: particulars::email(&wanted.email).map_err(refused)?,
        phone: particulars::phone(&wanted.phone).map_err(refused)?,
        unit: particulars::line("la unidad", &wanted.unit).map_err(refused)?,
        post: particulars::line("el puesto", &wanted.post).map_err(refused)?,
        administrator: wanted.administrator,
        ..person
    })
}

/// Writes down who was changed and what they may do afterwards; how they are reached is nobody's affair there.
pub(super) async fn record(
    db: &mut Write,
    by: &Decider,
    act: &'static str,
    person: &Person,
    now: Timestamp,
) -> Result<()> {
    let roles: Vec<&str> = person.roles.iter().map(Role::as_str).collect();
    let areas: Vec<&str> = person.areas.iter().map(AreaId::as_str).collect();
    let areas = if person.areas == Areas::All { "all".into() } else { areas.join(" ") };
    let administers = if person.administrator { "; administrator" } else { "" };
    let entry = AuditEntry {
        act,
        subject: format!("person {}", person.id),
        detail: format!("{}: roles {}; areas {areas}{administers}", person.login, roles.join(" ")),
    };
    Ok(db.audit(&by.actor, &entry, now).await?)
}

#[cfg(test)]
mod tests;
