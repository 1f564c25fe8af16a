//! `token create`: keys for programs that use the API.

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::create_token::create_token;
use crate::domain::access::Actor;
use crate::domain::person;

/// Commands on tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Crea una llave y la imprime; no se vuelve a mostrar.
    Create {
        /// Para qué es.
        #[arg(long, value_name = "NOMBRE")]
        name: String,
        /// Qué permite: read (ver) o write (ver y actuar).
        #[arg(long)]
        scope: Scope,
    },
}

/// What a token permits.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Scope {
    /// Ver.
    Read,
    /// Ver y actuar.
    Write,
}

/// Runs it.
///
/// # Errors
/// When the name will not do or the store refuses.
pub fn run(place: &Place, Token::Create { name, scope }: Token) -> Result<()> {
    let scope = match scope {
        Scope::Read => person::Scope::Read,
        Scope::Write => person::Scope::Write,
    };
    with_store(place, async |_, store| {
        let now = Timestamp::now();
        let secret = create_token(&store, &Actor::Console, &name, scope, now).await?;
        print(secret.expose())?;
        eprintln!("Guárdela: no se vuelve a mostrar. Úsela así: Authorization: Bearer LLAVE");
        Ok(())
    })
}
