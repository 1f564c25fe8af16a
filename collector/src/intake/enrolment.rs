//! The enrolment service: open to callers without a certificate, so it gives nothing away and is slow to repeat.

use std::sync::Arc;
use std::time::{Duration, Instant};

use atalaya_proto::v1::enrolment_server::Enrolment;
use atalaya_proto::v1::{ChallengeReply, ChallengeRequest, EnrolReply, EnrolRequest};
use atalaya_proto::{PROTOCOL_MAX, PROTOCOL_MIN, negotiate};
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use super::nonces::Nonces;
use super::rate::Rate;
use super::server::Shared;
use super::{decode, host, peer};
use crate::actions::create_code::hash_of;
use crate::actions::enrol::{self, Applicant, Enrolled};
use crate::domain::enrolment::Refusal;
use crate::pki;

/// Enrolments one address may begin: a whole building may share one.
const BEGINNINGS: (u32, Duration) = (200, Duration::from_millis(200));
/// Failures one address may have: nobody guesses 256 bits, but nobody needs to try.
const FAILURES: (u32, Duration) = (10, Duration::from_secs(6));
/// The same for every secret nobody made.
const UNKNOWN: &str = "el código de alta no es válido";

/// The service.
#[derive(Debug)]
pub struct EnrolmentService {
    shared: Arc<Shared>,
    nonces: Nonces,
    beginnings: Rate,
    failures: Rate,
}

impl EnrolmentService {
    /// A service with fresh bounds.
    pub fn new(shared: Arc<Shared>) -> Self {
        EnrolmentService {
            shared,
            nonces: Nonces::default(),
            beginnings: Rate::new(BEGINNINGS.0, BEGINNINGS.1),
            failures: Rate::new(FAILURES.0, FAILURES.1),
        }
    }

    async fn try_enrol(&self, request: Request<EnrolRequest>) -> Result<EnrolReply, Status> {
        let from = host(peer::of(&request)?.address);
        let request = request.into_inner();
        if !self.nonces.take_back(&request.nonce, Instant::now()) {
            return Err(Status::failed_precondition("el intento tardó demasiado: repita el alta"));
        }
        let csr = pki::Request::parse(&request.csr)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        if !csr.is_bound_to(&request.nonce, &request.proof) {
            return Err(Status::invalid_argument("proof: no signature by the key of csr"));
        }
        let applicant = Applicant {
            secret_hash: hash_of(&request.secret),
            key_hash: csr.key_hash().to_owned(),
            from,
            hints: decode::hints(request.hints.unwrap_or_default()),
        };
        let (authority, now) = (&self.shared.authority, Timestamp::now());
        let issue = |device: &_, generation| {
            authority.issue(device, generation, &csr, now).map_err(|error| error.to_string())
        };
        let enrolled = enrol::enrol(&self.shared.store, &applicant, issue, now).await;
        let enrolled = enrolled.map_err(|error| refusal(&error))?;
        self.shared.live.nudge();
        tracing::info!(
            device = %enrolled.certificate.device, %from, approved = enrolled.approved, "enrolled"
        );
        Ok(self.reply(enrolled))
    }

    fn reply(&self, enrolled: Enrolled) -> EnrolReply {
        EnrolReply {
            device_id: enrolled.certificate.device.to_string(),
            certificate: enrolled.certificate.der,
            ca_certificate: self.shared.authority.certificate().to_vec(),
            approved: enrolled.approved,
        }
    }
}

#[tonic::async_trait]
impl Enrolment for EnrolmentService {
    async fn challenge(
        &self,
        request: Request<ChallengeRequest>,
    ) -> Result<Response<ChallengeReply>, Status> {
        let from = host(peer::of(&request)?.address);
        let request = request.into_inner();
        if negotiate(request.protocol_min, request.protocol_max).is_none() {
            return Err(Status::failed_precondition(format!(
                "el agente habla las versiones {} a {} del protocolo y el colector {PROTOCOL_MIN} a \
                 {PROTOCOL_MAX}",
                request.protocol_min, request.protocol_max
            )));
        }
        let now = Instant::now();
        let busy = || Status::resource_exhausted("demasiadas altas a la vez: espere un momento");
        if !self.beginnings.take(from, now) {
            return Err(busy());
        }
        let nonce = self.nonces.hand_out(now).ok_or_else(busy)?;
        Ok(Response::new(ChallengeReply { nonce: nonce.to_vec() }))
    }

    async fn enrol(&self, request: Request<EnrolRequest>) -> Result<Response<EnrolReply>, Status> {
        let from = host(peer::of(&request)?.address);
        if !self.failures.allows(from, Instant::now()) {
            let text = "demasiados intentos fallidos desde esta dirección: espere un minuto";
            return Err(Status::resource_exhausted(text));
        }
        let outcome = self.try_enrol(request).await;
        if outcome.is_ok() {
            // Whoever has codes may spend as many as they have.
            self.beginnings.give_back(from);
        }
        if let Err(status) = &outcome
            && status.code() != tonic::Code::Unavailable
        {
            self.failures.take(from, Instant::now());
            metrics::counter!("atalaya_enrolments_refused_total").increment(1);
            tracing::warn!(%from, reason = status.message(), "enrolment refused");
        }
        outcome.map(Response::new)
    }
}

fn refusal(error: &enrol::Error) -> Status {
    match error {
        enrol::Error::Unknown => Status::permission_denied(UNKNOWN),
        enrol::Error::Refused(refusal) => match refusal {
            Refusal::Expired | Refusal::Spent | Refusal::SpentByAnother | Refusal::WrongNetwork => {
                Status::permission_denied(refusal.to_string())
            }
        },
        enrol::Error::Issue(error) => {
            tracing::error!(error, "a certificate could not be issued");
            Status::internal("el colector no pudo emitir el certificado")
        }
        enrol::Error::Store(error) => {
            tracing::error!(%error, "an enrolment could not be stored");
            Status::unavailable("el colector no alcanza su base de datos: repita el alta más tarde")
        }
    }
}
