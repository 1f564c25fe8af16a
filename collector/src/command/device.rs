//! `device list`, `approve`, `revoke`, and what settles a conflict of identity: `conflict` and `release`.

use anyhow::{Result, anyhow, bail};
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::manage_device::{approve_device, revoke_device};
use crate::actions::settle_conflict::settle_conflict;
use crate::collector::open_bench;
use crate::domain::access::Actor;
use crate::domain::id::DeviceId;
use crate::domain::identity::sides;
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
            Device::Conflict { device } => conflict(&store, &find(&store, &device).await?).await,
            Device::Release { device, keep } => {
                let id = find(&store, &device).await?;
                let kept = kept(&store, &id, keep).await?;
                let bench = open_bench(&config)?;
                settle_conflict(&store, &bench, &id, kept, &Actor::Console, now).await?;
                print(
                    "Listo: la que se conserva renueva su certificado al conectarse; la otra necesita un código nuevo.",
                )
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

async fn conflict(store: &Store, id: &DeviceId) -> Result<()> {
    let mut read = store.read().await?;
    let Some(conflict) = read.conflict(id).await? else {
        return print("Una sola computadora usa la identidad de este equipo.");
    };
    let enrolled = read.device(id).await?.map(|device| device.hints).unwrap_or_default();
    let settled = if conflict.settled_at.is_some() { "ya se decidió; " } else { "" };
    print(&format!("{settled}el {}, {}:", conflict.found_at, conflict.sign.words()))?;
    let starts = read.starts(id).await?;
    for (number, side) in (1..).zip(sides(&starts)) {
        let hints = &side.hints;
        let known = |text: &str| if text.is_empty() { "?".to_owned() } else { text.to_owned() };
        let (name, machine) = (known(&hints.hostname), known(&hints.machine_id));
        let hardware =
            [&hints.manufacturer, &hints.model, &hints.serial].map(|text| known(text)).join(" / ");
        let mut marks = Vec::new();
        if hints.machine_id == enrolled.machine_id && hints.serial == enrolled.serial {
            marks.push("coincide con el alta");
        }
        if conflict.kept == Some(side.id) {
            marks.push("se conserva");
        }
        print(&format!(
            "{number}\t{name}\t{}\tsistema {machine}\t{hardware}\tvista de {:.0} a {:.0}\t{}",
            side.address,
            side.first_seen_at,
            side.arrived_at,
            marks.join(", ")
        ))?;
    }
    Ok(())
}

async fn kept(store: &Store, id: &DeviceId, keep: Option<usize>) -> Result<Option<u64>> {
    let Some(keep) = keep else { return Ok(None) };
    let starts = store.read().await?.starts(id).await?;
    let side = keep.checked_sub(1).and_then(|at| sides(&starts).get(at).map(|side| side.id));
    side.map(Some).ok_or_else(|| anyhow!("no hay una computadora {keep}; vea `device conflict`"))
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
