//! The collector's side of the protocol, as a test drives it: a CA, a TLS listener, the three services. Every request is
//! kept; streams are handed to the test, which answers them itself.

mod listener;

use std::sync::{Arc, Mutex};

use atalaya_proto::code::EnrolmentCode;
use atalaya_proto::v1::enrolment_server::{Enrolment, EnrolmentServer};
use atalaya_proto::v1::renewal_server::{Renewal, RenewalServer};
use atalaya_proto::v1::uplink_server::{Uplink, UplinkServer};
use atalaya_proto::v1::{
    Ack, AgentMessage, Batch, ChallengeReply, ChallengeRequest, CollectorMessage, ConfirmReply,
    ConfirmRequest, EnrolReply, EnrolRequest, Hello, RenewReply, RenewRequest, Welcome,
    agent_message, collector_message,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType, date_time_ymd,
};
use rustls::pki_types::CertificateSigningRequestDer;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

pub const DEVICE: &str = "01900000-0000-7000-8000-000000000001";

/// What the collector was asked and how it is to answer.
#[derive(Default)]
pub struct Record {
    pub challenges: usize,
    pub enrolments: Vec<EnrolRequest>,
    pub renewals: usize,
    /// Generation named by the certificate that confirmed.
    pub confirmations: usize,
    /// The answer to the next enrolment gets lost on its way.
    pub lose_enrolment: bool,
    /// Days, from and to, of certificates issued; now is 2026 or later.
    pub issue_years: Option<(i32, i32)>,
    /// What a new stream is refused with.
    pub refuse: Option<Status>,
    /// What a confirmation is refused with.
    pub refuse_confirm: Option<Status>,
}

pub struct Collector {
    pub address: String,
    pub record: Arc<Mutex<Record>>,
    pub ca: Arc<CertifiedIssuer<'static, KeyPair>>,
    streams: mpsc::Receiver<Stream>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Collector {
    pub async fn start() -> Collector {
        let ca = Arc::new(authority());
        Collector::start_as(ca.clone(), &ca, (2020, 2090)).await
    }

    /// One whose own certificate is valid in these years.
    pub async fn start_dated(years: (i32, i32)) -> Collector {
        let ca = Arc::new(authority());
        Collector::start_as(ca.clone(), &ca, years).await
    }

    /// `signer` signs the server's certificate, `shown` is shown as the CA.
    pub async fn start_as(
        ca: Arc<CertifiedIssuer<'static, KeyPair>>,
        signer: &CertifiedIssuer<'static, KeyPair>,
        years: (i32, i32),
    ) -> Collector {
        let record = Arc::new(Mutex::new(Record::default()));
        let (send, streams) = mpsc::channel(8);
        let service = Service { record: record.clone(), ca: ca.clone(), streams: send };
        let (address, incoming) = listener::listen(&ca, signer, years).await;
        let server = tonic::transport::Server::builder()
            .add_service(EnrolmentServer::new(service.clone()))
            .add_service(RenewalServer::new(service.clone()))
            .add_service(UplinkServer::new(service))
            .serve_with_incoming(incoming);
        let server = tokio::spawn(async move { server.await.unwrap() });
        Collector { address, record, ca, streams, server }
    }

    pub fn code(&self) -> EnrolmentCode {
        let ca_pin = atalaya_agent::identity::tls::pin_of(self.ca.der()).unwrap();
        EnrolmentCode { address: self.address.clone(), ca_pin, secret: [42; 32] }
    }

    /// The next stream an agent opens, with its hello.
    pub async fn stream(&mut self) -> (Hello, Stream) {
        let mut stream = crate::soon("a stream", self.streams.recv()).await.unwrap();
        let hello = match stream.message().await {
            Some(agent_message::Body::Hello(hello)) => hello,
            other => panic!("no hello: {other:?}"),
        };
        (hello, stream)
    }
}

/// One stream, from the collector's end.
pub struct Stream {
    inbound: Streaming<AgentMessage>,
    outbound: mpsc::Sender<Result<CollectorMessage, Status>>,
}

impl Stream {
    /// The next message; `None` when the agent is gone.
    pub async fn message(&mut self) -> Option<agent_message::Body> {
        crate::soon("a message", self.inbound.message()).await.ok()??.body
    }

