//! The collector's settings: one TOML file, every key optional, flags before the file. It says what is wrong with
//! a file in words a person can act on, and never shows the password of a database.

mod address;
mod audit;
mod hidden;
mod portal;
mod refusal;
mod sign_in;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use address::host_name;
pub use audit::Audit;
pub use hidden::Hidden;
pub use portal::{Attachments, Portal};
pub use refusal::Refusal;
pub use sign_in::SignIn;

use address::{host_of, is_host_and_port, is_postgres, is_url};

use crate::domain::working_time::WorkingHours;
use crate::mail::MailSettings;
use crate::rules::Thresholds;
use crate::store::Database;
use crate::verify::Checks;

/// The settings as shipped, with every key explained: what `default-config` prints.
pub const DEFAULT: &str = include_str!("../default.toml");

/// Where the package puts them.
const INSTALLED: &str = "/etc/atalaya/collector.toml";

/// The settings file of the package, where there is one.
pub fn installed_file() -> Option<PathBuf> {
    Path::new(INSTALLED).exists().then(|| INSTALLED.into())
}

/// All settings; a missing key has its default.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of the database and the certificate authority.
    pub data_dir: PathBuf,
    /// `postgres://…` or a file; absent: a file in the data folder.
    pub database: Option<Hidden>,
    /// What is logged.
    pub log: String,
    /// The pages.
    pub web: Web,
    /// How people sign in.
    pub sign_in: SignIn,
    /// The agents.
    pub agent_listener: AgentListener,
    /// Bounds of what agents deliver.
    pub intake: Intake,
    /// Files of runs.
    pub attachments: Attachments,
    /// What people without an account meet.
    pub portal: Portal,
    /// Thresholds of the rules.
    pub rules: Thresholds,
    /// When people work.
    pub working_hours: WorkingHours,
    /// The server notices are sent by.
    pub mail: MailSettings,
    /// What the collector looks at itself.
    pub checks: Checks,
    /// Where the heads of the ledger go.
    pub audit: Audit,
}

/// Where the pages are served.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Address and port.
    pub listen: SocketAddr,
    /// What people type, when a proxy stands in front.
    pub public_url: Option<String>,
    /// A proxy with HTTPS stands in front: plain HTTP may be served beyond this machine.
    pub behind_proxy: bool,
}

/// Where agents connect.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentListener {
    /// Address and port.
    pub listen: SocketAddr,
    /// `host:port` by which agents reach it.
    pub public_address: Option<String>,
    /// Other `host:port` that agents are told of, before or after a move.
    pub announce: Vec<String>,
    /// Other names and addresses by which agents may reach it.
    pub names: Vec<String>,
    /// Connections at a time.
    pub connections: usize,
    /// Whether gRPC reflection answers.
    pub reflection: bool,
}

/// Bounds of what agents deliver.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intake {
    /// Memory for what waits to be stored, MiB.
    pub queue_mib: usize,
    /// Records in one commit, about.
    pub commit_records: usize,
    /// Free space below which measurements are refused, MiB.
    pub low_disk_mib: u64,
    /// Free space below which everything but security events is refused, MiB.
    pub scarce_disk_mib: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data_dir: PathBuf::from("/var/lib/atalaya-collector"),
            database: None,
            log: "info".into(),
            web: Web::default(),
            sign_in: SignIn::default(),
            agent_listener: AgentListener::default(),
            intake: Intake::default(),
            attachments: Attachments::default(),
            portal: Portal::default(),
            rules: Thresholds::default(),
            working_hours: WorkingHours::default(),
            mail: MailSettings::default(),
            checks: Checks::default(),
            audit: Audit::default(),
        }
    }
}

impl Default for Web {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Web { listen, public_url: None, behind_proxy: false }
    }
}

impl Default for AgentListener {
    fn default() -> Self {
        AgentListener {
            listen: SocketAddr::from(([0, 0, 0, 0], 7443)),
            public_address: None,
            announce: Vec::new(),
            names: Vec::new(),
            connections: 4096,
            reflection: false,
        }
    }
}

impl Default for Intake {
    fn default() -> Self {
        Intake { queue_mib: 16, commit_records: 4096, low_disk_mib: 512, scarce_disk_mib: 256 }
    }
}

