//! `area create`, `area list` and `area policy`.

use anyhow::{Context, Result, anyhow};
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::create_area::create_area;
use crate::actions::manage_area::{WantedPolicy, ports_of, set_policy};
use crate::collector::open_bench;
use crate::domain::access::Actor;
use crate::domain::firewall_policy::permitted;

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
    /// Muestra qué puertos pueden abrir los equipos de un área, o lo decide.
    Policy {
        /// Nombre del área.
        name: String,
        /// Puertos del área: `tcp/445`, `udp/5000-5010` o «tcp/3389 10.20.0.0/16»; varios, con comas o repetido.
        #[arg(long, value_name = "PUERTOS")]
        allow: Vec<String>,
        /// Solamente los puertos de --allow, sin los comunes de la configuración.
        #[arg(long)]
        only: bool,
        /// Quita la política del área: valen los puertos comunes.
        #[arg(long, conflicts_with_all = ["allow", "only"])]
        common: bool,
    },
}

/// Runs it.
///
/// # Errors
/// When the name is taken or will not do, or the store refuses.
pub fn run(place: &Place, area: Area) -> Result<()> {
    with_store(place, async |config, store| match area {
        Area::Policy { name, allow, only, common } => {
            let area = store.read().await?.area_named(name.trim()).await?;
            let id = area.with_context(|| format!("no hay un área «{name}»; vea `area list`"))?.id;
            let ports = ports_of(&allow.join(",")).map_err(|problem| anyhow!(problem))?;
            let wanted = (!common).then_some(WantedPolicy { with_common: !only, ports });
            if common || only || !allow.is_empty() {
                let bench = open_bench(&config, &store).await?;
                set_policy(&store, &bench, &id, wanted, &Actor::Console, Timestamp::now()).await?;
            }
            let policy = store.read().await?.area_policy(&id).await?;
            for port in permitted(policy.as_ref(), &config.rules.permitted_ports) {
                print(&port.to_string())?;
            }
            Ok(())
        }
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
