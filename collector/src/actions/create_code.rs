//! Someone makes enrolment codes: one secret each, kept as a hash, shown once.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::secret::{NoRandomness, Secret};
use crate::domain::access::Actor;
use crate::domain::enrolment::{CODE_HOURS, EnrolmentCode};
use crate::domain::id::{AreaId, CodeId};
use crate::store::{self, AuditEntry, Store};

/// What the codes are to be.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The area their devices will belong to.
    pub area: Option<AreaId>,
    /// First address and prefix length they may be spent from.
    pub network: Option<(IpAddr, u8)>,
    /// Their devices need no further approval.
    pub approve: bool,
    /// Their devices belong to the sample municipality.
    pub sample: bool,
    /// How many.
    pub count: u32,
}

/// Why no code was made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No secret could be made.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Makes codes; returns the secret of each.
///
/// # Errors
/// When the store refuses; then none was made.
pub async fn create_codes(
    store: &Store,
    actor: &Actor,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Vec<[u8; 32]>, Error> {
    let mut write = store.write().await?;
    let mut secrets = Vec::new();
    for _ in 0..wanted.count {
        let (secret, secret_hash) = fresh()?;
        let code = EnrolmentCode {
            id: CodeId::new(Uuid::now_v7().to_string()),
            secret_hash,
            area: wanted.area.clone(),
            network: wanted.network,
            approve: wanted.approve,
            sample: wanted.sample,
            expires_at: now + SignedDuration::from_hours(CODE_HOURS),
            spent: None,
        };
        write.add_enrolment_code(&code, actor.name(), now).await?;
        let entry = AuditEntry {
            act: "code.create",
            subject: format!("code {}", code.id),
            detail: if code.approve { "pre-approved".into() } else { String::new() },
        };
        write.audit(actor, &entry, now).await?;
        secrets.push(secret);
    }
    write.commit().await?;
    Ok(secrets)
}

/// The hash by which a code is found again, from the bytes an agent presents.
pub fn hash_of(secret: &[u8]) -> String {
    Secret::presented(&BASE64URL_NOPAD.encode(secret)).hash()
}

fn fresh() -> Result<([u8; 32], String), NoRandomness> {
    let secret = Secret::fresh()?;
    let bytes = BASE64URL_NOPAD.decode(secret.expose().as_bytes()).map_err(|_| NoRandomness)?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| NoRandomness)?;
    Ok((bytes, secret.hash()))
}
