//! The uplink service: checks who calls and hands the stream to a task of its own.

use std::sync::Arc;

use atalaya_proto::v1::uplink_server::Uplink;
use atalaya_proto::v1::{AgentMessage, CollectorMessage};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::server::Shared;
use super::{peer, stream};

/// Messages to an agent that may wait to be sent.
const OUTBOX: usize = 8;

/// The service.
#[derive(Debug, Clone)]
pub struct UplinkService {
    /// What all services share.
    pub shared: Arc<Shared>,
}

#[tonic::async_trait]
impl Uplink for UplinkService {
    type ConnectStream = ReceiverStream<Result<CollectorMessage, Status>>;

    async fn connect(
        &self,
        request: Request<Streaming<AgentMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let caller = peer::of(&request)?.caller(Timestamp::now())?;
        let (out, messages) = mpsc::channel(OUTBOX);
        tokio::spawn(stream::serve(self.shared.clone(), caller, request.into_inner(), out));
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}
