//! `backup`: a consistent copy of a SQLite database, also while the collector runs.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Place, print, with_store};
use crate::actions::seal;
use crate::pki::Ring;

/// Runs it.
///
/// # Errors
/// When the file exists or cannot be written, and on PostgreSQL.
pub fn run(place: &Place, file: &Path) -> Result<()> {
    let shown = file.display();
    if file.exists() {
        bail!("{shown} ya existe: elija otro nombre para la copia");
    }
    with_store(place, async |config, store| {
        if store.engine() != "sqlite" {
            bail!("los datos están en PostgreSQL: respáldelos con pg_dump");
        }
        store.backup(file).await.with_context(|| {
            format!("no se pudo escribir {shown}: revise la carpeta y el espacio libre")
        })?;
        let mut files: Vec<String> = Ring::read(&config.data_dir)?
            .files(&config.data_dir)
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        files.push(config.data_dir.join(seal::FILE).display().to_string());
        eprintln!(
            "La copia no incluye la autoridad de certificados ni la llave de los segundos factores: guarde también {}, \
             en lugar seguro y aparte.",
            files.join(", ")
        );
        eprintln!(
            "Tampoco los archivos de los trámites: copie aparte la carpeta {}.",
            config.attachments_folder().display()
        );
        print(&shown.to_string())
    })
}
