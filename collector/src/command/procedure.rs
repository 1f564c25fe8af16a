//! `procedures list`, `show`, `check`, `export`, `add` and `use`: the written procedures and their editions.
//! `check` needs nothing but the file.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::manage_edition::{add_edition, open_library, use_edition};
use crate::domain::access::Actor;
use crate::domain::edition::{Edition, Origin};
use crate::domain::procedure::Procedure;
use crate::procedure::{FILE_BYTES, Library, read, transcript};
use crate::store::Store;
use crate::web::ProcedureJson;

/// Commands on procedures.
#[derive(Debug, Subcommand)]
pub enum Procedures {
    /// Lista los procedimientos y sus ediciones; «→» marca la que siguen los trámites nuevos.
    List,
    /// Muestra un procedimiento en texto: pasos, preguntas, a dónde lleva cada uno y las notas.
    Show {
        /// Código, por ejemplo corrective.
        #[arg(value_name = "CÓDIGO")]
        code: String,
        /// Otra edición que la vigente.
        #[arg(long, value_name = "EDICIÓN")]
        edition: Option<String>,
    },
    /// Revisa archivos sin guardar nada y dice todo lo que tengan mal.
    Check {
        /// Archivos TOML.
        #[arg(required = true, value_name = "ARCHIVO")]
        files: Vec<PathBuf>,
    },
    /// Imprime el archivo de un procedimiento, para partir de él; o todos como JSON.
    Export {
        /// Código; sin él, todos (sólo con --json).
        #[arg(value_name = "CÓDIGO", required_unless_present = "json")]
        code: Option<String>,
        /// Otra edición que la vigente.
        #[arg(long, value_name = "EDICIÓN", requires = "code")]
        edition: Option<String>,
        /// Como JSON, igual que en /api/v1/procedures.
        #[arg(long)]
        json: bool,
    },
    /// Guarda una edición propia. Los trámites la siguen cuando se elige con `procedures use`.
    Add {
        /// Archivo TOML.
        #[arg(value_name = "ARCHIVO")]
        file: PathBuf,
    },
    /// Hace que los trámites nuevos sigan una edición; los que están en curso siguen con la suya.
    Use {
        /// Código, por ejemplo corrective.
        #[arg(value_name = "CÓDIGO")]
        code: String,
        /// Edición.
        #[arg(value_name = "EDICIÓN")]
        edition: String,
    },
}

/// Runs it.
///
/// # Errors
/// When a file is wrong, there is no such edition, or the store refuses.
pub fn run(place: &Place, procedures: Procedures) -> Result<()> {
    let procedures = match procedures {
        Procedures::Check { files } => return check(&files),
        other => other,
    };
    with_store(place, async |_, store| {
        let now = Timestamp::now();
        let library = open_library(&store, now).await?;
        match procedures {
            Procedures::Check { .. } => Ok(()),
            Procedures::List => list(&store, &library).await,
            Procedures::Show { code, edition } => {
                print(transcript(find(&library, &code, edition.as_deref())?).trim_end())
            }
            Procedures::Export { code, edition, json } => {
                export(&store, &library, code.as_deref(), edition.as_deref(), json).await
            }
            Procedures::Add { file } => {
                let (name, bytes) = (file.display().to_string(), contents(&file)?);
                let read = read(&name, &bytes)?;
                let text = String::from_utf8(bytes).context("el archivo no es texto UTF-8")?;
                add_edition(&store, &name, &text, &Actor::Console, now).await?;
                let Procedure { code, edition, .. } = read;
                print(&format!(
                    "{code}\tedición {edition}\tpara que los trámites nuevos la sigan: procedures use {code} '{edition}'"
                ))
            }
            Procedures::Use { code, edition } => {
                Ok(use_edition(&store, &code, &edition, &Actor::Console, now).await?)
            }
        }
    })
}

fn check(files: &[PathBuf]) -> Result<()> {
    let mut wrong = 0;
    for file in files {
        let name = file.display().to_string();
        match read(&name, &contents(file)?) {
            Ok(procedure) => {
                let Procedure { code, edition, steps, .. } = &procedure;
                print(&format!("✔ {name}: {code}, edición {edition}, {} pasos", steps.len()))?;
            }
            Err(bad) => {
                wrong += 1;
                for fault in &bad.faults {
                    print(&format!("✘ {name}: {fault}"))?;
                }
            }
        }
    }
    match wrong {
        0 => Ok(()),
        1 => bail!("un archivo no sirve"),
        several => bail!("{several} archivos no sirven"),
    }
}

/// A file, and at most one byte more than a procedure may have: enough to say that it is too large.
fn contents(file: &Path) -> Result<Vec<u8>> {
    let shown = || format!("no se puede leer {}", file.display());
    let mut bytes = Vec::new();
    let most = FILE_BYTES as u64 + 1;
    let file = std::fs::File::open(file).with_context(shown)?;
    file.take(most).read_to_end(&mut bytes).with_context(shown)?;
    Ok(bytes)
}

fn find<'a>(library: &'a Library, code: &str, edition: Option<&str>) -> Result<&'a Procedure> {
    let found = match edition {
        Some(edition) => library.edition(code, edition),
        None => library.get(code),
    };
    let wanted = edition.map_or_else(String::new, |edition| format!(", edición «{edition}»"));
    found
        .with_context(|| format!("no hay un procedimiento «{code}»{wanted}; vea `procedures list`"))
}

async fn list(store: &Store, library: &Library) -> Result<()> {
    let kept = store.read().await?.editions().await?;
    let origin = |edition: &Edition| match edition.origin {
        Origin::Embedded => "de fábrica",
        Origin::Own => "propia",
    };
    for procedure in library.all() {
        print(&format!("{}\t{}\t{}", procedure.code, procedure.series, procedure.title))?;
        for edition in kept.iter().filter(|edition| edition.code == procedure.code) {
            let mark = if edition.in_use { "→" } else { " " };
            let (name, origin) = (&edition.edition, origin(edition));
            let day = edition.added_at.strftime("%d/%m/%Y");
            print(&format!(
                "  {mark} edición {name}\t{origin}\tdesde el {day}\t{}",
                &edition.added_by
            ))?;
        }
    }
    Ok(())
}

async fn export(
    store: &Store,
    library: &Library,
    code: Option<&str>,
    edition: Option<&str>,
    json: bool,
) -> Result<()> {
    let Some(code) = code else {
        let all: Vec<_> = library.all().into_iter().map(ProcedureJson::new).collect();
        return print(&serde_json::to_string_pretty(&all)?);
    };
    let procedure = find(library, code, edition)?;
    if json {
        return print(&serde_json::to_string_pretty(&ProcedureJson::new(procedure))?);
    }
    let kept = store.read().await?.editions().await?;
    let same = |one: &&Edition| one.code == procedure.code && one.edition == procedure.edition;
    let found = kept.iter().find(same).context("esa edición no está en la base de datos")?;
    print(found.text.trim_end())
}

#[cfg(test)]
mod tests;
