//! Words of the Mesa de Ayuda: its lists, priorities, deadlines and what a run waits for.

use super::look;
use crate::domain::procedure::Wait;
use crate::domain::run::Priority;
use crate::web::desk::View;
use crate::web::markup::Look;

/// How soon a run should be seen to.
pub fn priority(priority: Priority) -> Look {
    match priority {
        Priority::Low => look("neutral", "low", "Baja"),
        Priority::Normal => look("neutral", "minus", "Normal"),
        Priority::High => look("warning", "high", "Alta"),
        Priority::Urgent => look("critical", "critical", "Urgente"),
    }
}

/// A deadline that passed.
pub const OVERDUE: Look = look("critical", "clock", "Venció");
/// A deadline that is near.
pub const DUE_SOON: Look = look("warning", "clock", "Vence");
/// A deadline that is not near.
pub const DUE_LATER: Look = look("neutral", "clock", "Vence");

/// What a run waits for; its clock stands still.
pub fn waiting(wait: Wait) -> Look {
    let word = match wait {
        Wait::SparePart => "Espera refacción",
        Wait::Provider => "Espera al proveedor",
        Wait::Signature => "Espera una firma",
        Wait::Approval => "Espera autorización",
        Wait::Requester => "Espera respuesta de quien lo pidió",
    };
    look("pending", "pending", word)
}

/// A list of the Mesa de Ayuda.
pub fn list(view: View) -> Look {
    match view {
        View::Open => look("neutral", "runs", "En curso"),
        View::Mine => look("info", "person", "Míos"),
        View::Others => look("neutral", "people", "De otras personas"),
        View::Unassigned => look("warning", "unassigned", "Sin asignar"),
        View::Overdue => look("critical", "clock", "Vencidos"),
        View::OnTime => look("ok", "ok", "En plazo"),
        View::Unlimited => look("neutral", "minus", "Sin plazo"),
        View::Paused => look("pending", "pending", "En espera"),
        View::Closed => look("ok", "end", "Terminados"),
        View::All => look("neutral", "runs", "Todos"),
    }
}
