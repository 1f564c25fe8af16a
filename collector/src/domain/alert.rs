//! Alerts: one identity (rule, device), a verdict with hysteresis, and the words for each rule.

use jiff::Timestamp;

use super::id::{AlertId, DeviceId, RunId};
use super::reading::SectionKind;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $section:ident, $title:literal;)*) => {
        /// A rule: one question asked of every device.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$doc])* $name),* }

        impl Rule {
            /// All rules, in the order they are shown.
            pub const ALL: &[Rule] = &[$(Rule::$name),*];

            /// The word in SQL, JSON, the configuration and logs.
            pub fn as_str(self) -> &'static str {
                match self { $(Rule::$name => $code),* }
            }

            /// The section whose state it tells.
            pub fn section(self) -> SectionKind {
                match self { $(Rule::$name => SectionKind::$section),* }
            }

            /// As people read it.
            pub fn title(self) -> &'static str {
                match self { $(Rule::$name => $title),* }
            }
        }
    };
}

rules! {
    /// No antivirus product at all.
    NoAntivirus = "no_antivirus", Antivirus, "Sin antivirus";
    /// There is one, and none runs.
    AntivirusOff = "antivirus_off", Antivirus, "Antivirus apagado";
    /// The newest signatures are old.
    SignaturesOld = "signatures_old", Antivirus, "Firmas de antivirus antiguas";
    /// The antivirus reported unwanted software.
    DetectionPresent = "detection_present", Antivirus, "Software dañino detectado";
    /// It runs without looking at files as they are opened.
    RealTimeOff = "real_time_off", Antivirus, "Sin protección en tiempo real";
    /// The product's licence has run out.
    LicenceExpired = "licence_expired", Antivirus, "Licencia de antivirus vencida";
    /// Inbound traffic is not filtered.
    FirewallOff = "firewall_off", Firewall, "Cortafuegos apagado";
    /// The firewall is set up otherwise than the area's policy says.
    FirewallPolicy = "firewall_policy", Firewall, "Cortafuegos fuera de la política";
    /// A port listens that the area's list does not permit.
    UnexpectedPort = "unexpected_port", Firewall, "Puerto abierto no permitido";
    /// A drive warns or fails.
    DriveHealth = "drive_health", Disk, "Disco con avisos o fallas";
    /// A volume is nearly full.
    VolumeLow = "volume_low", Disk, "Poco espacio en disco";
    /// A volume can take few more files.
    InodesLow = "inodes_low", Disk, "Pocos archivos disponibles";
    /// A volume became read-only after an error.
    RemountedReadOnly = "remounted_read_only", Disk, "Volumen en solo lectura";
    /// No internet target answers.
    NoInternet = "no_internet", Connectivity, "Sin internet";
    /// Answers are lost or irregular.
    Unstable = "unstable", Connectivity, "Conexión inestable";
    /// The link comes and goes.
    LinkFlapping = "link_flapping", Connectivity, "Enlace intermitente";
    /// Another device uses the PC's address.
    AddressConflict = "address_conflict", Connectivity, "Dirección duplicada";
    /// Security updates wait too long.
    UpdatesPending = "updates_pending", Updates, "Actualizaciones de seguridad pendientes";
    /// The PC has waited for a restart for days.
    RebootPending = "reboot_pending", System, "Reinicio pendiente";
    /// An account that commands the PC appeared.
    NewAdministrator = "new_administrator", Accounts, "Administradora nueva";
    /// The PC's clock is wrong.
    ClockSkew = "clock_skew", System, "Reloj desajustado";
    /// Two PCs use one identity.
    IdentityConflict = "identity_conflict", System, "Identidad duplicada";
    /// A router, switch, printer or the like does not answer those who look at it.
    NetworkDeviceDown = "network_device_down", Connectivity, "Equipo de red sin respuesta";
    /// The agent stopped reporting.
    Silent = "silent", Connectivity, "Equipo sin reportar";
}

impl Rule {
    /// Whether it asks beyond the main questions of its section: where its answer is not known, the section is as the
    /// others say.
    pub fn is_supplement(self) -> bool {
        matches!(
            self,
            Rule::RealTimeOff
                | Rule::LicenceExpired
                | Rule::InodesLow
                | Rule::RemountedReadOnly
                | Rule::LinkFlapping
                | Rule::AddressConflict
                | Rule::RebootPending
        )
    }

    /// The rule of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Rule::ALL.iter().copied().find(|rule| rule.as_str() == word)
    }
}

/// What a rule says of a device now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing wrong.
    Ok,
    /// Could not be told; neither raises nor clears.
    Unknown,
    /// To be looked at.
    Warning,
    /// To be looked at now.
    Critical,
}

impl Verdict {
    /// The word in SQL, JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Unknown => "unknown",
            Verdict::Warning => "warning",
            Verdict::Critical => "critical",
        }
    }

    /// The verdict of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Verdict::Ok, Verdict::Unknown, Verdict::Warning, Verdict::Critical]
            .into_iter()
            .find(|verdict| verdict.as_str() == word)
    }

    /// The severity of an alert this verdict raises.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Verdict::Ok | Verdict::Unknown => None,
            Verdict::Warning => Some(Severity::Warning),
            Verdict::Critical => Some(Severity::Critical),
        }
    }
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// To be looked at.
    Warning,
    /// To be looked at now.
    Critical,
}

