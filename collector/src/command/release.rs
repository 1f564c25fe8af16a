//! `release manifest`, `add`, `list`, `offer`, `withdraw` and `remove`: versions of the agent for PCs that update
//! themselves. Signing is done by minisign, best on a machine that is not this one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use atalaya_proto::release::{Keys, Manifest, PRODUCT, PROGRAM_BYTES, TARGET, Version};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::{Place, print, with_store};
use crate::actions::manage_release::{
    Package, add_release, offer_release, remove_release, withdraw_release,
};
use crate::domain::access::Actor;
use crate::domain::id::AreaId;
use crate::store::Store;

/// Commands on releases.
#[derive(Debug, Subcommand)]
pub enum Release {
    /// Imprime el manifiesto de un programa; guárdelo y fírmelo con `minisign -S -m ARCHIVO`.
    Manifest(Describe),
    /// Guarda aquí una versión: manifiesto, firma y programa. Todavía no se ofrece a nadie.
    Add {
        /// Manifiesto, tal como se firmó.
        manifest: PathBuf,
        /// Su firma (.minisig).
        signature: PathBuf,
        /// El programa.
        program: PathBuf,
        /// Llave pública que debe haber firmado (RW…); sin ella solo se mira la forma de la firma.
        #[arg(long, value_name = "LLAVE")]
        key: Vec<String>,
    },
    /// Lista las versiones, a quién se ofrecen y cómo terminaron.
    List,
    /// Lista los equipos que se actualizan solos: versión que usan, la que se les ofrece y cómo terminó la última.
    Devices,
    /// Ofrece una versión a los equipos, a los de un área o a una parte de ellos.
    Offer {
        /// Versión, por ejemplo 0.2.0.
        #[arg(value_name = "VERSIÓN", value_parser = version)]
        version: Version,
        /// Solo a los equipos de esta área.
        #[arg(long, value_name = "ÁREA")]
        area: Option<String>,
        /// A qué parte de los equipos, por ejemplo 10%.
        #[arg(long, value_name = "PARTE", default_value = "100%", value_parser = share)]
        share: u8,
    },
    /// Deja de ofrecer una versión; quien ya la tiene la conserva.
    Withdraw {
        /// Versión.
        #[arg(value_name = "VERSIÓN", value_parser = version)]
        version: Version,
    },
    /// Quita una versión de aquí.
    Remove {
        /// Versión.
        #[arg(value_name = "VERSIÓN", value_parser = version)]
        version: Version,
    },
}

/// What a manifest says beside size and hash.
#[derive(Debug, Args)]
pub struct Describe {
    /// El programa.
    program: PathBuf,
    /// Su versión.
    #[arg(long, value_name = "VERSIÓN", value_parser = version)]
    version: Version,
    /// Para qué sistema se construyó, por ejemplo x86_64-unknown-linux-gnu.
    #[arg(long, value_name = "SISTEMA")]
    target: String,
    /// Versión más antigua que puede pasar directamente a esta.
    #[arg(long, value_name = "VERSIÓN", default_value = "0.1.0", value_parser = version)]
    minimum: Version,
    /// Días en que puede instalarse.
    #[arg(long, value_name = "DÍAS", default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
}

/// Runs it.
///
/// # Errors
/// When files, version or area will not do, or the store refuses.
pub fn run(place: &Place, release: Release) -> Result<()> {
    let release = match release {
        Release::Manifest(describe) => return manifest(&describe),
        other => other,
    };
    with_store(place, async |config, store| {
        let (now, actor, data_dir) = (Timestamp::now(), Actor::Console, config.data_dir.as_path());
        match release {
            Release::Manifest(_) => Ok(()),
            Release::Add { manifest, signature, program, key } => {
                let keys = Keys::parse(&key)
                    .map_err(|key| anyhow!("«{key}» no es una llave de minisign"))?;
                let (manifest, signature) = (read(&manifest)?, read(&signature)?);
                let signature = std::str::from_utf8(&signature).context("la firma no es texto")?;
                let package = Package { manifest: &manifest, signature, program: &program };
                let added = add_release(&store, data_dir, &keys, package, &actor, now).await?;
                let Manifest { version, target, .. } = added.manifest;
                print(&format!("{version}\t{target}"))
            }
            Release::List => list(&store, now).await,
            Release::Devices => devices(&store).await,
            Release::Offer { version, area, share } => {
                let area = match &area {
                    Some(name) => Some(area_named(&store, name).await?),
                    None => None,
                };
                Ok(offer_release(&store, version, area, share, &actor, now).await?)
            }
            Release::Withdraw { version } => {
                Ok(withdraw_release(&store, version, &actor, now).await?)
            }
            Release::Remove { version } => {
                Ok(remove_release(&store, data_dir, version, &actor, now).await?)
            }
        }
    })
}

