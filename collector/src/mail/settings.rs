//! The section `[mail]`: which server, how it is spoken to and as whom. The password stands in a file of its own, never
//! here.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::mail::is_address;

/// Messages a minute at most.
const PER_MINUTE: std::ops::RangeInclusive<u32> = 1..=6_000;

/// How the dialogue is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// It begins in the clear and must go over to TLS before anything is said.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// Nothing: for a server on this machine.
    None,
}

impl Security {
    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Security::Starttls => "starttls",
            Security::Tls => "tls",
            Security::None => "none",
        }
    }

    fn port(self) -> u16 {
        match self {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        }
    }
}

/// The section `[mail]`. Without a server no notice is sent nor queued.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// Name or address of the server.
    pub server: Option<String>,
    /// Its port; absent: the usual one of the security.
    pub port: Option<u16>,
    /// How the dialogue is protected.
    pub security: Security,
    /// Nothing protects the dialogue with a server elsewhere, and that is meant so.
    pub in_the_clear: bool,
    /// As whom the server is entered; absent: as nobody.
    pub user: Option<String>,
    /// File with the password, which only the collector's user may read.
    pub password_file: Option<PathBuf>,
    /// File with certificates (PEM) of authorities to be trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Address messages come from.
    pub from: String,
    /// Name beside it.
    pub from_name: String,
    /// Address answers go to; absent: `from`.
    pub reply_to: Option<String>,
    /// Messages a minute at most.
    pub per_minute: u32,
}

impl Default for MailSettings {
    fn default() -> Self {
        MailSettings {
            server: None,
            port: None,
            security: Security::default(),
            in_the_clear: false,
            user: None,
            password_file: None,
            ca_file: None,
            from: String::new(),
            from_name: "Atalaya".into(),
            reply_to: None,
            per_minute: 30,
        }
    }
}

/// A key, its value and what to do about it.
pub type Refused = (&'static str, String, &'static str);

impl MailSettings {
    /// The port that is connected to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.security.port())
    }

    /// The domain messages come from; it goes into their identities.
    pub fn domain(&self) -> &str {
        self.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }

    /// Whether these settings can be used, without looking at any file.
    ///
    /// # Errors
    /// The key that cannot, its value and the remedy.
    pub fn check(&self) -> Result<(), Refused> {
        let Some(server) = &self.server else { return Ok(()) };
        let plain =
            |text: &str| !text.is_empty() && text.len() <= 255 && text.bytes().all(is_host_byte);
        if !plain(server) {
            return Err((
                "mail.server",
                server.clone(),
                "escriba el nombre del servidor, sin puerto",
            ));
        }
        if !is_address(&self.from) {
            let remedy =
                "escriba el correo del que salen los avisos, por ejemplo avisos@municipio.gob.mx";
            return Err(("mail.from", self.from.clone(), remedy));
        }
        if let Some(reply_to) = self.reply_to.as_ref().filter(|text| !is_address(text)) {
            return Err(("mail.reply_to", reply_to.clone(), "escriba un correo, o quite la línea"));
        }
        if self.from_name.chars().any(char::is_control) || self.from_name.len() > 120 {
            return Err((
                "mail.from_name",
                self.from_name.clone(),
                "escriba un nombre en una línea",
            ));
        }
        if self.security == Security::None && !self.in_the_clear && !is_here(server) {
            let remedy = "sin cifrar solo se habla con un servidor en este mismo equipo: use starttls o tls, o \
                          escriba `in_the_clear = true` si la red es de confianza";
            return Err(("mail.security", "none".into(), remedy));
        }
        if self.user.is_some() != self.password_file.is_some() {
            let remedy = "`user` y `password_file` van juntos";
            return Err(("mail.user", self.user.clone().unwrap_or_default(), remedy));
        }
        if !PER_MINUTE.contains(&self.per_minute) {
            let remedy = "use un número de 1 a 6000";
            return Err(("mail.per_minute", self.per_minute.to_string(), remedy));
        }
        Ok(())
    }

    /// The password of the server, if one is wanted.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others or is empty; in words for whoever administers.
    pub fn password(&self) -> Result<Option<String>, String> {
        let Some(file) = &self.password_file else { return Ok(None) };
        check_closed(file)?;
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("no se puede leer {}: {error}", file.display()))?;
        let password = text.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(format!("{} está vacío", file.display()));
        }
        Ok(Some(password.to_owned()))
    }
}

/// A file with a secret is for its owner only.
fn check_closed(file: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let shown = file.display();
    let found =
        std::fs::metadata(file).map_err(|error| format!("no se puede leer {shown}: {error}"))?;
    if found.permissions().mode() & 0o077 != 0 {
        return Err(format!("otros pueden leer {shown}: hágalo privado con chmod 600"));
    }
    Ok(())
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-:".contains(&byte)
}

/// Whether a server is on this machine, judged by its name alone.
fn is_here(server: &str) -> bool {
    server == "localhost" || server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> MailSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn without_a_server_nothing_else_is_asked_for() {
        assert_eq!(MailSettings::default().check(), Ok(()));
    }

    #[test]
    fn what_cannot_be_used_is_named_by_its_key() {
        let good = "server = 'correo.ejemplo.mx'\nfrom = 'avisos@ejemplo.mx'\n";
        assert_eq!(settings(good).check(), Ok(()));
        assert_eq!((settings(good).port(), settings(good).domain()), (587, "ejemplo.mx"));
        for (line, key) in [
            ("security = 'none'", "mail.security"),
            ("user = 'a'", "mail.user"),
            ("password_file = '/x'", "mail.user"),
            ("reply_to = 'nadie'", "mail.reply_to"),
            ("from_name = \"a\\r\\nBcc: x\"", "mail.from_name"),
            ("per_minute = 0", "mail.per_minute"),
        ] {
            assert_eq!(settings(&format!("{good}{line}")).check().unwrap_err().0, key);
        }
        for (text, key) in [
            ("server = 'a b'\nfrom = 'a@b.mx'", "mail.server"),
            ("server = 'a'\nfrom = 'Ana <a@b.mx>'", "mail.from"),
        ] {
            assert_eq!(settings(text).check().unwrap_err().0, key);
        }
        let here = "server = '127.0.0.1'\nsecurity = 'none'\nfrom = 'a@b.mx'";
        assert_eq!(settings(here).check(), Ok(()));
    }

    #[test]
    fn a_password_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clave");
        std::fs::write(&file, "s3creta\n").unwrap();
        let settings =
            MailSettings { password_file: Some(file.clone()), ..MailSettings::default() };
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(settings.password().unwrap_err().contains("chmod 600"));
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(settings.password(), Ok(Some("s3creta".into())));
    }
}
