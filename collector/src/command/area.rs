//! `area create` and `area list`.

use anyhow::Result;
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::create_area::create_area;
use crate::domain::access::Actor;

/// Commands on areas.
#[derive(Debug, Subcommand)]
pub enum Area {
    /// Crea un área.
    Create {
        /// Nombre del área, por ejemplo «Tesorería».
        name: String,
        /// Sede donde está; se crea si no existe.
        #[arg(long, value_name = "SEDE")]
        site: Option<String>,
    },
    /// Lista las áreas.
    List,
}

/// Runs it.
///
/// # Errors
/// When the name is taken or will not do, or the store refuses.
pub fn run(place: &Place, area: Area) -> Result<()> {
    with_store(place, async |_, store| match area {
        Area::Create { name, site } => {
            let (now, site) = (Timestamp::now(), site.as_deref());
            let area = create_area(&store, &Actor::Console, &name, site, false, now).await?;
            print(&area.name)
        }
        Area::List => {
            for area in store.read().await?.areas().await? {
                print(&area.name)?;
            }
            Ok(())
        }
    })
}
