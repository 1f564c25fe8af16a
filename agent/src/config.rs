//! The agent's settings: one TOML file, every key optional. Each subject's settings live beside the subject;
//! this file only gathers them, and says what is wrong with a file in words a person can act on.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{action, probe};

/// The settings as shipped, with every key explained: what `default-config` prints.
pub const DEFAULT: &str = include_str!("../default.toml");

/// The settings file of the package, where there is one. On Windows it lies beside the program, in a folder that only
/// administrators may write.
pub fn installed_file() -> Option<PathBuf> {
    let file = cfg_select! {
        target_os = "linux" => { PathBuf::from("/etc/atalaya/agent.toml") }
        windows => { std::env::current_exe().ok()?.with_file_name("agent.toml") }
        _ => { return None }
    };
    file.exists().then_some(file)
}

/// All settings of the agent; a missing key has its default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the agent keeps its identity and what waits to be delivered.
    pub state_dir: PathBuf,
    /// Where a PC without an identity waits for its enrolment code; absent: it does not wait.
    pub code_file: Option<PathBuf>,
    /// Seconds between two rounds of looks.
    pub interval_s: u64,
    /// Lists that are read seldom.
    pub lists: ListSettings,
    /// What the agent itself may take.
    pub limits: crate::limits::Settings,
    /// What waits to be delivered.
    pub spool: SpoolSettings,
    /// Where external programs are looked for.
    pub programs: probe::program::Settings,
    /// The antivirus probe.
    pub antivirus: probe::antivirus::Settings,
    /// The firewall probe.
    pub firewall: probe::firewall::Settings,
    /// The disk probe.
    pub disk: probe::disk::Settings,
    /// The connectivity probe.
    pub connectivity: probe::connectivity::Settings,
    /// How the agent updates itself.
    pub update: crate::update::Settings,
    /// What is done when the collector orders it.
    pub actions: action::Settings,
    /// The file they were read from; absent: none.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            state_dir: crate::state::default_dir(),
            code_file: None,
            interval_s: 60,
            lists: Default::default(),
            limits: Default::default(),
            spool: Default::default(),
            programs: Default::default(),
            antivirus: Default::default(),
            firewall: Default::default(),
            disk: Default::default(),
            connectivity: Default::default(),
            update: Default::default(),
            actions: Default::default(),
            file: None,
        }
    }
}

/// Settings of the lists that change slowly: pending updates, installed software, local accounts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListSettings {
    /// Seconds between two readings of each.
    pub every_s: u64,
}

impl Default for ListSettings {
    fn default() -> Self {
        ListSettings { every_s: 6 * 3600 }
    }
}

/// Settings of the spool.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpoolSettings {
    /// Most it may take on disk, MiB; a quarter is kept for security records.
    pub max_mib: u64,
}

impl Default for SpoolSettings {
    fn default() -> Self {
        SpoolSettings { max_mib: 64 }
    }
}

/// Why a settings file cannot be used; the text is Spanish, for the person who wrote the file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("no se puede leer la configuración {file}: {cause}; revise la ruta y los permisos")]
    Unreadable {
        /// The file as it was given.
        file: String,
        /// Why, by the system.
        cause: std::io::Error,
    },
    /// The file is not TOML, or a key or its type is wrong.
    #[error("{file}, línea {line}: {problem}")]
    Malformed {
        /// The file as it was given.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong and what is expected.
        problem: String,
    },
    /// A value is out of its bounds.
    #[error("{file}: {invalid}")]
    Invalid {
        /// The file as it was given.
        file: String,
        /// Key, value and remedy.
        invalid: Invalid,
    },
}

/// A value that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{key} = {value}` no es válido: {remedy}")]
pub struct Invalid {
    /// The key with its table, e.g. `connectivity.samples`.
    pub key: String,
    /// The value as it was read.
    pub value: String,
    /// What to write instead.
    pub remedy: String,
}

impl Invalid {
    /// A value that cannot be used, with its remedy.
    pub fn new(key: &str, value: impl ToString, remedy: impl ToString) -> Invalid {
        Invalid { key: key.into(), value: value.to_string(), remedy: remedy.to_string() }
    }

    /// `value` when it lies within the bounds.
    ///
    /// # Errors
    /// When it does not; the remedy names the bounds.
    pub fn unless_within(
        key: &str,
        value: u64,
        bounds: std::ops::RangeInclusive<u64>,
    ) -> Result<(), Invalid> {
        if bounds.contains(&value) {
            return Ok(());
        }
        let remedy = format!("use un número de {} a {}", bounds.start(), bounds.end());
        Err(Invalid::new(key, value, remedy))
    }
}

impl Config {
    /// Reads the settings of `file`, or the defaults without one.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, has an unknown key, or a value out of its bounds.
    pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        let Some(path) = file else { return Ok(Config::default()) };
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|cause| ConfigError::Unreadable { file: file.clone(), cause })?;
        let config: Config = toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
            ConfigError::Malformed { file: file.clone(), line, problem: problem(error.message()) }
        })?;
        config.check().map_err(|invalid| ConfigError::Invalid { file, invalid })?;
        Ok(Config { file: Some(path.into()), ..config })
    }

    fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_within("interval_s", self.interval_s, 1..=3600)?;
        Invalid::unless_within("spool.max_mib", self.spool.max_mib, 1..=4096)?;
        Invalid::unless_within("lists.every_s", self.lists.every_s, 600..=7 * 86_400)?;
        self.limits.check()?;
        self.antivirus.check()?;
        self.firewall.check()?;
        self.disk.check()?;
        self.connectivity.check()?;
        self.update.check()
    }
}

/// The parser's message in Spanish as far as its form is known; what is left of it names types and keys.
fn problem(message: &str) -> String {
    let translated = message
        .replace("unknown field", "clave desconocida")
        .replace("unknown variant", "valor desconocido")
        .replace("missing field", "falta la clave")
        .replace("duplicate key", "clave repetida")
        .replace("invalid type:", "tipo equivocado:")
        .replace("invalid value:", "valor no válido:")
        .replace("expected one of", "se espera una de")
        .replace("there are no fields", "aquí no va ninguna")
        .replace("expected", "se espera")
        .replace(" or ", " o ");
    format!("{translated}; corrija o borre esa línea")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file))
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        let config = Config::load(None).unwrap();
        assert_eq!(config.connectivity.samples, 5);
        assert_eq!(config.state_dir, Path::new("/var/lib/atalaya-agent"));
    }

    #[test]
    fn the_printed_example_is_what_holds_without_a_file() {
        let example = Config { file: None, ..load(DEFAULT).unwrap() };
        assert_eq!(format!("{example:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn an_unknown_key_is_refused_with_file_line_and_the_keys_that_exist() {
        let error = load("[connectivity]\nsampels = 20\n").unwrap_err().to_string();
        for part in ["agent.toml", "línea 2", "clave desconocida `sampels`", "`samples`"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_value_out_of_bounds_is_refused_with_its_key_and_the_bounds() {
        let error = load("[connectivity]\nsamples = 0\n").unwrap_err().to_string();
        assert!(error.contains("`connectivity.samples = 0`"), "{error}");
        assert!(error.contains("de 1 a 100"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Config::load(Some(Path::new("/no/hay.toml"))).unwrap_err().to_string();
        assert!(error.contains("/no/hay.toml"), "{error}");
    }
}