    pub async fn batch(&mut self) -> Batch {
        match self.message().await {
            Some(agent_message::Body::Batch(batch)) => batch,
            other => panic!("no batch: {other:?}"),
        }
    }

    pub async fn send(&self, body: collector_message::Body) {
        self.outbound.send(Ok(CollectorMessage { body: Some(body) })).await.unwrap();
    }

    pub async fn welcome(&self, stored_seq: u64) {
        self.send(collector_message::Body::Welcome(welcome(stored_seq))).await;
    }

    pub async fn ack(&self, batch: &Batch) {
        let seq = batch.records.last().unwrap().seq;
        self.send(collector_message::Body::Ack(Ack { epoch: batch.epoch, seq })).await;
    }

    pub async fn end(self, status: Status) {
        self.outbound.send(Err(status)).await.unwrap();
    }
}

pub fn welcome(stored_seq: u64) -> Welcome {
    let now_us = jiff::Timestamp::now().as_microsecond();
    Welcome { protocol: 1, stored_seq, now_us, approved: true, ..Welcome::default() }
}

pub fn texts(batch: &Batch) -> Vec<String> {
    batch.records.iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect()
}

#[derive(Clone)]
struct Service {
    record: Arc<Mutex<Record>>,
    ca: Arc<CertifiedIssuer<'static, KeyPair>>,
    streams: mpsc::Sender<Stream>,
}

impl Service {
    fn issue(&self, csr: &[u8]) -> Vec<u8> {
        let csr = CertificateSigningRequestDer::from(csr);
        let mut csr = CertificateSigningRequestParams::from_der(&csr).unwrap();
        let (from, to) = self.record.lock().unwrap().issue_years.unwrap_or((2020, 2090));
        csr.params.not_before = date_time_ymd(from, 1, 1);
        csr.params.not_after = date_time_ymd(to, 1, 1);
        let uri = format!("urn:atalaya:device:{DEVICE}");
        csr.params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        csr.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        csr.signed_by(&self.ca).unwrap().der().to_vec()
    }
}

#[tonic::async_trait]
impl Enrolment for Service {
    async fn challenge(
        &self,
        _: Request<ChallengeRequest>,
    ) -> Result<Response<ChallengeReply>, Status> {
        self.record.lock().unwrap().challenges += 1;
        Ok(Response::new(ChallengeReply { nonce: vec![3; 32] }))
    }

    async fn enrol(&self, request: Request<EnrolRequest>) -> Result<Response<EnrolReply>, Status> {
        let request = request.into_inner();
        let certificate = self.issue(&request.csr);
        let mut record = self.record.lock().unwrap();
        record.enrolments.push(request);
        if std::mem::take(&mut record.lose_enrolment) {
            return Err(Status::unavailable("lost"));
        }
        let ca_certificate = self.ca.der().to_vec();
        let device_id = DEVICE.into();
        Ok(Response::new(EnrolReply { device_id, certificate, ca_certificate, approved: true }))
    }
}

#[tonic::async_trait]
impl Renewal for Service {
    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewReply>, Status> {
        let certificate = self.issue(&request.get_ref().csr);
        let mut record = self.record.lock().unwrap();
        record.renewals += 1;
        let generation = record.renewals as u32 + 1;
        let ca_certificate = self.ca.der().to_vec();
        Ok(Response::new(RenewReply { certificate, ca_certificate, generation }))
    }

    async fn confirm(&self, _: Request<ConfirmRequest>) -> Result<Response<ConfirmReply>, Status> {
        let mut record = self.record.lock().unwrap();
        if let Some(status) = record.refuse_confirm.take() {
            return Err(status);
        }
        record.confirmations += 1;
        Ok(Response::new(ConfirmReply {}))
    }
}

#[tonic::async_trait]
impl Uplink for Service {
    type ConnectStream = ReceiverStream<Result<CollectorMessage, Status>>;

    async fn connect(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        if let Some(status) = self.record.lock().unwrap().refuse.take() {
            return Err(status);
        }
        let (outbound, messages) = mpsc::channel(8);
        let stream = Stream { inbound: request.into_inner(), outbound };
        self.streams.send(stream).await.map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}