/// Manifests and signatures are small; what is longer is neither.
fn read(file: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let shown = || format!("no se puede leer {}", file.display());
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .with_context(shown)?
        .take(64 * 1024)
        .read_to_end(&mut bytes)
        .with_context(shown)?;
    Ok(bytes)
}

fn manifest(describe: &Describe) -> Result<()> {
    let shown = describe.program.display();
    let program =
        std::fs::read(&describe.program).with_context(|| format!("no se puede leer {shown}"))?;
    let size = program.len() as u64;
    if size == 0 || size > PROGRAM_BYTES {
        bail!("{shown} mide {size} bytes; un programa mide de 1 a {PROGRAM_BYTES}");
    }
    let made_at = Timestamp::from_second(Timestamp::now().as_second())?;
    let manifest = Manifest {
        product: PRODUCT.into(),
        version: describe.version,
        target: describe.target.clone(),
        size,
        sha256: Sha256::digest(&program).into(),
        made_at,
        expires_at: made_at + SignedDuration::from_hours(24 * i64::from(describe.days)),
        minimum_version: describe.minimum,
    };
    let text = manifest.to_string();
    // What is printed here must be what every agent reads.
    if Manifest::parse(text.as_bytes()) != Ok(manifest) {
        bail!(
            "«{}» no es un sistema: use letras minúsculas, números, «-» y «_», a lo más {TARGET}",
            describe.target
        );
    }
    print(text.trim_end())
}

async fn list(store: &Store, now: Timestamp) -> Result<()> {
    let mut read = store.read().await?;
    let (releases, offers) = (read.releases().await?, read.offers().await?);
    let (outcomes, areas) = (read.update_outcomes().await?, read.areas().await?);
    for release in &releases {
        let Manifest { version, target, size, expires_at, .. } = &release.manifest;
        let day = expires_at.strftime("%d/%m/%Y");
        let until = if *expires_at > now { "hasta el" } else { "venció el" };
        print(&format!("{version}\t{target}\t{} KiB\t{until} {day}", size.div_ceil(1024)))?;
        for offer in offers.iter().filter(|offer| offer.version == *version) {
            let of_area = |area: &AreaId| areas.iter().find(|known| known.id == *area);
            let area = match &offer.area {
                Some(area) => of_area(area).map_or("un área que ya no está", |area| &area.name),
                None => "todas las áreas",
            };
            print(&format!("\tse ofrece al {} % de {area}", offer.share))?;
        }
        let text = version.to_string();
        for (_, outcome, count) in outcomes.iter().filter(|(of, ..)| *of == text) {
            print(&format!("\t{}: {count}", outcome.in_words()))?;
        }
    }
    Ok(())
}

async fn devices(store: &Store) -> Result<()> {
    for (name, running, update) in store.read().await?.device_updates().await? {
        let offered = update.offered.as_deref().unwrap_or("nada");
        let ended = update.ended.map(|ended| {
            format!("\t{} {}: {}", ended.version, ended.outcome.in_words(), ended.detail)
        });
        print(&format!(
            "{name}\tusa {running}\tse le ofrece {offered}{}",
            ended.unwrap_or_default()
        ))?;
    }
    Ok(())
}

async fn area_named(store: &Store, name: &str) -> Result<AreaId> {
    let area = store.read().await?.area_named(name.trim()).await?;
    Ok(area.with_context(|| format!("no hay un área «{name}»; vea `area list`"))?.id)
}

fn version(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| "escriba tres números, por ejemplo 0.2.0".into())
}

fn share(text: &str) -> Result<u8, String> {
    let number = text.trim_end_matches('%').trim().parse().ok();
    number.filter(|share| (1..=100).contains(share)).ok_or_else(|| "escriba de 1% a 100%".into())
}
