//! `code create`: enrolment codes, one a line on standard output and nothing else there.

use std::net::IpAddr;

use anyhow::{Result, anyhow, bail};
use atalaya_proto::code::EnrolmentCode;
use clap::{Args, Subcommand};
use ipnet::IpNet;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::create_area::create_area;
use crate::actions::create_code::{Wanted, create_codes};
use crate::collector::open_authority;
use crate::domain::access::Actor;
use crate::domain::id::AreaId;
use crate::store::Store;

/// Commands on enrolment codes.
#[derive(Debug, Subcommand)]
pub enum Code {
    /// Crea códigos de alta: uno por equipo, de un solo uso, válidos 24 horas.
    Create(Create),
}

/// What the codes are to be.
#[derive(Debug, Args)]
pub struct Create {
    /// Área a la que pertenecerán los equipos.
    #[arg(long, value_name = "ÁREA")]
    area: Option<String>,
    /// Sede del área, si hay que crearla (solo con --sample).
    #[arg(long, value_name = "SEDE", requires = "sample")]
    site: Option<String>,
    /// Los equipos quedan aprobados al darse de alta.
    #[arg(long)]
    approve: bool,
    /// Los equipos son del municipio de muestra; el área se crea si no existe.
    #[arg(long)]
    sample: bool,
    /// Cuántos códigos.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    /// Red desde la que vale el código, por ejemplo 10.20.0.0/16.
    #[arg(long, value_name = "RED")]
    network: Option<String>,
}

/// Runs it.
///
/// # Errors
/// When there is no such area, the network is none, or the store refuses.
pub fn run(place: &Place, Code::Create(create): Code) -> Result<()> {
    with_store(place, async |config, store| {
        let authority = open_authority(&config)?;
        let network = create.network.as_deref().map(network_of).transpose()?;
        let area = match &create.area {
            Some(name) => Some(area_of(&store, name, &create).await?),
            None => None,
        };
        let wanted = Wanted {
            area,
            network,
            approve: create.approve,
            sample: create.sample,
            count: create.count,
        };
        let secrets = create_codes(&store, &Actor::Console, &wanted, Timestamp::now()).await?;
        let address = config.agent_address(config.agent_listener.listen);
        for secret in secrets {
            let code = EnrolmentCode { address: address.clone(), ca_pin: authority.pin(), secret };
            print(&code.encode())?;
        }
        Ok(())
    })
}

async fn area_of(store: &Store, name: &str, create: &Create) -> Result<AreaId> {
    let mut read = store.read().await?;
    if let Some(area) = read.area_named(name.trim()).await? {
        return Ok(area.id);
    }
    let known: Vec<String> = read.areas().await?.into_iter().map(|area| area.name).collect();
    drop(read);
    if create.sample {
        let (site, now) = (create.site.as_deref(), Timestamp::now());
        return Ok(create_area(store, &Actor::Console, name, site, true, now).await?.id);
    }
    if known.is_empty() {
        bail!("no hay ningún área: cree «{name}» con `area create {name:?}`");
    }
    bail!(
        "no hay un área «{name}»; las que hay son: {}. Créela con `area create`",
        known.join(", ")
    )
}

fn network_of(text: &str) -> Result<(IpAddr, u8)> {
    let network: Option<IpNet> =
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let network = network
        .ok_or_else(|| anyhow!("«{text}» no es una red: escriba, por ejemplo, 10.20.0.0/16"))?;
    Ok((network.network(), network.prefix_len()))
}
