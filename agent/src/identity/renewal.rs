//! Renewal in two phases: the next generation is issued and kept beside the present one, proves itself by a connection
//! of its own, and only then takes its place. A crash at any point leaves an identity the collector accepts.

use atalaya_proto::limits;
use atalaya_proto::v1::renewal_client::RenewalClient;
use atalaya_proto::v1::{ConfirmRequest, RenewRequest};
use jiff::{SignedDuration, Timestamp};
use rcgen::KeyPair;
use tonic::{Code, Status};

use super::enrolment::csr;
use super::tls::{self, ConnectError};
use super::{Identity, IdentityError, Store, Validity};

/// How long after its end a certificate may still be renewed.
const GRACE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What a certificate's age asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Nothing yet.
    Fresh,
    /// A fresh key is due; the certificate still works.
    Due,
    /// It works for renewal only.
    Expired,
    /// It works for nothing; a person must enrol this PC again.
    Dead,
}

impl Age {
    /// The age of a certificate at `now`, which is the collector's time as far as it is known.
    pub fn of(validity: &Validity, now: Timestamp) -> Age {
        if now < validity.half_life() {
            Age::Fresh
        } else if now < validity.to {
            Age::Due
        } else if now.duration_since(validity.to) <= GRACE {
            Age::Expired
        } else {
            Age::Dead
        }
    }
}

/// Why a renewal came to no end; the text is Spanish, for people.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is what its message says")]
pub enum RenewalError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("el colector no renovó el certificado de este equipo: {0}")]
    Refused(String),
    #[error("la renovación quedó a medias ({0}); se intentará de nuevo")]
    Failed(String),
    #[error("no se pudo preparar la llave: {0}")]
    Key(#[from] rcgen::Error),
}

impl From<Status> for RenewalError {
    fn from(status: Status) -> Self {
        let message = atalaya_reading::bounds::text(status.message(), 300);
        let said = if message.is_empty() { status.code().description().into() } else { message };
        match status.code() {
            Code::Unauthenticated
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::NotFound => RenewalError::Refused(said),
            _ => RenewalError::Failed(said),
        }
    }
}

/// First phase: a fresh key and its certificate, kept beside the present ones. `start_id`: which start of the service
/// asks; 0: none.
///
/// # Errors
/// The present identity stays in use.
pub async fn renew(store: &Store, current: &Identity, start_id: u64) -> Result<(), RenewalError> {
    let key = KeyPair::generate()?;
    let mut client = RenewalClient::new(tls::connect(current.peer()?).await?)
        .max_decoding_message_size(limits::MESSAGE_BYTES);
    let reply = client.renew(RenewRequest { csr: csr(&key)?, start_id }).await?.into_inner();
    let (certificate, ca) = (&reply.certificate, &reply.ca_certificate);
    let next = current.renewed(certificate, ca, key.serialize_pem(), reply.generation);
    next.check()?;
    store.put_next(&next)?;
    tracing::info!(generation = next.generation, "a renewed certificate waits to be confirmed");
    Ok(())
}

/// Second phase: the next generation connects, says so, and takes the place of the present one. Safe to repeat.
///
/// # Errors
/// [`RenewalError::Refused`] when the collector does not know it: it is given up then.
pub async fn confirm(store: &Store, next: &Identity) -> Result<(), RenewalError> {
    let mut client = RenewalClient::new(tls::connect(next.peer()?).await?);
    match client.confirm(ConfirmRequest {}).await.map_err(RenewalError::from) {
        Ok(_) => {
            store.promote_next()?;
            tracing::info!(generation = next.generation, "the renewed certificate is in use");
            Ok(())
        }
        Err(refused @ RenewalError::Refused(_)) => {
            store.discard_next()?;
            Err(refused)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_at_half_life_and_for_ninety_days_after_its_end() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let validity = Validity { from: day(0), to: day(14) };
        let cases = [
            (0, Age::Fresh),
            (6, Age::Fresh),
            (7, Age::Due),
            (13, Age::Due),
            (14, Age::Expired),
            (104, Age::Expired),
            (105, Age::Dead),
        ];
        for (at, age) in cases {
            assert_eq!(Age::of(&validity, day(at)), age, "day {at}");
        }
    }
}
