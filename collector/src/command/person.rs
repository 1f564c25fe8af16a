//! `person list`, `add`, `role`, `disable`, `enable`, `link` and `import`: what the page Personas does.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Subcommand;
use jiff::Timestamp;

use super::{Place, print, with_store};
use crate::actions::import_people::{BYTES, Report, Verdict, import_people};
use crate::actions::manage_person::{
    Decider, Wanted, add_person, change_person, recovery_link, set_disabled,
};
use crate::config::Config;
use crate::domain::access::Actor;
use crate::domain::id::AreaId;
use crate::domain::particulars;
use crate::domain::person::{Areas, Person as Somebody, Role, Roles};
use crate::store::{PersonFilter, Store};

/// People listed at most.
const LISTED: u32 = 100_000;

/// Commands on people.
#[derive(Debug, Subcommand)]
pub enum Person {
    /// Lista a las personas: usuario, nombre, funciones, áreas y si están desactivadas.
    List {
        /// Solo quienes tengan estas palabras en usuario, nombre, correo o unidad.
        text: Option<String>,
    },
    /// Agrega a una persona e imprime su enlace de un solo uso.
    Add {
        /// Con qué nombre entra.
        login: String,
        /// Nombre completo.
        #[arg(long, value_name = "NOMBRE")]
        name: String,
        /// Función, por ejemplo técnico, ventanilla o requester; varias, repetida.
        #[arg(long = "role", value_name = "FUNCIÓN")]
        roles: Vec<String>,
        /// Área; varias, repetida. Sin ninguna, todas.
        #[arg(long = "area", value_name = "ÁREA")]
        areas: Vec<String>,
        /// Correo para los avisos.
        #[arg(long, value_name = "CORREO", default_value = "")]
        email: String,
        /// Administra el colector.
        #[arg(long)]
        administrator: bool,
    },
    /// Da o quita funciones y áreas a una persona.
    Role {
        /// Con qué nombre entra.
        login: String,
        /// Función que se da; varias, repetida.
        #[arg(long, value_name = "FUNCIÓN")]
        give: Vec<String>,
        /// Función que se quita; varias, repetida.
        #[arg(long, value_name = "FUNCIÓN")]
        take: Vec<String>,
        /// Sus áreas desde ahora; varias, repetida.
        #[arg(long = "area", value_name = "ÁREA", conflicts_with = "all_areas")]
        areas: Vec<String>,
        /// Todas las áreas.
        #[arg(long)]
        all_areas: bool,
    },
    /// Desactiva una cuenta: sus sesiones terminan, su historia se conserva.
    Disable {
        /// Con qué nombre entra.
        login: String,
    },
    /// Vuelve a activar una cuenta.
    Enable {
        /// Con qué nombre entra.
        login: String,
    },
    /// Imprime un enlace de un solo uso para elegir la contraseña.
    Link {
        /// Con qué nombre entra.
        login: String,
        /// El enlace quita también el segundo factor: se perdió el teléfono.
        #[arg(long)]
        without_second_factor: bool,
    },
    /// Agrega o cambia a muchas personas con una tabla CSV: todas o ninguna.
    Import {
        /// La tabla; columnas: usuario, nombre, correo, teléfono, unidad, puesto, funciones, áreas.
        file: PathBuf,
        /// Solo dice qué pasaría.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs it.
///
/// # Errors
/// When what is asked for cannot be done, in words, or the store refuses.
pub fn run(place: &Place, person: Person) -> Result<()> {
    with_store(place, async |config, store| {
        let (by, now) = (Decider { actor: Actor::Console, administrator: true }, Timestamp::now());
        match person {
            Person::List { text } => list(&store, text.unwrap_or_default()).await,
            Person::Add { login, name, roles, areas, email, administrator } => {
                let wanted = Wanted {
                    name,
                    roles: roles_of(&roles)?,
                    areas: areas_of(&store, &areas).await?,
                    email,
                    administrator,
                    ..Wanted::default()
                };
                let id = add_person(&store, &login, &wanted, &by, now).await?;
                let link = recovery_link(&store, &id, false, &by, now).await?;
                print_link(&config, &login, link.expose())
            }
            Person::Role { login, give, take, areas, all_areas } => {
                let person = named(&store, &login).await?;
                let mut wanted = as_wanted(&person);
                wanted.roles = roles_of(&take)?.iter().fold(wanted.roles, Roles::without);
                wanted.roles = roles_of(&give)?.iter().fold(wanted.roles, Roles::with);
                if all_areas || !areas.is_empty() {
                    wanted.areas = areas_of(&store, &areas).await?;
                } else if person.areas != Areas::All && wanted.areas.is_empty() {
                    bail!("«{login}» no tiene ningún área: diga cuáles con --area, o --all-areas");
                }
                change_person(&store, &person.id, &wanted, &by, now).await?;
                print(&named(&store, &login).await?.roles.titles())
            }
            Person::Disable { login } => {
                let person = named(&store, &login).await?;
                Ok(set_disabled(&store, &person.id, true, &by, now).await?)
            }
            Person::Enable { login } => {
                let person = named(&store, &login).await?;
                Ok(set_disabled(&store, &person.id, false, &by, now).await?)
            }
            Person::Link { login, without_second_factor } => {
                let person = named(&store, &login).await?;
                let id = &person.id;
                let link = recovery_link(&store, id, without_second_factor, &by, now).await?;
                print_link(&config, &login, link.expose())
            }
            Person::Import { file, dry_run } => {
                let bytes = table(&file)?;
                let report = import_people(&store, &bytes, !dry_run, &by, now).await?;
                tell(&report, dry_run)
            }
        }
    })
}

async fn list(store: &Store, text: String) -> Result<()> {
    let mut read = store.read().await?;
    let names = read.areas().await?;
    let filter = PersonFilter { text, limit: LISTED, ..PersonFilter::default() };
    for person in read.list_people(&filter).await?.0 {
        let areas: Vec<&str> = names
            .iter()
            .filter(|area| person.areas.iter().any(|id| *id == area.id))
            .map(|area| area.name.as_str())
            .collect();
        let areas = if person.areas == Areas::All { "todas".into() } else { areas.join(", ") };
        let marks = [
            person.administrator.then_some("administra"),
            person.disabled_at.map(|_| "desactivada"),
        ];
        let marks: Vec<&str> = marks.into_iter().flatten().collect();
        print(&format!(
            "{}\t{}\t{}\t{areas}\t{}",
            person.login,
            person.name,
            person.roles.titles(),
            marks.join(", ")
        ))?;
    }
    Ok(())
}

async fn named(store: &Store, login: &str) -> Result<Somebody> {
    let found = store.read().await?.person_by_login(&login.trim().to_lowercase()).await?;
    let (person, _) = found.with_context(|| format!("no hay nadie con el usuario «{login}»"))?;
    Ok(person)
}

fn as_wanted(person: &Somebody) -> Wanted {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Wanted {
        name: person.name.clone(),
        roles: person.roles,
        areas: person.areas.iter().cloned().collect(),
        email: text(&person.email),
        phone: text(&person.phone),
        unit: text(&person.unit),
        post: text(&person.post),
        administrator: person.administrator,
    }
}

fn roles_of(words: &[String]) -> Result<Roles> {
    let titles = || Role::ALL.map(Role::title).join(", ");
    let read = |word: &String| {
        let role = particulars::role(word);
        role.ok_or_else(|| anyhow!("«{word}» no es una función; las que hay: {}", titles()))
    };
    words.iter().map(read).collect()
}

async fn areas_of(store: &Store, names: &[String]) -> Result<Vec<AreaId>> {
    let mut read = store.read().await?;
    let mut areas = Vec::new();
    for name in names {
        let area = read.area_named(name.trim()).await?;
        areas.push(area.with_context(|| format!("no hay un área «{name}»; vea `area list`"))?.id);
    }
    Ok(areas)
}

fn print_link(config: &Config, login: &str, secret: &str) -> Result<()> {
    print(&format!("{}/bienvenida/{secret}", config.web_url()))?;
    eprintln!("Enlace de un solo uso para «{login}»; vale 24 horas y no se vuelve a mostrar.");
    Ok(())
}

fn table(file: &Path) -> Result<Vec<u8>> {
    let shown = file.display();
    let size = std::fs::metadata(file).with_context(|| format!("no se puede leer {shown}"))?.len();
    if size > BYTES as u64 {
        bail!("{shown} es demasiado grande: caben {} KiB", BYTES / 1024);
    }
    std::fs::read(file).with_context(|| format!("no se puede leer {shown}"))
}

fn tell(report: &Report, dry_run: bool) -> Result<()> {
    for row in &report.rows {
        let verdict = match &row.verdict {
            Verdict::Added => "se agrega".to_owned(),
            Verdict::Changed => "cambia".to_owned(),
            Verdict::Same => "queda igual".to_owned(),
            Verdict::Refused { column, value, remedy } => {
                format!("no sirve\t{column}\t«{value}»\t{remedy}")
            }
        };
        print(&format!("{}\t{}\t{verdict}", row.line, row.login))?;
    }
    match report.refused() {
        0 if dry_run => eprintln!("Todas las filas sirven; no se guardó nada (--dry-run)."),
        0 => eprintln!("Guardado."),
        refused => bail!("{refused} filas no sirven: no se guardó ninguna; corríjalas y repita"),
    }
    Ok(())
}
