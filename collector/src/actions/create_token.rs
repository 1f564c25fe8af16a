//! Someone makes an API token: its secret is shown once and kept as a hash.

use jiff::Timestamp;
use uuid::Uuid;

use super::secret::{NoRandomness, Secret};
use crate::domain::access::Actor;
use crate::domain::id::TokenId;
use crate::domain::person::{Scope, Token};
use crate::store::{self, AuditEntry, Store};

/// Longest name, bytes.
const NAME: usize = 120;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing, or too much.
    #[error("el nombre no sirve: escriba entre 1 y {NAME} caracteres")]
    Name,
    /// No secret could be made.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Makes a token.
///
/// # Errors
/// When the name will not do or the store refuses.
pub async fn create_token(
    store: &Store,
    actor: &Actor,
    name: &str,
    scope: Scope,
    now: Timestamp,
) -> Result<Secret, Error> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        return Err(Error::Name);
    }
    let secret = Secret::fresh()?;
    let id = TokenId::new(Uuid::now_v7().to_string());
    let token = Token { id, name: name.to_owned(), scope, revoked_at: None };
    let mut write = store.write().await?;
    write.add_token(&token, &secret.hash(), now).await?;
    let entry = AuditEntry {
        act: "token.create",
        subject: format!("token {}", token.id),
        detail: format!("{} ({})", token.name, scope.as_str()),
    };
    write.audit(actor, &entry, now).await?;
    write.commit().await?;
    Ok(secret)
}
