//! Somebody puts releases of the agent here, takes them away, and says to whom they are offered. The program of each is
//! a file in the data folder, named by its hash. Whether a release may be installed every agent decides by itself.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use atalaya_proto::release::{BadManifest, BadSignature, Keys, Manifest, PRODUCT, Version};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::domain::access::Actor;
use crate::domain::id::AreaId;
use crate::domain::release::{Offer, Release};
use crate::store::{self, AuditEntry, Store, Write};

/// Folder of the programs, within the data folder.
const FOLDER: &str = "releases";

/// A release as somebody brings it.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// The manifest, as it was signed.
    pub manifest: &'a [u8],
    /// Its signature, as minisign writes it.
    pub signature: &'a str,
    /// The program file.
    pub program: &'a Path,
}

/// Why nothing was changed; Spanish, for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The manifest is none.
    #[error("{0}; hágalo con `release manifest`")]
    Manifest(#[from] BadManifest),
    /// It is a release of something else.
    #[error("el manifiesto es de «{0}», no de {PRODUCT}")]
    Product(String),
    /// It is too late to offer it.
    #[error("el manifiesto venció el {0}: ningún agente lo aceptaría")]
    Expired(Timestamp),
    /// The signature is none, or of other keys than those given.
    #[error("{0}; firme el manifiesto con `minisign -S -m`")]
    Signature(#[from] BadSignature),
    /// The program is not the one of the manifest.
    #[error("el programa no es el del manifiesto: {0}")]
    Program(&'static str),
    /// There is one of that version and target.
    #[error("ya está la versión {version} para {target}")]
    Exists {
        /// Which version.
        version: Version,
        /// For which target.
        target: String,
    },
    /// There is none of that version.
    #[error("no hay ninguna versión {0}; vea `release list`")]
    Unknown(Version),
    /// A file could not be read or written.
    #[error("{file}: {cause}; revise la ruta, los permisos y el espacio")]
    File {
        /// Which.
        file: String,
        /// Why, by the system.
        cause: io::Error,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The file of a program in a data folder, by its SHA-256.
pub fn program_file(data_dir: &Path, sha256: &[u8; 32]) -> PathBuf {
    data_dir.join(FOLDER).join(HEXLOWER.encode(sha256))
}

/// Keeps a release. With `keys` the signature must be by one of them; without, only its form is looked at.
///
/// # Errors
/// When manifest, signature and program do not fit together, or it is here already.
pub async fn add_release(
    store: &Store,
    data_dir: &Path,
    keys: &Keys,
    package: Package<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Release, Error> {
    let manifest = Manifest::parse(package.manifest)?;
    if manifest.product != PRODUCT {
        return Err(Error::Product(manifest.product));
    }
    if manifest.expires_at <= now {
        return Err(Error::Expired(manifest.expires_at));
    }
    match keys.verify(package.manifest, package.signature) {
        Err(BadSignature::Stranger) if keys.is_empty() => {}
        verdict => verdict?,
    }
    keep_program(data_dir, package.program, &manifest)?;
    let release = Release {
        manifest,
        signature: package.signature.to_owned(),
        added_by: actor.name().to_owned(),
        added_at: now,
    };
    let (version, target) = (release.manifest.version, release.manifest.target.clone());
    let mut write = store.write().await?;
    match write.add_release(&release).await {
        Err(error) if error.is_conflict() => return Err(Error::Exists { version, target }),
        outcome => outcome?,
    }
    audit(&mut write, actor, "release.add", version, target, now).await?;
    write.commit().await?;
    Ok(release)
}

/// Takes a version away, its offers and its programs.
///
/// # Errors
/// When there is none.
pub async fn remove_release(
    store: &Store,
    data_dir: &Path,
    version: Version,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut write = store.write().await?;
    let before = write.releases().await?;
    if write.remove_release(version).await? == 0 {
        return Err(Error::Unknown(version));
    }
    let kept = write.releases().await?;
    audit(&mut write, actor, "release.remove", version, String::new(), now).await?;
    write.commit().await?;
    for gone in before.iter().map(|release| &release.manifest.sha256) {
        if kept.iter().all(|release| release.manifest.sha256 != *gone) {
            // A file that stays behind takes room and does no other harm.
            if let Err(error) = fs::remove_file(program_file(data_dir, gone)) {
                tracing::warn!(%error, "the program of a release could not be removed");
            }
        }
    }
    Ok(())
}

/// Offers a version to the devices of an area, or to all, or to a share of them.
///
/// # Errors
/// When there is no such version.
pub async fn offer_release(
    store: &Store,
    version: Version,
    area: Option<AreaId>,
    share: u8,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut write = store.write().await?;
    let known = write.releases().await?;
    if known.iter().all(|release| release.manifest.version != version) {
        return Err(Error::Unknown(version));
    }
    let scope = area.as_ref().map_or("every area".into(), |area| format!("area {area}"));
    let offered_by = actor.name().to_owned();
    write.put_offer(&Offer { version, area, share, offered_by, offered_at: now }).await?;
    audit(&mut write, actor, "release.offer", version, format!("{share} % of {scope}"), now)
        .await?;
    Ok(write.commit().await?)
}

/// Offers a version to nobody any more; who has it keeps it.
///
/// # Errors
/// When it was not offered.
pub async fn withdraw_release(
    store: &Store,
    version: Version,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let mut write = store.write().await?;
    if write.withdraw(version).await? == 0 {
        return Err(Error::Unknown(version));
    }
    audit(&mut write, actor, "release.withdraw", version, String::new(), now).await?;
    Ok(write.commit().await?)
}

async fn audit(
    write: &mut Write,
    actor: &Actor,
    act: &'static str,
    version: Version,
    detail: String,
    now: Timestamp,
) -> store::Result<()> {
    let entry = AuditEntry { act, subject: format!("release {version}"), detail };
    write.audit(actor, &entry, now).await
}

/// Copies the program into the data folder; what is there under the name of a hash has that hash.
fn keep_program(data_dir: &Path, program: &Path, manifest: &Manifest) -> Result<(), Error> {
    let file = program_file(data_dir, &manifest.sha256);
    let folder = data_dir.join(FOLDER);
    let incoming = folder.join(format!(".incoming-{}", std::process::id()));
    let failed = |path: &Path| {
        let file = path.display().to_string();
        move |cause| Error::File { file, cause }
    };
    make_private(&folder).map_err(failed(&folder))?;
    let source = File::open(program).map_err(failed(program))?;
    let copied = copy(source, &incoming, manifest.size).map_err(failed(program));
    let kept = copied.and_then(|(size, sha256)| match (size, sha256) {
        (size, _) if size != manifest.size => Err(Error::Program("mide otra cosa")),
        (_, sha256) if sha256 != manifest.sha256 => Err(Error::Program("su SHA-256 es otro")),
        _ => fs::rename(&incoming, &file).map_err(failed(&file)),
    });
    if kept.is_err() {
        let _ = fs::remove_file(&incoming);
    }
    kept
}

fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Copies at most one byte more than expected; how much there was, and its hash.
fn copy(source: File, to: &Path, expected: u64) -> io::Result<(u64, [u8; 32])> {
    let (mut source, mut to) = (source.take(expected + 1), File::create(to)?);
    let (mut hash, mut piece, mut size) = (Sha256::new(), vec![0; 64 * 1024], 0);
    loop {
        let count = source.read(&mut piece)?;
        if count == 0 {
            break;
        }
        hash.update(&piece[..count]);
        to.write_all(&piece[..count])?;
        size += count as u64;
    }
    to.sync_all()?;
    Ok((size, hash.finalize().into()))
}
