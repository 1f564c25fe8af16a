//! `network add`, `network list`, `network set`, `network assign` and `network remove`: LANs with their gateway and
//! provider.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::networks::{self, NamedNetwork};
use crate::domain::access::Actor;
use crate::domain::id::NetworkId;
use crate::domain::network::Network;
use crate::store::Store;

/// Commands on networks.
#[derive(Debug, Subcommand)]
pub enum NetworkCommand {
    /// Agrega una red de internet e imprime su identificador.
    Add {
        /// Nombre, por ejemplo «Palacio municipal».
        name: String,
        /// Lo que se sabe de ella.
        #[command(flatten)]
        said: Said,
    },
    /// Lista las redes: identificador, nombre, sede, puerta de enlace, proveedor, teléfono, contrato y equipos.
    List,
    /// Cambia lo que se diga de una red; lo que no se diga queda como está.
    Set {
        /// Identificador o nombre.
        network: String,
        /// Nombre nuevo.
        #[arg(long)]
        name: Option<String>,
        /// Lo que cambia.
        #[command(flatten)]
        said: Said,
    },
    /// Dice de qué red es parte un router, conmutador o impresora de `target list`.
    Assign {
        /// Identificador o nombre del equipo de red.
        target: String,
        /// Identificador o nombre de la red; sin él, la de su sede.
        network: Option<String>,
    },
    /// Olvida una red; los trámites sobre ella conservan su nombre.
    Remove {
        /// Identificador o nombre.
        network: String,
    },
}

/// What is said of a network.
#[derive(Debug, Args)]
pub struct Said {
    /// Sede donde está; se crea si no existe.
    #[arg(long, value_name = "SEDE")]
    site: Option<String>,
    /// Dirección de su puerta de enlace: dice qué equipos son de la red.
    #[arg(long, value_name = "DIRECCIÓN")]
    gateway: Option<String>,
    /// Dirección MAC de su puerta de enlace.
    #[arg(long, value_name = "MAC")]
    gateway_mac: Option<String>,
    /// Compañía que da el servicio de internet.
    #[arg(long)]
    provider: Option<String>,
    /// Teléfono para reportar fallas.
    #[arg(long, value_name = "TELÉFONO")]
    phone: Option<String>,
    /// Número de contrato o de servicio.
    #[arg(long, value_name = "NÚMERO")]
    contract: Option<String>,
}

impl Said {
    /// With what was known before where nothing is said.
    fn over(self, name: String, known: Option<&Network>) -> NamedNetwork {
        let text = |said: Option<String>, known: Option<&String>| {
            said.or_else(|| known.cloned()).unwrap_or_default()
        };
        NamedNetwork {
            name,
            site: text(self.site, known.and_then(|one| one.site_name.as_ref())),
            gateway: text(self.gateway, known.map(|one| &one.gateway)),
            gateway_mac: text(self.gateway_mac, known.map(|one| &one.gateway_mac)),
            provider: text(self.provider, known.map(|one| &one.provider)),
            provider_phone: text(self.phone, known.map(|one| &one.provider_phone)),
            provider_contract: text(self.contract, known.map(|one| &one.provider_contract)),
        }
    }
}

/// Runs it.
///
/// # Errors
/// When what was named is not there, what was said cannot be used, or the store refuses.
pub fn run(place: &Place, command: NetworkCommand) -> Result<()> {
    with_store(place, async |_, store| {
        let (actor, now) = (Actor::Console, Timestamp::now());
        match command {
            NetworkCommand::Add { name, said } => {
                let id = networks::add(&store, &said.over(name, None), &actor, now).await?;
                print(id.as_str())
            }
            NetworkCommand::List => list(&store).await,
            NetworkCommand::Set { network, name, said } => {
                let known = find(&store, &network).await?;
                let name = name.unwrap_or_else(|| known.name.clone());
                let said = said.over(name, Some(&known));
                Ok(networks::change(&store, &known.id, &said, &actor, now).await?)
            }
            NetworkCommand::Assign { target, network } => {
                let device = super::target::find(&store, &target).await?;
                let network = match network {
                    Some(named) => Some(find(&store, &named).await?.id),
                    None => None,
                };
                let assigned =
                    networks::assign_device(&store, &device, network.as_ref(), &actor, now);
                Ok(assigned.await?)
            }
            NetworkCommand::Remove { network } => {
                let id: NetworkId = find(&store, &network).await?.id;
                Ok(networks::remove(&store, &id, &actor, now).await?)
            }
        }
    })
}

async fn list(store: &Store) -> Result<()> {
    networks::note_gateways(store).await?;
    let mut read = store.read().await?;
    for network in read.networks().await? {
        let members = networks::members(&mut read, &network.id).await?;
        let Network { id, name, gateway, provider, provider_phone, provider_contract, .. } =
            &network;
        let site = network.site_name.as_deref().unwrap_or("sin sede");
        let pcs = members.len();
        print(&format!(
            "{id}\t{name}\t{site}\t{gateway}\t{provider}\t{provider_phone}\t{provider_contract}\t{pcs}"
        ))?;
    }
    Ok(())
}

async fn find(store: &Store, wanted: &str) -> Result<Network> {
    let known = store.read().await?.networks().await?;
    let named = known.into_iter().find(|one| one.id.as_str() == wanted || one.name == wanted);
    match named {
        Some(network) => Ok(network),
        None => bail!("no hay ninguna red «{wanted}»; vea `network list`"),
    }
}