impl Config {
    /// Reads the settings of `file`, or the defaults without one.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, has an unknown key, or a value that cannot be used.
    pub fn load(file: Option<&Path>) -> Result<Config, Refusal> {
        let Some(path) = file else { return Ok(Config::default()) };
        let text = std::fs::read_to_string(path)
            .map_err(|cause| Refusal::Unreadable { file: path.to_owned(), cause })?;
        let config: Config =
            toml::from_str(&text).map_err(|error| Refusal::malformed(path, &text, &error))?;
        config.check(path)?;
        Ok(config)
    }

    /// Which database to open.
    pub fn database(&self) -> Database {
        match &self.database {
            Some(Hidden(text)) if is_postgres(text) => Database::Postgres(text.clone()),
            Some(Hidden(text)) => Database::Sqlite(PathBuf::from(text)),
            None => Database::Sqlite(self.data_dir.join("atalaya.db")),
        }
    }

    /// What people type to reach the pages, without a slash at the end.
    pub fn web_url(&self) -> String {
        match &self.web.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.web.listen),
        }
    }

    /// Folder of the files of runs.
    pub fn attachments_folder(&self) -> PathBuf {
        let own = || self.data_dir.join("attachments");
        self.attachments.folder.clone().unwrap_or_else(own)
    }

    /// `host:port` by which agents reach the listener that is bound to `listen`.
    pub fn agent_address(&self, listen: SocketAddr) -> String {
        match &self.agent_listener.public_address {
            Some(address) => address.clone(),
            None if listen.ip().is_unspecified() => format!("{}:{}", host_name(), listen.port()),
            None => listen.to_string(),
        }
    }

    /// Names and addresses for the certificate of the agent listener.
    pub fn agent_names(&self, listen: SocketAddr) -> Vec<String> {
        let address = self.agent_address(listen);
        let public = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
        let mut names = vec![public.trim_matches(['[', ']']).to_owned(), host_name()];
        names.extend(["localhost", "127.0.0.1", "::1"].map(String::from));
        if !listen.ip().is_unspecified() {
            names.push(listen.ip().to_string());
        }
        names.extend(self.agent_listener.names.iter().cloned());
        names.extend(self.agent_listener.announce.iter().map(|address| host_of(address)));
        names.sort_unstable();
        names.dedup();
        names
    }

    fn check(&self, file: &Path) -> Result<(), Refusal> {
        let refuse =
            |key: &str, value: String, remedy: &str| Err(Refusal::value(file, key, &value, remedy));
        if !self.web.listen.ip().is_loopback() && !self.web.behind_proxy {
            let remedy = "las páginas van sin cifrar: use 127.0.0.1, o ponga delante un proxy con HTTPS y \
                          escriba `behind_proxy = true`";
            return refuse("web.listen", self.web.listen.to_string(), remedy);
        }
        if let Some(url) = self.web.public_url.as_deref().filter(|url| !is_url(url)) {
            return refuse("web.public_url", url.into(), "escriba https://NOMBRE o http://NOMBRE");
        }
        if let Some(address) = &self.agent_listener.public_address
            && !is_host_and_port(address)
        {
            let remedy = "escriba NOMBRE:PUERTO, por ejemplo atalaya.municipio.gob.mx:7443";
            return refuse("agent_listener.public_address", address.clone(), remedy);
        }
        let announced = &self.agent_listener.announce;
        if let Some(address) = announced.iter().find(|address| !is_host_and_port(address)) {
            let remedy = "escriba NOMBRE:PUERTO, por ejemplo nuevo.municipio.gob.mx:7443";
            return refuse("agent_listener.announce", address.clone(), remedy);
        }
        if announced.len() > atalaya_proto::limits::ADDRESSES {
            let remedy = format!("caben {} direcciones", atalaya_proto::limits::ADDRESSES);
            return refuse("agent_listener.announce", announced.len().to_string(), &remedy);
        }
        let clamd = &self.attachments.clamd;
        if !clamd.is_empty() && !clamd.starts_with('/') && !is_host_and_port(clamd) {
            let remedy = "escriba la ruta de su socket, NOMBRE:PUERTO, o nada si no hay";
            return refuse("attachments.clamd", clamd.clone(), remedy);
        }
        let bounds = [
            ("agent_listener.connections", self.agent_listener.connections, 1, 100_000),
            ("intake.queue_mib", self.intake.queue_mib, 1, 4_096),
            ("intake.commit_records", self.intake.commit_records, 1, 100_000),
        ];
        for (key, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                let remedy = format!("use un número de {least} a {most}");
                return refuse(key, value.to_string(), &remedy);
            }
        }
        if let Some((key, value, remedy)) = self.audit.wrong() {
            return refuse(key, value, remedy);
        }
        if self.intake.scarce_disk_mib > self.intake.low_disk_mib {
            let remedy = "no puede ser mayor que `intake.low_disk_mib`";
            return refuse(
                "intake.scarce_disk_mib",
                self.intake.scarce_disk_mib.to_string(),
                remedy,
            );
        }
        self.check_hours(file)?;
        let mail = self.mail.check();
        mail.map_err(|(key, value, remedy)| Refusal::value(file, key, &value, remedy))
    }

    fn check_hours(&self, file: &Path) -> Result<(), Refusal> {
        let hours = &self.working_hours;
        if hours.any() && hours.to_minute <= 1_440 {
            return Ok(());
        }
        let value = format!("{} a {}", hours.from_minute, hours.to_minute);
        let remedy = "la jornada empieza antes de terminar, termina a más tardar en el minuto 1440 y tiene al \
                      menos un día en `days`";
        Err(Refusal::value(file, "working_hours", &value, remedy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, Refusal> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("collector.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file))
    }

    #[test]
    fn the_printed_example_is_what_holds_without_a_file() {
        assert_eq!(load(DEFAULT).unwrap(), Config::default());
    }

    #[test]
    fn an_unknown_key_is_refused_with_file_line_and_the_keys_that_exist() {
        let error = load("[web]\nlisen = \"127.0.0.1:1\"\n").unwrap_err().to_string();
        for part in ["collector.toml", "línea 2", "clave desconocida `lisen`", "`listen`"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn plain_pages_beyond_this_machine_need_a_proxy() {
        let error = load("[web]\nlisten = \"0.0.0.0:8080\"\n").unwrap_err().to_string();
        assert!(error.contains("web.listen = 0.0.0.0:8080") && error.contains("proxy"), "{error}");
        assert!(load("[web]\nlisten = \"0.0.0.0:8080\"\nbehind_proxy = true\n").is_ok());
    }

    #[test]
    fn values_that_cannot_be_used_are_named_with_their_remedy() {
        for (text, part) in [
            ("[agent_listener]\npublic_address = \"sin-puerto\"\n", "NOMBRE:PUERTO"),
            ("[intake]\nqueue_mib = 0\n", "de 1 a 4096"),
            ("[intake]\nscarce_disk_mib = 900\n", "low_disk_mib"),
            ("[mail]\nserver = \"a\"\nfrom = \"b\"\n", "mail.from = b"),
            ("[attachments]\nclamd = \"clamd\"\n", "NOMBRE:PUERTO"),
            ("[rules]\npermitted_ports = [\"tcp\"]\n", "«tcp»"),
            ("[working_hours]\nfrom_minute = 1080\nto_minute = 540\n", "1080 a 540"),
            ("[working_hours]\nnon_working_days = [\"2026-02-30\"]\n", "línea 2"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_password_of_a_database_is_not_shown() {
        let config = load("database = \"postgres://u:secreta@h/d\"\n").unwrap();
        assert!(!format!("{config:?} {:?}", config.database()).contains("secreta"));
        assert!(matches!(config.database(), Database::Postgres(_)));
    }

    #[test]
    fn agents_are_told_an_address_they_can_reach() {
        let mut config = Config::default();
        let local: SocketAddr = "127.0.0.1:7443".parse().unwrap();
        assert_eq!(config.agent_address(local), "127.0.0.1:7443");
        let any: SocketAddr = "0.0.0.0:7443".parse().unwrap();
        assert_eq!(config.agent_address(any), format!("{}:7443", host_name()));
        config.agent_listener.public_address = Some("[2001:db8::1]:9".into());
        assert_eq!(config.agent_address(any), "[2001:db8::1]:9");
        assert!(config.agent_names(any).contains(&"2001:db8::1".to_owned()));
    }
}
