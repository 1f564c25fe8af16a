//! How states, verdicts and readings look and are called on pages: one place for colour, icon and word.

mod desk;

pub use desk::{DUE_LATER, DUE_SOON, OVERDUE, list, priority, waiting};

use super::markup::Look;
use crate::actions::propose::Change;
use crate::domain::action::ActionState;
use crate::domain::alert::{Rule, Severity, Verdict};
use crate::domain::network_device::{Answering, NetworkDeviceKind};
use crate::domain::reading::{ActionOutcome, SectionKind};
use crate::domain::reading::{
    DriveHealth, DriveKind, FirewallBackend, PacketPolicy, ProgramSource, Status,
    Verdict as Connection,
};
use crate::domain::release::UpdateOutcome;
use crate::domain::run::{EventKind, Outcome};

const fn look(class: &'static str, icon: &'static str, word: &'static str) -> Look {
    Look { class, icon, word }
}

/// States of a device that pages count, worst first.
pub const STATES: [&str; 6] = ["critical", "warning", "silent", "unknown", "pending", "ok"];

/// A device's state.
pub fn state(state: &str) -> Look {
    match state {
        "critical" => look("critical", "critical", "Crítico"),
        "warning" => look("warning", "warning", "Con aviso"),
        "silent" => look("silent", "silent", "Sin reportar"),
        "pending" => look("pending", "pending", "Por aprobar"),
        "ok" => look("ok", "ok", "Bien"),
        "revoked" => look("revoked", "revoked", "Revocado"),
        "quarantined" => look("critical", "revoked", "En cuarentena"),
        _ => look("unknown", "unknown", "Desconocido"),
    }
}

/// What a section's rules say.
pub fn verdict(verdict: Verdict) -> Look {
    match verdict {
        Verdict::Ok => look("ok", "ok", "Bien"),
        Verdict::Unknown => look("unknown", "unknown", "Desconocido"),
        Verdict::Warning => look("warning", "warning", "Con aviso"),
        Verdict::Critical => look("critical", "critical", "Crítico"),
    }
}

/// What a section's rules say; where no rule looks at it, whether it was read.
pub fn verdict_of(kind: SectionKind, status: Status, said: Verdict) -> Look {
    if Rule::ALL.iter().any(|rule| rule.section() == kind) {
        return verdict(said);
    }
    match status {
        Status::Ok => look("unknown", "evidence", "Leído"),
        _ => look("unknown", "unknown", "Desconocido"),
    }
}

/// An alert by its severity, called by its rule.
pub fn alert(rule: Rule, severity: Severity) -> Look {
    Look { word: rule.title(), ..self::severity(severity) }
}

/// A severity.
pub fn severity(severity: Severity) -> Look {
    match severity {
        Severity::Warning => look("warning", "warning", "Aviso"),
        Severity::Critical => look("critical", "critical", "Crítica"),
    }
}

/// An alert that is over.
pub const CLEARED: Look = look("ok", "ok", "Terminada");

/// A rule in the few letters of a table's cell; its column already says what it is about.
pub fn brief(rule: Rule) -> &'static str {
    match rule {
        Rule::NoAntivirus => "No tiene",
        Rule::AntivirusOff | Rule::FirewallOff => "Apagado",
        Rule::SignaturesOld => "Firmas antiguas",
        Rule::DetectionPresent => "Detección",
        Rule::RealTimeOff => "Sin tiempo real",
        Rule::LicenceExpired => "Licencia vencida",
        Rule::InodesLow => "Pocos archivos",
        Rule::RemountedReadOnly => "Solo lectura",
        Rule::LinkFlapping => "Intermitente",
        Rule::AddressConflict => "Duplicada",
        Rule::UpdatesPending => "Pendientes",
        Rule::RebootPending => "Reinicio",
        Rule::NewAdministrator => "Cuenta nueva",
        Rule::FirewallPolicy => "Mal configurado",
        Rule::UnexpectedPort => "Puerto abierto",
        Rule::DriveHealth => "Falla",
        Rule::VolumeLow => "Poco espacio",
        Rule::NoInternet => "Sin internet",
        Rule::Unstable => "Inestable",
        Rule::ClockSkew => "Reloj",
        Rule::IdentityConflict => "Duplicada",
        Rule::NetworkDeviceDown => "No responde",
        Rule::Silent => "No reporta",
    }
}

