//! Someone adds an area, at a site that is made when missing.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::access::Actor;
use crate::domain::area::Area;
use crate::domain::id::{AreaId, SiteId};
use crate::store::{self, AuditEntry, Store};

/// Longest name, bytes.
const NAME: usize = 120;

/// Why there is no new area.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing, or too much.
    #[error("el nombre «{0}» no sirve: escriba entre 1 y {NAME} caracteres")]
    Name(String),
    /// There is one of that name.
    #[error("ya hay un área con el nombre «{0}»")]
    Exists(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Adds an area.
///
/// # Errors
/// When the name will not do or is taken.
pub async fn create_area(
    store: &Store,
    actor: &Actor,
    name: &str,
    site: Option<&str>,
    sample: bool,
    now: Timestamp,
) -> Result<Area, Error> {
    let name = checked(name)?;
    let site = site.map(checked).transpose()?;
    let mut write = store.write().await?;
    if write.area_named(name).await?.is_some() {
        return Err(Error::Exists(name.to_owned()));
    }
    let site = match site {
        Some(site) => {
            let fresh = SiteId::new(Uuid::now_v7().to_string());
            Some(write.site_named(site, &fresh, sample).await?)
        }
        None => None,
    };
    let id = AreaId::new(Uuid::now_v7().to_string());
    let area = Area { id, name: name.to_owned(), site, sample };
    match write.add_area(&area, now).await {
        Err(error) if error.is_conflict() => return Err(Error::Exists(area.name)),
        outcome => outcome?,
    }
    let entry = AuditEntry {
        act: "area.create",
        subject: format!("area {}", area.id),
        detail: area.name.clone(),
    };
    write.audit(actor, &entry, now).await?;
    write.commit().await?;
    Ok(area)
}

fn checked(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    let fits = !name.is_empty() && name.len() <= NAME && !name.chars().any(char::is_control);
    if fits { Ok(name) } else { Err(Error::Name(name.chars().take(NAME).collect())) }
}
