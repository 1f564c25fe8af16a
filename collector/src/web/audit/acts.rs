//! Acts and kinds of events in words. One that is not known here is shown as it is kept: nothing is hidden.

/// Kinds of events of runs, for the filter.
pub(super) const KINDS: &[&str] = &["opened", "completed", "answered", "noted"];

const WORDS: &[(&str, &str)] = &[
    ("action.order", "Orden a un equipo"),
    ("action.result", "Resultado de una orden"),
    ("area.create", "Alta de un área"),
    ("area.policy", "Política de puertos de un área"),
    ("authority.retire", "Retiro de la autoridad de certificados anterior"),
    ("authority.rotate", "Relevo de la autoridad de certificados"),
    ("code.create", "Código de alta para un equipo"),
    ("code.reused", "Código de alta usado dos veces"),
    ("device.accept_administrator", "Cuenta de administración aceptada"),
    ("device.apart", "Equipos distinguidos"),
    ("device.approve", "Equipo aprobado"),
    ("device.enrol", "Alta de un equipo"),
    ("device.merge", "Equipos unidos"),
    ("device.quarantine", "Equipo en cuarentena"),
    ("device.revoke", "Baja de un equipo"),
    ("device.settle_conflict", "Identidad duplicada resuelta"),
    ("device.update", "Actualización del agente"),
    ("ledger.begin", "Inicio del libro"),
    ("ledger.remove", "Asientos de muestra retirados"),
    ("mail.again", "Aviso reintentado"),
    ("mail.test", "Correo de prueba"),
    ("mail.text", "Texto de un aviso"),
    ("password.set", "Contraseña elegida"),
    ("person.link", "Enlace de acceso"),
    ("sample.remove", "Muestra retirada"),
    ("token.create", "Llave de la API"),
    // Kinds of events.
    ("opened", "Trámite abierto"),
    ("completed", "Paso realizado"),
    ("answered", "Pregunta contestada"),
    ("noted", "Nota"),
    ("alert_joined", "Alerta sumada"),
    ("alert_cleared", "Alerta terminada"),
    ("action_ended", "Orden terminada"),
    ("recovered", "Cierre por recuperación"),
];

/// The act in words, or as it is kept.
pub(super) fn word(act: &str) -> String {
    let found = WORDS.iter().find(|(known, _)| *known == act);
    found.map_or_else(|| act.to_owned(), |(_, word)| (*word).to_owned())
}