/// A section's name and icon.
pub fn section(kind: SectionKind) -> (&'static str, &'static str) {
    match kind {
        SectionKind::Antivirus => ("Antivirus", "antivirus"),
        SectionKind::Firewall => ("Cortafuegos y puertos", "firewall"),
        SectionKind::Disk => ("Discos", "disk"),
        SectionKind::Connectivity => ("Conexión", "connectivity"),
        SectionKind::System => ("Sistema", "system"),
        SectionKind::Updates => ("Actualizaciones", "updates"),
        SectionKind::Software => ("Programas instalados", "software"),
        SectionKind::Accounts => ("Cuentas locales", "person"),
    }
}

/// Why a reading says nothing.
pub fn reading(status: Status) -> &'static str {
    match status {
        Status::Ok => "Leído",
        Status::Unsupported => "Este sistema no ofrece esa lectura",
        Status::Denied => "El agente no tuvo permiso para leer",
        Status::Timeout => "La lectura no respondió a tiempo",
        Status::Error => "La lectura falló",
    }
}

/// A drive's health.
pub fn drive(health: DriveHealth) -> Look {
    match health {
        DriveHealth::Ok => look("ok", "ok", "Sano"),
        DriveHealth::Warning => look("warning", "warning", "Con avisos"),
        DriveHealth::Failing => look("critical", "critical", "Por fallar"),
        DriveHealth::Unknown => look("unknown", "unknown", "Desconocido"),
    }
}

/// A drive's kind.
pub fn drive_kind(kind: &DriveKind) -> &'static str {
    match kind {
        DriveKind::Hdd => "Disco duro",
        DriveKind::Ssd => "SSD",
        DriveKind::Nvme => "NVMe",
        DriveKind::Unknown => "Tipo desconocido",
    }
}

/// A verdict on a connection.
pub fn connection(verdict: Connection) -> Look {
    match verdict {
        Connection::Ok => look("ok", "ok", "Estable"),
        Connection::Degraded => look("warning", "warning", "Con pérdidas"),
        Connection::Down => look("critical", "critical", "Sin respuesta"),
        Connection::Unknown => look("unknown", "unknown", "Desconocido"),
    }
}

/// Yes, no or unknown, where yes is good.
pub fn good(value: Option<bool>, yes: &'static str, no: &'static str) -> Look {
    match value {
        Some(true) => look("ok", "ok", yes),
        Some(false) => look("critical", "critical", no),
        None => look("unknown", "unknown", "Desconocido"),
    }
}

/// What filters packets.
pub fn backend(backend: &FirewallBackend) -> &'static str {
    match backend {
        FirewallBackend::None => "ninguno",
        FirewallBackend::Nftables => "nftables",
        FirewallBackend::Ufw => "ufw",
        FirewallBackend::Firewalld => "firewalld",
        FirewallBackend::Iptables => "iptables",
        FirewallBackend::Windows => "Firewall de Windows",
    }
}

/// What happens to a packet no rule speaks of.
pub fn policy(policy: &PacketPolicy) -> &'static str {
    match policy {
        PacketPolicy::Drop => "se descarta",
        PacketPolicy::Reject => "se rechaza",
        PacketPolicy::Accept => "se acepta",
    }
}

/// How a run ended.
pub fn outcome(outcome: Outcome) -> Look {
    match outcome {
        Outcome::Completed => look("ok", "end", "Terminado"),
        Outcome::Recovered => look("ok", "machine", "Se resolvió solo"),
        Outcome::Rejected => look("warning", "revoked", "No procedió"),
        Outcome::Retired => look("warning", "end", "Baja propuesta"),
        Outcome::Cancelled => look("ok", "end", "Cancelado"),
    }
}

