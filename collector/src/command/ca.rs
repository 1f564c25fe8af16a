//! `ca`: the collector's certificate authority, its replacement by another, and the end of the one before.

use anyhow::{Result, bail};
use clap::Subcommand;
use data_encoding::HEXLOWER;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::change_authority::{self, Dependent};
use crate::collector::open_authority;
use crate::config::Config;
use crate::domain::access::Actor;
use crate::pki::{Authority, Ring, Standing};
use crate::store::Store;

/// How many devices are named before the rest is counted.
const NAMED: usize = 20;
const RESTART: &str = "Reinicie el colector ahora: usa la autoridad que leyó al arrancar.";

/// Commands on the certificate authority.
#[derive(Debug, Subcommand)]
pub enum Ca {
    /// Muestra las autoridades y qué equipos dependen todavía de la anterior.
    Show,
    /// Empieza el relevo: una autoridad nueva, avalada por la presente. Los equipos se cambian solos al conectarse.
    Rotate,
    /// Termina el relevo: la autoridad anterior deja de valer y su clave se borra.
    Retire {
        /// Aunque queden equipos que dependan de ella: habrá que darlos de alta de nuevo.
        #[arg(long)]
        force: bool,
    },
}

/// Runs it.
///
/// # Errors
/// When a file or the store refuses, a rotation is under way, or devices depend on the CA to retire.
pub fn run(place: &Place, ca: Ca) -> Result<()> {
    with_store(place, async |config, store| {
        let authority = open_authority(&config)?;
        match ca {
            Ca::Show => show(&config, &authority, &store).await,
            Ca::Rotate => rotate(&config, &store).await,
            Ca::Retire { force } => retire(&config, &authority, &store, force).await,
        }
    })
}

async fn show(config: &Config, authority: &Authority, store: &Store) -> Result<()> {
    let ring = Ring::read(&config.data_dir)?;
    print(&format!("presente: {}, huella {}", ring.present, HEXLOWER.encode(&authority.pin())))?;
    if let Some(former) = ring.former {
        let pin = HEXLOWER.encode(&Ring::pin(&config.data_dir, former)?);
        print(&format!("anterior: {former}, huella {pin}, vale hasta `ca retire`"))?;
        let dependents = dependents(authority, store).await?;
        print(&format!("equipos que dependen de la anterior: {}", dependents.len()))?;
        if !dependents.is_empty() {
            print(&named(&dependents))?;
        }
    }
    ring.retired.map_or(Ok(()), |retired| print(&format!("retirada: {retired}")))
}

async fn rotate(config: &Config, store: &Store) -> Result<()> {
    let ring = Ring::rotate(&config.data_dir)?;
    change_authority::note_rotation(store, &Actor::Console, ring.present, Timestamp::now()).await?;
    print(&format!("La autoridad presente es la {}.", ring.present))?;
    eprintln!(
        "{RESTART} Después, cada equipo renueva su certificado en cuanto se conecta; `ca show` dice \
         cuáles faltan, y `ca retire` termina el relevo. Guarde las claves nuevas en el respaldo: {}",
        saved(config, ring)
    );
    Ok(())
}

async fn retire(config: &Config, authority: &Authority, store: &Store, force: bool) -> Result<()> {
    if Ring::read(&config.data_dir)?.former.is_none() {
        // One that was cut short is brought to its end.
        Ring::retire(&config.data_dir)?;
        return print("No queda autoridad anterior: el relevo ya había terminado.");
    }
    let dependents = dependents(authority, store).await?;
    if !dependents.is_empty() && !force {
        bail!(
            "equipos que dependen todavía de la autoridad anterior: {}\n{}\nEspere a que se conecten, \
             revóquelos, o use --force: habrá que darlos de alta de nuevo",
            dependents.len(),
            named(&dependents)
        );
    }
    let ring = Ring::retire(&config.data_dir)?;
    let (retired, now) = (ring.retired.unwrap_or_default(), Timestamp::now());
    let left = dependents.len();
    change_authority::note_retirement(store, &Actor::Console, retired, left, now).await?;
    print(&format!("La autoridad {retired} queda retirada y su clave, borrada."))?;
    eprintln!("{RESTART} Guarde en el respaldo: {}", saved(config, ring));
    Ok(())
}

async fn dependents(authority: &Authority, store: &Store) -> Result<Vec<Dependent>> {
    let is_former = |der: &[u8]| authority.standing(der) == Some(Standing::Former);
    Ok(change_authority::dependents(store, is_former).await?)
}

fn named(dependents: &[Dependent]) -> String {
    let line = |one: &Dependent| match one.last_seen_at {
        Some(at) => format!("  {}, visto por última vez el {at:.0}", one.name),
        None => format!("  {}, nunca ha entregado nada", one.name),
    };
    let mut lines: Vec<String> = dependents.iter().take(NAMED).map(line).collect();
    if dependents.len() > NAMED {
        lines.push(format!("  y {} más", dependents.len() - NAMED));
    }
    lines.join("\n")
}

fn saved(config: &Config, ring: Ring) -> String {
    let files = ring.files(&config.data_dir);
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_devices_are_named_and_the_rest_is_counted() {
        let one = |number: u32| Dependent { name: format!("PC-{number}"), last_seen_at: None };
        let text = named(&(0..23).map(one).collect::<Vec<_>>());
        assert_eq!(text.lines().count(), 21);
        assert!(text.contains("PC-19,") && !text.contains("PC-20"), "{text}");
        assert!(text.ends_with("y 3 más"), "{text}");
    }
}
