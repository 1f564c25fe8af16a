//! `target add`, `target list`, `target watch` and `target remove`: the network devices PCs look at.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::manage_network::{self, Wanted};
use crate::collector::open_bench;
use crate::domain::access::Actor;
use crate::domain::id::DeviceId;
use crate::domain::network_device::{NetworkDevice, NetworkDeviceKind};
use crate::domain::reading::TargetKind;
use crate::store::{DeviceRow, Store};

/// Commands on network devices.
#[derive(Debug, Subcommand)]
pub enum Target {
    /// Agrega un router, punto de acceso, conmutador o impresora e imprime su identificador.
    Add(Add),
    /// Lista los equipos de red: identificador, estado, tipo, dirección, sede, nombre y quién los vigila.
    List,
    /// Decide qué equipos lo vigilan; sin --by, ninguno.
    Watch {
        /// Identificador o nombre del equipo de red.
        target: String,
        /// Equipo que lo vigila (identificador o nombre); se puede repetir.
        #[arg(long, value_name = "EQUIPO")]
        by: Vec<String>,
    },
    /// Deja de vigilar un equipo de red; su historia se conserva.
    Remove {
        /// Identificador o nombre.
        target: String,
    },
}

/// What is said of a new one.
#[derive(Debug, Args)]
pub struct Add {
    /// Nombre, por ejemplo «Impresora de Tesorería».
    name: String,
    /// Qué es: router, access_point, switch, printer u other.
    #[arg(long, default_value = "other", value_parser = kind)]
    kind: NetworkDeviceKind,
    /// Dirección o nombre que responde a ping.
    #[arg(long, value_name = "DIRECCIÓN", required_unless_present = "tcp", conflicts_with = "tcp")]
    icmp: Option<String>,
    /// Dirección y puerto que acepta conexiones, por ejemplo 192.0.2.9:9100.
    #[arg(long, value_name = "DIRECCIÓN:PUERTO")]
    tcp: Option<String>,
    /// Sede donde está; se crea si no existe.
    #[arg(long, value_name = "SEDE")]
    site: Option<String>,
    /// Equipo que lo vigila (identificador o nombre); se puede repetir.
    #[arg(long, value_name = "EQUIPO")]
    by: Vec<String>,
}

fn kind(word: &str) -> Result<NetworkDeviceKind, String> {
    let known = NetworkDeviceKind::ALL.map(NetworkDeviceKind::as_str).join(", ");
    NetworkDeviceKind::parse(&word.replace('-', "_")).ok_or_else(|| format!("puede ser {known}"))
}

/// Runs it.
///
/// # Errors
/// When what was named is not there, what was said cannot be used, or the store refuses.
pub fn run(place: &Place, target: Target) -> Result<()> {
    with_store(place, async |config, store| {
        let now = Timestamp::now();
        match target {
            Target::Add(add) => added(&store, add, now).await,
            Target::List => list(&store).await,
            Target::Watch { target, by } => {
                let id = find(&store, &target).await?;
                let by = watchers(&store, &by).await?;
                Ok(manage_network::watch(&store, &id, &by, &Actor::Console, now).await?)
            }
            Target::Remove { target } => {
                let id = find(&store, &target).await?;
                let bench = open_bench(&config, &store).await?;
                Ok(manage_network::remove(&store, &bench, &id, &Actor::Console, now).await?)
            }
        }
    })
}

async fn added(store: &Store, add: Add, now: Timestamp) -> Result<()> {
    let by = watchers(store, &add.by).await?;
    let (probe, address) = match (add.icmp, add.tcp) {
        (_, Some(address)) => (TargetKind::Tcp, address),
        (address, None) => (TargetKind::Icmp, address.unwrap_or_default()),
    };
    let wanted = Wanted { name: add.name, kind: add.kind, probe, address, site: add.site };
    let id = manage_network::add(store, &wanted, &Actor::Console, now).await?;
    if !by.is_empty() {
        manage_network::watch(store, &id, &by, &Actor::Console, now).await?;
    }
    print(id.as_str())
}

async fn list(store: &Store) -> Result<()> {
    let mut read = store.read().await?;
    let watches = read.watches().await?;
    for device in read.network_devices().await? {
        let by: Vec<&str> = watches
            .iter()
            .filter(|watch| watch.network_device == device.id)
            .map(|watch| watch.watcher_name.as_str())
            .collect();
        let by = if by.is_empty() { "nadie".into() } else { by.join(", ") };
        let NetworkDevice { id, name, kind, address, site_name, state, .. } = &device;
        let site = site_name.as_deref().unwrap_or("sin sede");
        let (state, kind) = (state.as_str(), kind.as_str());
        print(&format!("{id}\t{state}\t{kind}\t{address}\t{site}\t{name}\t{by}"))?;
    }
    Ok(())
}

pub(super) async fn find(store: &Store, wanted: &str) -> Result<DeviceId> {
    let known = store.read().await?.network_devices().await?;
    let named = |one: &&NetworkDevice| one.id.as_str() == wanted || one.name == wanted;
    match known.iter().filter(named).collect::<Vec<_>>().as_slice() {
        [one] => Ok(one.id.clone()),
        [] => bail!("no hay ningún equipo de red «{wanted}»; vea `target list`"),
        several => bail!(
            "{} equipos de red se llaman «{wanted}»: use el identificador de `target list`",
            several.len()
        ),
    }
}

async fn watchers(store: &Store, wanted: &[String]) -> Result<Vec<DeviceId>> {
    let fleet = store.read().await?.fleet().await?;
    wanted
        .iter()
        .map(|wanted| {
            let named = |row: &&DeviceRow| row.id.as_str() == wanted || row.name == *wanted;
            match fleet.iter().filter(named).collect::<Vec<_>>().as_slice() {
                [one] => Ok(one.id.clone()),
                [] => bail!("no hay ningún equipo «{wanted}»; vea `device list`"),
                _ => bail!("varios equipos se llaman «{wanted}»: use su identificador"),
            }
        })
        .collect()
}
