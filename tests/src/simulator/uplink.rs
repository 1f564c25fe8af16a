//! One stream of a simulated PC, from Hello on. What is sent when is the caller's business.

use anyhow::{Context, Result, bail};
use atalaya_proto::v1::{
    AgentMessage, Batch, CollectorMessage, Hello, Welcome, agent_message, collector_message,
    uplink_client::UplinkClient,
};
use atalaya_proto::{PROTOCOL_MAX, PROTOCOL_MIN};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use super::pc::Pc;
use super::spool::Spool;

/// What simulated PCs say they run.
pub const VERSION: &str = "simulador";

/// An open stream.
pub struct Uplink {
    to: mpsc::Sender<AgentMessage>,
    from: Streaming<CollectorMessage>,
}

impl Uplink {
    /// Says hello and waits until the collector welcomes the PC as approved.
    ///
    /// # Errors
    /// When the stream breaks or the collector refuses.
    pub async fn open(channel: Channel, pc: &Pc, spool: &Spool) -> Result<(Uplink, Welcome)> {
        let (to, messages) = mpsc::channel(4);
        let hello = Hello {
            protocol_min: PROTOCOL_MIN,
            protocol_max: PROTOCOL_MAX,
            agent_version: VERSION.into(),
            sent_at_us: pc.clock(Timestamp::now()).as_microsecond(),
            epoch: spool.epoch,
            next_seq: spool.next_seq(),
            hostname: pc.hostname.clone(),
            os: pc.os().into(),
            machine_id: pc.machine_id(),
            ..Hello::default()
        };
        to.send(AgentMessage { body: Some(agent_message::Body::Hello(hello)) }).await?;
        let stream = UplinkClient::new(channel).connect(ReceiverStream::new(messages)).await?;
        let mut uplink = Uplink { to, from: stream.into_inner() };
        loop {
            match uplink.receive().await? {
                collector_message::Body::Welcome(welcome) if welcome.approved => {
                    return Ok((uplink, welcome));
                }
                collector_message::Body::Welcome(_) => {}
                other => bail!("a welcome was expected, this came: {other:?}"),
            }
        }
    }

    /// Sends the oldest records.
    ///
    /// # Errors
    /// When the stream is gone.
    pub async fn send(&self, spool: &Spool, most: usize, sent_at: Timestamp) -> Result<()> {
        let records = spool.oldest(most);
        let batch = Batch { epoch: spool.epoch, records, sent_at_us: sent_at.as_microsecond() };
        let message = AgentMessage { body: Some(agent_message::Body::Batch(batch)) };
        self.to.send(message).await.context("the stream is gone")
    }

    /// The next message.
    ///
    /// # Errors
    /// When the stream ends.
    pub async fn receive(&mut self) -> Result<collector_message::Body> {
        let message = self.from.message().await?.context("the collector ended the stream")?;
        message.body.context("a message without a body")
    }
}
