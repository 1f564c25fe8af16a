//! Somebody orders an action from a device's agent; it is audited, and the intake sends it when the agent is there.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Error, Result};
use crate::domain::access::Actor;
use crate::domain::action::{self, ActionResult, LONGEST_WAIT, Ordering};
use crate::domain::device::DeviceStatus;
use crate::domain::id::{ActionId, DeviceId};
use crate::domain::reading::{Action, ActionOutcome};
use crate::store::{ActionRecord, AuditEntry, NewAction, Store, Write};

/// What is ordered.
#[derive(Debug, Clone)]
pub struct Order {
    /// What.
    pub action: Action,
    /// How long it waits for its agent; `None`: as long as its kind is worth it.
    pub patience: Option<SignedDuration>,
}

/// Orders an action from a device.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::NotAllowed`]; [`Error::Unfit`] for parameters out of bounds; [`Error::Unfitting`] for a
/// device that is not listened to or has too many orders open.
pub async fn order_action(
    store: &Store,
    device: &DeviceId,
    order: &Order,
    by: &Ordering,
    now: Timestamp,
) -> Result<ActionId> {
    let kind = order.action.kind();
    if !by.may_order(kind) {
        return Err(Error::NotAllowed(if action::is_heavy(kind) {
            "Bloquear y desbloquear puertos lo ordena el titular de TIC o quien administra Atalaya."
        } else {
            "Los equipos los administran el titular y el personal técnico."
        }));
    }
    order.action.check().map_err(|unfit| Error::Unfit(unfit.0))?;
    let patience = order.patience.unwrap_or_else(|| action::patience(kind));
    if patience <= SignedDuration::ZERO || patience > LONGEST_WAIT {
        let days = LONGEST_WAIT.as_hours() / 24;
        return Err(Error::Unfit(format!("una orden espera a su equipo a lo más {days} días")));
    }
    let mut db = store.write().await?;
    let found = db.device(device).await?.ok_or(Error::NotFound("el equipo"))?;
    if found.status != DeviceStatus::Approved {
        return Err(Error::Unfitting("solo se dan órdenes a un equipo aprobado"));
    }
    let open = db.count_open_actions(device).await?;
    if usize::try_from(open).unwrap_or(usize::MAX) >= action::OPEN {
        return Err(Error::Unfitting("el equipo ya tiene demasiadas órdenes en espera"));
    }
    let new = NewAction {
        id: ActionId::new(Uuid::now_v7().to_string()),
        device: device.clone(),
        action: order.action.clone(),
        requested_by: by.actor.name().to_owned(),
        expires_at: now.checked_add(patience).unwrap_or(Timestamp::MAX),
    };
    db.add_action(&new, now).await?;
    let parameters = serde_json::to_string(&new.action).unwrap_or_default();
    let entry = AuditEntry {
        act: "action.order",
        subject: format!("device {device}"),
        detail: format!("{} {parameters}", new.id),
    };
    db.audit(&by.actor, &entry, now).await?;
    db.commit().await?;
    Ok(new.id)
}

/// Ends orders whose time is over. How many there were is returned.
///
/// # Errors
/// When the store refuses.
pub async fn expire_actions(store: &Store, now: Timestamp) -> Result<usize> {
    let mut db = store.write().await?;
    let overdue = db.actions_overdue(action::ANSWER, now).await?;
    for record in &overdue {
        let detail = match record.sent_at {
            None => "venció sin que el equipo se conectara",
            Some(_) => "se envió al equipo y no llegó respuesta",
        };
        let outcome = ActionOutcome::Expired;
        let result = ActionResult { outcome, detail: detail.into(), evidence: None };
        if let Some(ended) = db.finish_action(&record.id, &record.device, &result, now).await? {
            audit_end(&mut db, &ended, now).await?;
        }
    }
    db.commit().await?;
    Ok(overdue.len())
}

/// Records how an order ended.
///
/// # Errors
/// When the store refuses.
pub(super) async fn audit_end(
    db: &mut Write,
    ended: &ActionRecord,
    now: Timestamp,
) -> crate::store::Result<()> {
    let outcome = ended.outcome.map_or("unknown", |outcome| outcome.as_str());
    let entry = AuditEntry {
        act: "action.result",
        subject: format!("device {}", ended.device),
        detail: format!("{} {} {outcome}: {}", ended.id, ended.kind, ended.detail),
    };
    db.audit(&Actor::Machine, &entry, now).await
}

#[cfg(test)]
mod tests;