/// An open run, by the worst of its open alerts.
pub fn open_run(open_alerts: i64, critical: bool) -> Look {
    match (open_alerts, critical) {
        (0, _) => look("info", "runs", "En curso, sin alertas abiertas"),
        (_, true) => look("critical", "critical", "En curso, falla crítica abierta"),
        (_, false) => look("warning", "warning", "En curso, con avisos abiertos"),
    }
}

/// An event of a run: icon and what it says happened.
pub fn event(kind: EventKind, answer: Option<bool>) -> (&'static str, &'static str) {
    match (kind, answer) {
        (EventKind::Opened, _) => ("runs", "abrió el trámite"),
        (EventKind::Completed, _) => ("approve", "registró el paso como hecho"),
        (EventKind::Answered, Some(true)) => ("approve", "contestó que sí"),
        (EventKind::Answered, Some(false)) => ("approve", "contestó que no"),
        (EventKind::Answered, None) => ("approve", "contestó"),
        (EventKind::Noted, _) => ("note", "anotó"),
        (EventKind::Paused, _) => ("clock", "puso el trámite en espera"),
        (EventKind::Resumed, _) => ("clock", "terminó la espera"),
        (EventKind::Undone, _) => ("revoked", "deshizo el paso"),
        (EventKind::Assigned, _) => ("person", "asignó el trámite"),
        (EventKind::Prioritised, _) => ("warning", "cambió la prioridad"),
        (EventKind::AttachmentAdded, _) => ("note", "adjuntó un archivo"),
        (EventKind::SubjectTaken, _) => ("runs", "pasó a otra visita"),
        (EventKind::DeviceChecked, _) => ("approve", "revisó un equipo"),
        (EventKind::DeviceCarried, _) => ("clock", "pospuso un equipo"),
        (EventKind::AlertJoined, _) => ("alerts", "sumó una alerta"),
        (EventKind::AlertCleared, _) => ("ok", "comprobó que una alerta terminó"),
        (EventKind::ActionEnded, _) => ("measure", "agregó el resultado de una orden"),
        (EventKind::Recovered, _) => ("ok", "cerró el trámite"),
    }
}

/// How an order to an agent stands.
pub fn order(state: ActionState, outcome: Option<ActionOutcome>) -> Look {
    match (outcome, state) {
        (Some(ActionOutcome::Done), _) => look("ok", "ok", "Hecha"),
        (Some(ActionOutcome::Failed), _) => look("critical", "critical", "Falló"),
        (Some(ActionOutcome::Refused), _) => look("warning", "revoked", "El equipo la rechazó"),
        (Some(ActionOutcome::Expired), _) => look("unknown", "clock", "Venció"),
        (Some(ActionOutcome::Unsupported), _) => {
            look("unknown", "unknown", "El equipo no puede hacerla")
        }
        (None, ActionState::Ordered) => {
            look("pending", "pending", "Pedida: espera a que el equipo se conecte")
        }
        (None, ActionState::Sent | ActionState::Finished) => {
            look("pending", "pending", "Enviada al equipo")
        }
    }
}

/// Whether a firewall is set up as the policy of its area says.
pub fn conforms(value: Option<bool>) -> Look {
    match value {
        Some(true) => look("ok", "ok", "Sí"),
        Some(false) => look("warning", "warning", "No"),
        None => look("unknown", "unknown", "Desconocido"),
    }
}

/// What a network device is.
pub fn network_device(kind: NetworkDeviceKind) -> &'static str {
    match kind {
        NetworkDeviceKind::Router => "Router",
        NetworkDeviceKind::AccessPoint => "Punto de acceso",
        NetworkDeviceKind::Switch => "Conmutador",
        NetworkDeviceKind::Printer => "Impresora",
        NetworkDeviceKind::Other => "Otro",
    }
}

/// Whether a network device answers.
pub fn answering(state: Answering) -> Look {
    match state {
        Answering::Up => look("ok", "ok", "Responde"),
        Answering::Down => look("critical", "critical", "Sin respuesta"),
        Answering::Unknown => look("unknown", "unknown", "Desconocido"),
    }
}

