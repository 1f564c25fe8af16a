//! What people say about networks, and which PCs are in each.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::access::Actor;
use crate::domain::id::{DeviceId, NetworkId, SiteId};
use crate::domain::network::{Group, MOST, Network, Placed, group_of, network_of};
use crate::store::{self, AuditEntry, Read, Store, Write};

/// Longest name, bytes.
const NAME: usize = 120;
/// Longest other text, bytes.
const TEXT: usize = 200;

/// What somebody says of a network. Empty text: not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedNetwork {
    /// Name, unique.
    pub name: String,
    /// Name of the place, made when missing.
    pub site: String,
    /// Address of its gateway.
    pub gateway: String,
    /// Hardware address of its gateway.
    pub gateway_mac: String,
    /// Who brings the internet.
    pub provider: String,
    /// Telephone for faults.
    pub provider_phone: String,
    /// Number of the contract.
    pub provider_contract: String,
}

/// Why it was not done. Shown to people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing, or too much.
    #[error("el nombre no sirve: escriba entre 1 y {NAME} caracteres")]
    Name,
    /// Another one has it.
    #[error("ya hay una red que se llama «{0}»")]
    Taken(String),
    /// No address.
    #[error("«{0}» no es la dirección de una puerta de enlace: escriba por ejemplo 192.168.1.1")]
    Gateway(String),
    /// No hardware address.
    #[error("«{0}» no es una dirección MAC: escriba por ejemplo 00:11:22:33:44:55")]
    Mac(String),
    /// Too long.
    #[error("{0} pasa de {TEXT} caracteres o lleva signos que no se escriben")]
    Text(&'static str),
    /// There are too many.
    #[error("ya hay {MOST} redes, que son las que caben")]
    Full,
    /// What was asked for is not there.
    #[error("no existe {0}")]
    NotFound(&'static str),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Adds a network.
///
/// # Errors
/// When what is said of it cannot be used.
pub async fn add(
    store: &Store,
    said: &NamedNetwork,
    actor: &Actor,
    now: Timestamp,
) -> Result<NetworkId, Error> {
    let mut db = store.write().await?;
    let id = NetworkId::new(Uuid::now_v7().to_string());
    let network = checked(&mut db, said, id.clone()).await?;
    if db.networks().await?.len() >= MOST {
        return Err(Error::Full);
    }
    db.add_network(&network, now).await?;
    audit(&mut db, "network.add", &network, actor, now).await?;
    db.commit().await?;
    Ok(id)
}

/// Changes what is said of a network.
///
/// # Errors
/// When there is none, or what is said of it cannot be used.
pub async fn change(
    store: &Store,
    id: &NetworkId,
    said: &NamedNetwork,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut db = store.write().await?;
    find(&mut db, id).await?;
    let network = checked(&mut db, said, id.clone()).await?;
    db.change_network(&network).await?;
    audit(&mut db, "network.change", &network, actor, now).await?;
    Ok(db.commit().await?)
}

/// Forgets a network; runs about it keep its name.
///
/// # Errors
/// When there is none.
pub async fn remove(
    store: &Store,
    id: &NetworkId,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut db = store.write().await?;
    let network = find(&mut db, id).await?;
    db.remove_network(id).await?;
    audit(&mut db, "network.remove", &network, actor, now).await?;
    Ok(db.commit().await?)
}

/// Says of which network a router, switch or printer is a part; none: of that of its place.
///
/// # Errors
/// When one of them is not there.
pub async fn assign_device(
    store: &Store,
    network_device: &DeviceId,
    network: Option<&NetworkId>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut db = store.write().await?;
    let known = db.network_device(network_device).await?;
    let known = known.ok_or(Error::NotFound("el equipo de red"))?;
    let named = match network {
        Some(id) => find(&mut db, id).await?.name,
        None => "la de su sede".into(),
    };
    db.set_network_of(network_device, network).await?;
    let entry = AuditEntry {
        act: "network.assign",
        subject: format!("device {network_device}"),
        detail: format!("{}: {named}", known.name),
    };
    db.audit(actor, &entry, now).await?;
    Ok(db.commit().await?)
}

/// Notes the gateways that PCs told of since it was last asked. Returns how many readings were new.
///
/// # Errors
/// When the store refuses.
pub async fn note_gateways(store: &Store) -> store::Result<usize> {
    let told = store.read().await?.gateways_told().await?;
    if told.is_empty() {
        return Ok(0);
    }
    let mut db = store.write().await?;
    for (device, gateway, at) in &told {
        db.note_gateway(device, gateway.as_deref(), *at).await?;
    }
    db.commit().await?;
    Ok(told.len())
}

/// The PCs of a network, by name.
///
/// # Errors
/// When the store refuses.
pub async fn members(db: &mut Read, id: &NetworkId) -> store::Result<Vec<Placed>> {
    let networks = db.networks().await?;
    let is_member =
        |placed: &Placed| network_of(&networks, placed).is_some_and(|one| one.id == *id);
    Ok(db.placed_devices().await?.into_iter().filter(is_member).collect())
}

/// All PCs by the group they share a way to the internet with; those of no group are left out.
///
/// # Errors
/// When the store refuses.
pub async fn groups(db: &mut Read) -> store::Result<BTreeMap<Group, Vec<Placed>>> {
    let networks = db.networks().await?;
    let mut groups: BTreeMap<Group, Vec<Placed>> = BTreeMap::new();
    for placed in db.placed_devices().await? {
        if let Some(group) = group_of(&networks, &placed) {
            groups.entry(group).or_default().push(placed);
        }
    }
    Ok(groups)
}

async fn find(db: &mut Write, id: &NetworkId) -> Result<Network, Error> {
    let found = db.networks().await?.into_iter().find(|network| network.id == *id);
    found.ok_or(Error::NotFound("la red"))
}

/// What was said, as it is kept.
async fn checked(db: &mut Write, said: &NamedNetwork, id: NetworkId) -> Result<Network, Error> {
    let name = said.name.trim();
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        return Err(Error::Name);
    }
    let taken = db.networks().await?.into_iter().any(|one| one.id != id && one.name == name);
    if taken {
        return Err(Error::Taken(name.to_owned()));
    }
    let gateway = said.gateway.trim();
    let read = gateway.parse::<IpAddr>().map(|address| address.to_string());
    let gateway = match gateway {
        "" => String::new(),
        _ => read.map_err(|_| Error::Gateway(gateway.chars().take(60).collect()))?,
    };
    Ok(Network {
        id,
        name: name.to_owned(),
        site: site(db, &said.site).await?,
        site_name: None,
        gateway,
        gateway_mac: mac(said.gateway_mac.trim())?,
        provider: text("el proveedor", &said.provider)?,
        provider_phone: text("el teléfono", &said.provider_phone)?,
        provider_contract: text("el contrato", &said.provider_contract)?,
        sample: false,
    })
}

async fn site(db: &mut Write, name: &str) -> Result<Option<SiteId>, Error> {
    let name = text("la sede", name)?;
    if name.is_empty() {
        return Ok(None);
    }
    let fresh = SiteId::new(Uuid::now_v7().to_string());
    Ok(Some(db.site_named(&name, &fresh, false).await?))
}

fn text(what: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    match text.len() <= TEXT && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(Error::Text(what)),
    }
}

fn mac(text: &str) -> Result<String, Error> {
    let plain = text.to_ascii_lowercase().replace('-', ":");
    let pair = |pair: &str| pair.len() == 2 && pair.chars().all(|one| one.is_ascii_hexdigit());
    let fits = plain.split(':').count() == 6 && plain.split(':').all(pair);
    match text.is_empty() || fits {
        true => Ok(plain),
        false => Err(Error::Mac(text.chars().take(60).collect())),
    }
}

async fn audit(
    db: &mut Write,
    act: &'static str,
    network: &Network,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let detail = format!("{} ({}, {})", network.name, network.gateway, network.provider);
    let entry = AuditEntry { act, subject: format!("network {}", network.id), detail };
    Ok(db.audit(actor, &entry, now).await?)
}
