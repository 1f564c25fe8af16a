//! `device …`: lists devices, and does what the page does with one.

mod identity;

use anyhow::{Result, bail};
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::manage_device::{approve_device, revoke_device};
use crate::actions::merge_device::{merge_device, tell_apart};
use crate::collector::open_bench;
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
    /// Dice quiénes usan la identidad de un equipo en cuarentena.
    Conflict {
        /// Identificador o nombre.
        device: String,
    },
    /// Saca un equipo de la cuarentena: una computadora conserva la identidad, la otra se da de alta de nuevo.
    Release {
        /// Identificador o nombre.
        device: String,
        /// Cuál la conserva: su número en `device conflict`.
        #[arg(long, value_name = "N")]
        keep: Option<usize>,
    },
    /// Lista los equipos nuevos que parecen uno conocido, instalado de nuevo.
    Alike,
    /// Une un equipo nuevo con el conocido que es: su historia continúa, la identidad anterior se revoca.
    Merge {
        /// El nuevo: identificador o nombre.
        device: String,
        /// El conocido: identificador o nombre.
        known: String,
    },
    /// Dice que un equipo nuevo no es el conocido al que se parece; no se vuelve a proponer.
    Apart {
        /// El nuevo: identificador o nombre.
        device: String,
        /// El conocido: identificador o nombre.
        known: String,
    },
}

/// Runs it.
///
/// # Errors
/// When there is no such device, it stands otherwise, or the store refuses.
pub fn run(place: &Place, device: Device) -> Result<()> {
    with_store(place, async |config, store| {
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
            Device::Conflict { device } => {
                identity::conflict(&store, &find(&store, &device).await?).await
            }
            Device::Release { device, keep } => {
                let id = find(&store, &device).await?;
                identity::release(&store, &open_bench(&config, &store).await?, &id, keep, now).await
            }
            Device::Alike => identity::alike(&store).await,
            Device::Merge { device, known } => {
                let (device, known) = (find(&store, &device).await?, find(&store, &known).await?);
                let (bench, pair) = (open_bench(&config, &store).await?, (&device, &known));
                Ok(merge_device(&store, &bench, pair, &Actor::Console, now).await?)
            }
            Device::Apart { device, known } => {
                let (device, known) = (find(&store, &device).await?, find(&store, &known).await?);
                Ok(tell_apart(&store, (&device, &known), &Actor::Console, now).await?)
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

pub(super) async fn find(store: &Store, wanted: &str) -> Result<DeviceId> {
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
