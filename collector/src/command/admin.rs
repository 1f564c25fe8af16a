//! `admin create`: the first administrator, or a new one-time link for one that is there.

use anyhow::Result;
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::create_person::create_administrator;
use crate::domain::access::Actor;

/// Commands on administrators.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Crea una persona que administra, o le da un enlace nuevo si ya existe; imprime el enlace de un solo uso.
    Create {
        /// Con qué nombre entra.
        #[arg(long, value_name = "USUARIO", default_value = "administracion")]
        login: String,
        /// Nombre completo.
        #[arg(long, value_name = "NOMBRE", default_value = "Administración de Atalaya")]
        name: String,
    },
}

/// Runs it.
///
/// # Errors
/// When login or name will not do, or the store refuses.
pub fn run(place: &Place, Admin::Create { login, name }: Admin) -> Result<()> {
    with_store(place, async |config, store| {
        let now = Timestamp::now();
        let link = create_administrator(&store, &Actor::Console, &login, &name, now).await?;
        print(&format!("{}/bienvenida/{}", config.web_url(), link.expose()))?;
        eprintln!(
            "Enlace de un solo uso para «{login}»; vale 24 horas. Ábralo para elegir la contraseña."
        );
        Ok(())
    })
}
