//! `device list`, `device approve` and `device revoke`.

use anyhow::{Result, bail};
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::manage_device::{approve_device, revoke_device};
use crate::domain::access::Actor;
use crate::domain::id::DeviceId;
use crate::store::{DeviceRow, Store};

/// Commands on devices.
#[derive(Debug, Subcommand)]
pub enum Device {
    /// Lista los equipos: identificador, estado, área y nombre.
    List,
    /// Aprueba un equipo que espera: desde ese momento se aceptan sus lecturas.
    Approve {
        /// Identificador o nombre.
        device: String,
    },
    /// Revoca un equipo para siempre; pierde la conexión en menos de un segundo.
    Revoke {
        /// Identificador o nombre.
        device: String,
    },
}

/// Runs it.
///
/// # Errors
/// When there is no such device, it stands otherwise, or the store refuses.
pub fn run(place: &Place, device: Device) -> Result<()> {
    with_store(place, async |_, store| {
        let now = Timestamp::now();
        match device {
            Device::List => list(&store).await,
            Device::Approve { device } => {
                let id = find(&store, &device).await?;
                Ok(approve_device(&store, &id, &Actor::Console, now).await?)
            }
            Device::Revoke { device } => {
                let id = find(&store, &device).await?;
                Ok(revoke_device(&store, &id, &Actor::Console, now).await?)
            }
        }
    })
}

async fn list(store: &Store) -> Result<()> {
    for row in store.read().await?.fleet().await? {
        let area = row.area_name.as_deref().unwrap_or("sin área");
        let (status, name) = (row.status.as_str(), &row.name);
        print(&format!("{}\t{status}\t{area}\t{name}", row.id))?;
    }
    Ok(())
}

async fn find(store: &Store, wanted: &str) -> Result<DeviceId> {
    let fleet = store.read().await?.fleet().await?;
    let matching: Vec<&DeviceRow> =
        fleet.iter().filter(|row| row.id.as_str() == wanted || row.name == wanted).collect();
    match matching.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => bail!("no hay ningún equipo «{wanted}»; vea `device list`"),
        several => {
            bail!(
                "{} equipos se llaman «{wanted}»: use el identificador de `device list`",
                several.len()
            )
        }
    }
}
