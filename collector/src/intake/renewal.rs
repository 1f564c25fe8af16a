//! The renewal service: the only one that also takes a certificate that expired a while ago.

use std::sync::Arc;
use std::time::{Duration, Instant};

use atalaya_proto::v1::renewal_server::Renewal;
use atalaya_proto::v1::{ConfirmReply, ConfirmRequest, RenewReply, RenewRequest};
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use super::rate::Rate;
use super::server::Shared;
use super::{host, peer};
use crate::actions::renew;
use crate::pki;

/// Renewals from one address: each signs and writes; a whole building may share an address.
const ATTEMPTS: (u32, Duration) = (200, Duration::from_secs(1));

/// The service.
#[derive(Debug)]
pub struct RenewalService {
    shared: Arc<Shared>,
    attempts: Rate,
}

impl RenewalService {
    /// A service with fresh bounds.
    pub fn new(shared: Arc<Shared>) -> Self {
        RenewalService { shared, attempts: Rate::new(ATTEMPTS.0, ATTEMPTS.1) }
    }
}

#[tonic::async_trait]
impl Renewal for RenewalService {
    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewReply>, Status> {
        let now = Timestamp::now();
        let peer = peer::of(&request)?;
        let caller = peer.late_caller(now)?;
        if !self.attempts.take(host(peer.address), Instant::now()) {
            let text = "demasiadas renovaciones desde esta dirección: espere un momento";
            return Err(Status::resource_exhausted(text));
        }
        let request = request.into_inner();
        let csr = pki::Request::parse(&request.csr)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let authority = &self.shared.authority;
        let issue = |generation| {
            authority
                .issue(&caller.device, generation, &csr, now)
                .map_err(|error| error.to_string())
        };
        let (store, device) = (&self.shared.store, &caller.device);
        let (serial, start) = (&caller.serial, request.start_id);
        let issued = renew::renew(store, device, serial, csr.key_hash(), start, issue).await;
        let issued = issued.map_err(|error| refusal(&error))?;
        tracing::info!(%device, generation = issued.generation, "certificate renewed");
        Ok(Response::new(RenewReply {
            certificate: issued.der,
            ca_certificate: authority.certificate().to_vec(),
            generation: issued.generation,
        }))
    }

    async fn confirm(
        &self,
        request: Request<ConfirmRequest>,
    ) -> Result<Response<ConfirmReply>, Status> {
        let now = Timestamp::now();
        let caller = peer::of(&request)?.caller(now)?;
        let (store, device) = (&self.shared.store, &caller.device);
        let confirmed = renew::confirm(store, device, &caller.serial, now).await;
        confirmed.map_err(|error| refusal(&error))?;
        // A stream that still uses the older certificate ends; its agent comes back with the new one.
        self.shared.sessions.end_others(&caller.device, &caller.serial);
        Ok(Response::new(ConfirmReply {}))
    }
}

fn refusal(error: &renew::Error) -> Status {
    match error {
        renew::Error::Refused(why) => Status::permission_denied(*why),
        renew::Error::OldKey => Status::invalid_argument(error.to_string()),
        renew::Error::Issue(error) => {
            tracing::error!(error, "a certificate could not be issued");
            Status::internal("el colector no pudo emitir el certificado")
        }
        renew::Error::Store(error) => {
            tracing::error!(%error, "a renewal could not be stored");
            Status::unavailable("el colector no alcanza su base de datos")
        }
    }
}