impl Severity {
    /// The word in SQL, JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }

    /// The severity of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Severity::Warning, Severity::Critical].into_iter().find(|s| s.as_str() == word)
    }

    /// Whether it is the worst.
    pub fn is_critical(self) -> bool {
        self == Severity::Critical
    }
}

/// A rule's answer for one device, with the evidence in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Which rule.
    pub rule: Rule,
    /// Its answer.
    pub verdict: Verdict,
    /// What was seen, in a sentence for people.
    pub summary: String,
    /// Where the reading came from.
    pub source: String,
    /// When the reading was taken, if there is one.
    pub taken_at: Option<Timestamp>,
}

/// How many looks in a row it takes to believe a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hysteresis {
    /// To raise.
    pub raise_after: u32,
    /// To clear.
    pub clear_after: u32,
}

/// Where a rule stands for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Severity while raised.
    pub raised: Option<Severity>,
    /// The last answer.
    pub verdict: Verdict,
    /// Looks in a row that speak for a change.
    pub streak: u32,
    /// When `verdict` was first given.
    pub since: Timestamp,
}

/// What a look changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The alert opens.
    Raise(Severity),
    /// It stays open with another severity.
    Reclassify(Severity),
    /// It closes.
    Clear,
}

impl Standing {
    /// Before the first look.
    pub fn new(now: Timestamp) -> Self {
        Standing { raised: None, verdict: Verdict::Unknown, streak: 0, since: now }
    }

    /// Takes in one more look.
    pub fn apply(
        self,
        verdict: Verdict,
        hysteresis: Hysteresis,
        now: Timestamp,
    ) -> (Standing, Option<Transition>) {
        let since = if verdict == self.verdict { self.since } else { now };
        let next = Standing { verdict, since, ..self };
        match (self.raised, verdict.severity()) {
            // Unknown neither raises nor clears, and keeps the count: a lost look proves nothing.
            _ if verdict == Verdict::Unknown => (next, None),
            (None, None) => (Standing { streak: 0, ..next }, None),
            (Some(old), Some(new)) if old == new => (Standing { streak: 0, ..next }, None),
            (Some(_), Some(new)) => {
                let next = Standing { raised: Some(new), streak: 0, ..next };
                (next, Some(Transition::Reclassify(new)))
            }
            (None, Some(new)) if self.streak + 1 >= hysteresis.raise_after => {
                let next = Standing { raised: Some(new), streak: 0, ..next };
                (next, Some(Transition::Raise(new)))
            }
            (Some(_), None) if self.streak + 1 >= hysteresis.clear_after => {
                (Standing { raised: None, streak: 0, ..next }, Some(Transition::Clear))
            }
            (None, Some(_)) | (Some(_), None) => {
                (Standing { streak: self.streak + 1, ..next }, None)
            }
        }
    }

    /// Whether more looks are needed to settle a change.
    pub fn is_unsettled(&self) -> bool {
        self.streak > 0
    }
}

/// Something wrong with a device, from when it was believed until it was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Identity.
    pub id: AlertId,
    /// Which rule.
    pub rule: Rule,
    /// Which device.
    pub device: DeviceId,
    /// How urgent.
    pub severity: Severity,
    /// What was seen, in a sentence.
    pub summary: String,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was over.
    pub cleared_at: Option<Timestamp>,
    /// How often it came back within the reopening time.
    pub reopened: u32,
    /// The run it belongs to.
    pub run: Option<RunId>,
}

/// An alert that returns this soon after it cleared is the same alert, not a new one.
pub const REOPEN_SECONDS: i64 = 30 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    const TWICE: Hysteresis = Hysteresis { raise_after: 2, clear_after: 2 };

    fn walk(verdicts: &[Verdict]) -> Vec<Option<Transition>> {
        let mut standing = Standing::new(Timestamp::UNIX_EPOCH);
        let mut seen = Vec::new();
        for verdict in verdicts {
            let (next, transition) = standing.apply(*verdict, TWICE, Timestamp::UNIX_EPOCH);
            standing = next;
            seen.push(transition);
        }
        seen
    }

    #[test]
    fn one_bad_look_is_not_believed_two_in_a_row_are() {
        use Verdict::{Critical, Ok};
        assert_eq!(walk(&[Critical, Ok, Critical]), [None, None, None]);
        assert_eq!(
            walk(&[Critical, Critical]),
            [None, Some(Transition::Raise(Severity::Critical))]
        );
    }

    #[test]
    fn unknown_neither_raises_nor_clears() {
        use Verdict::{Critical, Ok, Unknown};
        assert_eq!(walk(&[Unknown, Unknown, Unknown]), [None, None, None]);
        let seen = walk(&[Critical, Critical, Unknown, Unknown, Unknown, Ok, Unknown, Ok]);
        assert_eq!(seen[2..7], [None; 5]);
        assert_eq!(seen[7], Some(Transition::Clear));
    }

    #[test]
    fn a_raised_alert_changes_severity_without_closing() {
        use Verdict::{Critical, Warning};
        let seen = walk(&[Warning, Warning, Critical]);
        assert_eq!(seen[2], Some(Transition::Reclassify(Severity::Critical)));
    }
}
