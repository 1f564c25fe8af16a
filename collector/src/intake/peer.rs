//! Who is at the other end of a connection, as far as TLS can tell.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use tonic::Status;

use crate::domain::id::DeviceId;
use crate::pki::{self, Credential, Standing};

/// Told to a device whose certificate can no longer be renewed.
const TOO_LATE: &str = "el certificado de este equipo venció hace más de 90 días: dé de alta el equipo con un código \
                        nuevo (atalaya-agent enroll --force CÓDIGO); el colector propondrá unirlo con el que era";

/// Told to a device whose certificate is of a CA that was retired.
const RETIRED: &str = "la autoridad del colector cambió mientras este equipo no se conectaba: dé de alta el equipo con \
                       un código nuevo (atalaya-agent enroll --force CÓDIGO); el colector propondrá unirlo con el que era";

/// The other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Where it connects from.
    pub address: SocketAddr,
    /// Its certificate, verified, though perhaps expired. None: it showed none.
    pub credential: Option<Arc<Credential>>,
}

/// A device that proved its certificate's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Which.
    pub device: DeviceId,
    /// Serial number of the certificate it used, lower-case hexadecimal.
    pub serial: String,
    /// Where it calls from, without the port.
    pub address: IpAddr,
    /// Its certificate is of the CA before the present one.
    pub renew_soon: bool,
}

impl Peer {
    /// The device, when its certificate has not expired.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a certificate and with an expired one.
    pub fn caller(&self, now: Timestamp) -> Result<Caller, Status> {
        let credential = self.renewable(now)?;
        if credential.not_after < now {
            let text = "el certificado de este equipo venció: debe renovarse antes de conectarse";
            return Err(Status::unauthenticated(text));
        }
        Ok(self.of(credential))
    }

    /// The device, also for a while after its certificate expired: for renewals only.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a certificate, and when it expired too long ago.
    pub fn late_caller(&self, now: Timestamp) -> Result<Caller, Status> {
        let credential = self.renewable(now)?;
        Ok(self.of(credential))
    }

    fn renewable(&self, now: Timestamp) -> Result<&Credential, Status> {
        let credential = self.credential()?;
        if credential.standing == Standing::Retired {
            return Err(Status::unauthenticated(RETIRED));
        }
        if pki::is_too_late(credential.not_after, now) {
            return Err(Status::unauthenticated(TOO_LATE));
        }
        Ok(credential)
    }

    fn of(&self, credential: &Credential) -> Caller {
        Caller {
            device: credential.device.clone(),
            serial: credential.serial.clone(),
            address: super::host(self.address),
            renew_soon: credential.standing == Standing::Former,
        }
    }

    fn credential(&self) -> Result<&Credential, Status> {
        let missing = || Status::unauthenticated("se necesita el certificado del equipo");
        self.credential.as_deref().ok_or_else(missing)
    }
}

/// The peer of a request, noted when its connection was accepted.
///
/// # Errors
/// `INTERNAL` when the listener did not note it.
pub fn of<T>(request: &tonic::Request<T>) -> Result<Peer, Status> {
    let peer = request.extensions().get::<Peer>().cloned();
    peer.ok_or_else(|| Status::internal("connection without a peer"))
}
