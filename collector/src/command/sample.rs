//! `sample remove`: takes the sample municipality away.

use anyhow::Result;
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::remove_sample::remove_sample;
use crate::domain::access::Actor;

/// Commands on the sample municipality.
#[derive(Debug, Subcommand)]
pub enum Sample {
    /// Quita los equipos, áreas y sedes de muestra, con todo lo que trajeron.
    Remove,
}

/// Runs it.
///
/// # Errors
/// When the store refuses.
pub fn run(place: &Place, Sample::Remove: Sample) -> Result<()> {
    with_store(place, async |_, store| {
        let removed = remove_sample(&store, &Actor::Console, Timestamp::now()).await?;
        print(&format!("{removed} equipos de muestra quitados"))
    })
}
