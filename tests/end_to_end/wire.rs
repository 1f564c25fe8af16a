//! The agent's side of the protocol driven by hand, as an enrolled PC that says what no honest agent says.

use atalaya_agent::identity::{Identity, tls};
use atalaya_proto::chain::{self, GENESIS};
use atalaya_proto::v1::collector_message::Body;
use atalaya_proto::v1::uplink_client::UplinkClient;
use atalaya_proto::v1::{
    AgentMessage, Batch, CollectorMessage, Hello, Record, RecordBody, Report, agent_message,
    record_body,
};
use jiff::Timestamp;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

pub const EPOCH: u64 = 77;

/// A channel with the PC's certificate.
pub async fn channel(identity: &Identity) -> Channel {
    tls::connect(identity.peer().unwrap()).await.unwrap()
}

pub fn hello() -> Hello {
    Hello {
        protocol_min: 1,
        protocol_max: 1,
        agent_version: "0.0.0".into(),
        sent_at_us: Timestamp::now().as_microsecond(),
        epoch: EPOCH,
        next_seq: 1,
        hostname: "a-mano".into(),
        os: "Debian".into(),
        ..Hello::default()
    }
}

/// An open stream.
pub struct Wire {
    out: mpsc::Sender<AgentMessage>,
    inbound: Streaming<CollectorMessage>,
}

impl Wire {
    /// Says that hello.
    pub async fn open(identity: &Identity, hello: Hello) -> Result<Wire, Status> {
        Wire::begin(identity, agent_message::Body::Hello(hello)).await
    }

    /// Begins with that message.
    pub async fn begin(identity: &Identity, first: agent_message::Body) -> Result<Wire, Status> {
        let (out, messages) = mpsc::channel(4);
        out.send(AgentMessage { body: Some(first) }).await.unwrap();
        let mut client = UplinkClient::new(channel(identity).await);
        let inbound = client.connect(ReceiverStream::new(messages)).await?.into_inner();
        Ok(Wire { out, inbound })
    }

    /// Says hello and waits for the welcome.
    pub async fn welcomed(identity: &Identity) -> Wire {
        let mut wire = Wire::open(identity, hello()).await.unwrap();
        let Body::Welcome(welcome) = wire.next().await.unwrap() else { panic!("no welcome") };
        assert!(welcome.approved);
        wire
    }

    pub async fn send(&self, batch: Batch) {
        let body = Some(agent_message::Body::Batch(batch));
        // The collector may have ended the stream already; the answer tells.
        let _ = self.out.send(AgentMessage { body }).await;
    }

    /// The next message that is no settings, or the status the stream ended with.
    pub async fn next(&mut self) -> Result<Body, Status> {
        loop {
            let message =
                tokio::time::timeout(std::time::Duration::from_secs(30), self.inbound.message());
            let message = message.await.expect("an answer in time")?;
            match message.and_then(|message| message.body) {
                Some(Body::Settings(_)) => {}
                Some(body) => return Ok(body),
                None => return Err(Status::aborted("ended")),
            }
        }
    }

    /// The seq acknowledged next.
    pub async fn ack(&mut self) -> u64 {
        loop {
            if let Body::Ack(ack) = self.next().await.unwrap() {
                return ack.seq;
            }
        }
    }

    /// The status the stream ends with, whatever comes before.
    pub async fn end(&mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }
}

/// Records of these bodies, chained from the first of the epoch on.
pub fn batch(bodies: Vec<Vec<u8>>) -> Batch {
    let mut previous = GENESIS;
    let record = |(at, body): (usize, Vec<u8>)| {
        let seq = at as u64 + 1;
        let record = Record { seq, prev_hash: previous.to_vec(), body };
        previous = chain::hash(&previous, seq, &record.body);
        record
    };
    let records = bodies.into_iter().enumerate().map(record).collect();
    Batch { epoch: EPOCH, records, sent_at_us: Timestamp::now().as_microsecond() }
}

/// A measurement taken then.
pub fn report(taken_at_us: i64) -> Vec<u8> {
    let body = record_body::Body::Report(Report { cpu_permille: Some(1), ..Report::default() });
    RecordBody { taken_at_us, record_class: 3, body: Some(body) }.encode_to_vec()
}

pub fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}