/// How an update of the agent ended.
pub fn update(outcome: UpdateOutcome) -> Look {
    match outcome {
        UpdateOutcome::Installed => look("ok", "ok", "Instalada"),
        UpdateOutcome::Refused => look("warning", "revoked", "El agente la rechazó"),
        UpdateOutcome::Failed => look("warning", "warning", "No se pudo instalar"),
        UpdateOutcome::Restored => look("critical", "critical", "Retirada: volvió la anterior"),
    }
}

/// Whether a licence holds.
pub fn licence(expired: bool) -> Look {
    if expired { look("warning", "warning", "Vencida") } else { look("ok", "ok", "Vigente") }
}

/// Updates that wait; security ones are worth a warning.
pub fn pending_updates(pending: Option<u32>, security: Option<u32>) -> Look {
    match (pending, security) {
        (None, _) => look("unknown", "unknown", "Desconocido"),
        (Some(0), _) => look("ok", "ok", "Ninguna"),
        (Some(_), Some(1..)) => look("warning", "warning", "Hay pendientes"),
        (Some(_), _) => look("info", "updates", "Hay pendientes"),
    }
}

/// Whether an interface has a carrier.
pub fn link(up: Option<bool>) -> Look {
    match up {
        Some(true) => look("ok", "ok", "Con enlace"),
        Some(false) => look("unknown", "silent", "Sin enlace"),
        None => look("unknown", "unknown", "Enlace desconocido"),
    }
}

/// Strength of a radio signal.
pub fn radio(dbm: i32) -> Look {
    match dbm {
        -67.. => look("ok", "ok", "señal buena"),
        -75..=-68 => look("info", "connectivity", "señal regular"),
        _ => look("warning", "warning", "señal débil"),
    }
}

/// Yes, no or unknown, where neither is good or bad.
pub fn yes_no(value: &Option<bool>) -> Look {
    match value {
        Some(true) => look("neutral", "approve", "Sí"),
        Some(false) => look("neutral", "minus", "No"),
        None => look("unknown", "unknown", "desconocido"),
    }
}

/// The list that names a program.
pub fn program_source(source: ProgramSource) -> &'static str {
    match source {
        ProgramSource::Dpkg => "Paquetes de Debian",
        ProgramSource::Rpm => "Paquetes RPM",
        ProgramSource::Snap => "Snap",
        ProgramSource::Flatpak => "Flatpak",
        ProgramSource::Registry => "Programas de Windows",
        ProgramSource::Unknown => "Otra lista",
    }
}

/// Protection in real time: without it an antivirus still looks when it is told to.
pub fn protection(real_time: Option<bool>) -> Look {
    match real_time {
        Some(true) => look("ok", "ok", "Activa"),
        Some(false) => look("warning", "warning", "Inactiva"),
        None => look("unknown", "unknown", "Desconocido"),
    }
}

/// How a target answered, by its loss.
pub fn target(loss_pct: Option<f64>) -> Look {
    match loss_pct {
        Some(loss) if loss >= 100.0 => look("critical", "critical", "Sin respuesta"),
        Some(loss) if loss > 5.0 => look("warning", "warning", "Con pérdidas"),
        Some(_) => look("ok", "ok", "Responde"),
        None => look("unknown", "unknown", "Desconocido"),
    }
}

/// What the readings say of a step.
pub fn proposal(answer: Option<bool>) -> Look {
    match answer {
        Some(true) => look("ok", "machine", "Según las lecturas: sí"),
        Some(false) => look("warning", "machine", "Según las lecturas: todavía no"),
        None => look("unknown", "machine", "Las lecturas no lo dicen"),
    }
}

/// How a figure of a PC changed over a visit.
pub fn change(change: Change) -> Look {
    match change {
        Change::Same => look("ok", "ok", "Igual"),
        Change::Different => look("info", "clock", "Distinto"),
        Change::Better => look("ok", "approve", "Mejor"),
        Change::Worse => look("critical", "critical", "Peor"),
        Change::Unknown => look("unknown", "unknown", "No se sabe"),
    }
}
