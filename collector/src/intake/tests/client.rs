//! A client of the agent listener that does exactly what a test wants, also wrong things.

use std::net::SocketAddr;
use std::sync::Arc;

use atalaya_proto::chain;
use atalaya_proto::v1::enrolment_client::EnrolmentClient;
use atalaya_proto::v1::renewal_client::RenewalClient;
use atalaya_proto::v1::uplink_client::UplinkClient;
use atalaya_proto::v1::{
    AgentMessage, Batch, ChallengeRequest, CollectorMessage, EnrolRequest, Hello, Record,
    RecordBody, RecordClass, Report, TargetSpec, agent_message, collector_message::Body,
    record_body,
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use prost::Message;
use rcgen::{CertificateParams, KeyPair, SigningKey};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

use super::Bed;
use crate::domain::id::DeviceId;
use crate::pki::Authority;

/// A certificate with its key.
pub struct Identity {
    pub device: DeviceId,
    pub key: KeyPair,
    pub certificate: Vec<u8>,
    pub approved: bool,
}

/// A request for a certificate, bound to nothing.
pub fn csr(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

/// TLS settings of a client that knows the authority.
pub fn tls(authority: &Authority, identity: Option<(Vec<u8>, Vec<u8>)>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from(certificate)],
                PrivateKeyDer::try_from(key).unwrap(),
            )
            .unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// Opens a connection.
pub async fn channel(
    address: SocketAddr,
    config: ClientConfig,
) -> Result<Channel, tonic::transport::Error> {
    let tls = TlsConnector::from(Arc::new(config));
    let connector = tower::service_fn(move |_| {
        let tls = tls.clone();
        async move {
            let stream = TcpStream::connect(address).await?;
            let name = ServerName::try_from("127.0.0.1").unwrap();
            tls.connect(name, stream).await.map(TokioIo::new)
        }
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect_with_connector(connector).await
}

impl Identity {
    /// Enrols with a fresh key.
    pub async fn enrol(
        address: SocketAddr,
        authority: &Authority,
        secret: &[u8],
    ) -> Result<Identity, Status> {
        Identity::enrol_with(address, authority, secret, KeyPair::generate().unwrap()).await
    }

    /// Enrols with a given key.
    pub async fn enrol_with(
        address: SocketAddr,
        authority: &Authority,
        secret: &[u8],
        key: KeyPair,
    ) -> Result<Identity, Status> {
        let mut client =
            EnrolmentClient::new(channel(address, tls(authority, None)).await.unwrap());
        let hello = ChallengeRequest { protocol_min: 1, protocol_max: 1 };
        let nonce = client.challenge(hello).await?.into_inner().nonce;
        let csr = csr(&key);
        let proof = key.sign(&[&nonce[..], &Sha256::digest(&csr)[..]].concat()).unwrap();
        let request = EnrolRequest { secret: secret.to_vec(), csr, nonce, proof, hints: None };
        let reply = client.enrol(request).await?.into_inner();
        Ok(Identity {
            device: DeviceId::new(reply.device_id),
            key,
            certificate: reply.certificate,
            approved: reply.approved,
        })
    }

    /// Connects with this certificate.
    pub async fn channel(&self, bed: &Bed) -> Result<Channel, tonic::transport::Error> {
        let pair = (self.certificate.clone(), self.key.serialize_der());
        channel(bed.address, tls(&bed.authority, Some(pair))).await
    }

    /// A client for renewals.
    pub async fn renewal(&self, bed: &Bed) -> RenewalClient<Channel> {
        RenewalClient::new(self.channel(bed).await.unwrap())
    }
}

/// The hello of an honest agent.
pub fn hello(epoch: u64) -> Hello {
    Hello {
        protocol_min: 1,
        protocol_max: 1,
        agent_version: "0.1.0".into(),
        sent_at_us: Timestamp::now().as_microsecond(),
        epoch,
        next_seq: 1,
        hostname: "PC-01".into(),
        os: "Debian".into(),
        machine_id: "m".into(),
        ..Hello::default()
    }
}

/// An open stream.
pub struct Uplink {
    to: mpsc::Sender<AgentMessage>,
    from: Streaming<CollectorMessage>,
    pub epoch: u64,
    chain: chain::Hash,
}

impl Uplink {
    /// Opens a stream and sends that first message.
    pub async fn start(
        bed: &Bed,
        identity: &Identity,
        first: agent_message::Body,
        epoch: u64,
    ) -> Result<Uplink, Status> {
        let (to, messages) = mpsc::channel(4);
        to.send(AgentMessage { body: Some(first) }).await.unwrap();
        let mut client = UplinkClient::new(identity.channel(bed).await.unwrap());
        let from = client.connect(ReceiverStream::new(messages)).await?.into_inner();
        Ok(Uplink { to, from, epoch, chain: chain::GENESIS })
    }

    /// Opens a stream and takes the welcome of an approved device.
    pub async fn open(bed: &Bed, identity: &Identity, epoch: u64) -> Uplink {
        let first = agent_message::Body::Hello(hello(epoch));
        let mut uplink = Uplink::start(bed, identity, first, epoch).await.unwrap();
        match uplink.receive().await.unwrap() {
            Body::Welcome(welcome) => assert!(welcome.approved),
            other => panic!("a welcome was expected: {other:?}"),
        }
        uplink
    }

    /// The targets that come next; nothing else may come before.
    pub async fn settings(&mut self) -> Vec<TargetSpec> {
        match self.next().await.unwrap() {
            Body::Settings(settings) => settings.targets,
            other => panic!("settings were expected: {other:?}"),
        }
    }

    /// The next message that is no settings, which a test asks for when it wants them; an ended stream is
    /// `CANCELLED`.
    pub async fn receive(&mut self) -> Result<Body, Status> {
        loop {
            match self.next().await? {
                Body::Settings(_) => {}
                other => return Ok(other),
            }
        }
    }

    async fn next(&mut self) -> Result<Body, Status> {
        let message = self.from.message().await?;
        Ok(message.ok_or_else(|| Status::cancelled("ended"))?.body.unwrap())
    }

    /// Records in this stream's chain, numbered from `first`.
    pub fn records(&mut self, first: u64, bodies: Vec<Vec<u8>>) -> Vec<Record> {
        let mut seq = first;
        bodies
            .into_iter()
            .map(|body| {
                let record = Record { seq, prev_hash: self.chain.to_vec(), body };
                self.chain = chain::hash(&self.chain, seq, &record.body);
                seq += 1;
                record
            })
            .collect()
    }

    /// Sends records as one batch.
    pub async fn send(&mut self, records: Vec<Record>) {
        self.send_at(records, Timestamp::now()).await;
    }

    /// Sends records as one batch, by a clock that shows `sent_at`.
    pub async fn send_at(&mut self, records: Vec<Record>, sent_at: Timestamp) {
        let batch = Batch { epoch: self.epoch, records, sent_at_us: sent_at.as_microsecond() };
        let message = AgentMessage { body: Some(agent_message::Body::Batch(batch)) };
        self.to.send(message).await.unwrap();
    }

    /// Sends bodies from number `first` and gives the acknowledged number.
    pub async fn deliver(&mut self, first: u64, bodies: Vec<Vec<u8>>) -> u64 {
        let records = self.records(first, bodies);
        self.send(records).await;
        self.acknowledged().await
    }

    /// The acknowledgement that comes next.
    pub async fn acknowledged(&mut self) -> u64 {
        match self.receive().await.unwrap() {
            Body::Ack(ack) => {
                assert_eq!(ack.epoch, self.epoch);
                ack.seq
            }
            other => panic!("an acknowledgement was expected: {other:?}"),
        }
    }
}

/// An encoded measurement taken `at`.
pub fn report(at: Timestamp, cpu_permille: u32) -> Vec<u8> {
    let report = Report { cpu_permille: Some(cpu_permille), ..Report::default() };
    body(at, record_body::Body::Report(report))
}

/// An encoded record.
pub fn body(at: Timestamp, body: record_body::Body) -> Vec<u8> {
    RecordBody {
        taken_at_us: at.as_microsecond(),
        record_class: RecordClass::Metric.into(),
        body: Some(body),
    }
    .encode_to_vec()
}

/// Measurements, one a minute, the last one now.
pub fn reports(count: i64) -> Vec<Vec<u8>> {
    let now = Timestamp::now();
    let minute = |back| now - jiff::SignedDuration::from_mins(back);
    (0..count).rev().map(|back| report(minute(back), 100)).collect()
}
