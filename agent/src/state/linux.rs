//! Folder and file modes on Linux; what they mean for the agent is said in the module above.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Where the agent keeps its state unless the settings say otherwise.
pub fn default_dir() -> PathBuf {
    "/var/lib/atalaya-agent".into()
}

/// Makes a folder with mode 0700, its parents as is usual.
pub fn create_private_directory(dir: &Path) -> io::Result<()> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        made => made,
    }
}

/// Opens a file for writing from its start, mode 0600. What root makes belongs to the folder's owner: the service runs
/// under an account of its own and must be able to use what `enroll` left.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    // The folder's owner must not make root write elsewhere through a link.
    let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = options.custom_flags(no_link).open(path)?;
    if rustix::process::geteuid().is_root() {
        let folder = std::fs::metadata(path.parent().unwrap_or(Path::new(".")))?;
        if folder.uid() != 0 {
            fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
        }
    }
    Ok(file)
}

/// Creates a file to append to, mode 0600.
///
/// # Errors
/// When there is one already, or the system refuses.
pub fn create_private_log(path: &Path) -> io::Result<File> {
    OpenOptions::new().create_new(true).append(true).mode(0o600).open(path)
}

/// Puts a folder's entries on the disk.
pub fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Who else but the owner may read or write `path`, in Spanish; `None`: nobody.
///
/// # Errors
/// When the system refuses to say.
pub fn foreign_access(path: &Path) -> io::Result<Option<String>> {
    let mode = std::fs::metadata(path)?.mode() & 0o777;
    let remedy = if path.is_dir() { "chmod 700" } else { "chmod 600" };
    let open = mode & 0o077 != 0;
    Ok(open.then(|| format!("permisos {mode:03o}: otras cuentas pueden entrar; ejecute {remedy} {}", path.display())))
}

/// Who else but the administrator and the agent's own account may write `path` or replace it, in Spanish; `None`: nobody.
///
/// # Errors
/// When the system refuses to say.
pub fn foreign_writer(path: &Path) -> io::Result<Option<String>> {
    let path = path.canonicalize()?;
    // The agent's own account is the owner of its /proc entry.
    let own = std::fs::metadata("/proc/self")?.uid();
    for part in path.ancestors() {
        let metadata = std::fs::metadata(part)?;
        // A sticky folder such as /tmp lets nobody replace what belongs to another.
        let sticky = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
        let mode = metadata.mode() & 0o777;
        let (shown, owner) = (part.display(), metadata.uid());
        // A group of one's own is usual for plain accounts; what root believes no group may write.
        let writers = if own == 0 { 0o022 } else { 0o002 };
        if mode & writers != 0 && !sticky {
            return Ok(Some(format!("{shown} tiene permisos {mode:03o}; ejecute chmod go-w {shown}")));
        }
        if owner != 0 && owner != own {
            return Ok(Some(format!("{shown} es de otra cuenta (uid {owner}); ejecute chown root {shown}")));
        }
    }
    Ok(None)
}
