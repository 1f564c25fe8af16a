//! The collector's release service, on a connection of its own: which release is offered, and its program.

use std::io;
use std::time::Duration;

use atalaya_proto::release::{MANIFEST_BYTES, PIECE_BYTES, SIGNATURE_BYTES};
use atalaya_proto::v1::release_client::ReleaseClient;
use atalaya_proto::v1::{DownloadRequest, OfferedRequest};
use atalaya_reading::bounds;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::identity::{Store, tls};

/// For an answer, and between two pieces.
const ANSWER: Duration = Duration::from_secs(30);
/// For a whole download; a slower line has other worries than a new version.
const DOWNLOAD: Duration = Duration::from_secs(20 * 60);

/// A release as it is offered: nothing of it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The manifest.
    pub manifest: Vec<u8>,
    /// Its signature.
    pub signature: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseError {
    /// Others are being served.
    Busy,
    /// Spanish, for people.
    Said(String),
}

impl From<Status> for ReleaseError {
    fn from(status: Status) -> Self {
        match status.code() {
            Code::ResourceExhausted => ReleaseError::Busy,
            code => {
                let said = bounds::text(status.message(), 300);
                ReleaseError::Said(format!("el colector no entrega la versión ({code}: {said})"))
            }
        }
    }
}

/// The service.
pub struct Releases {
    client: ReleaseClient<Channel>,
}

impl Releases {
    /// Connects as the identity in use.
    ///
    /// # Errors
    /// When the identity or the collector is not to be had.
    pub async fn connect(store: &Store) -> Result<Releases, ReleaseError> {
        let said = |error: &dyn ToString| ReleaseError::Said(error.to_string());
        let identity = store.current().map_err(|error| said(&error))?;
        let peer = identity.peer().map_err(|error| said(&error))?;
        let channel = tls::connect(peer).await.map_err(|error| said(&error))?;
        let client = ReleaseClient::new(channel).max_decoding_message_size(PIECE_BYTES + 1024);
        Ok(Releases { client })
    }

    /// The release this PC is offered, if any.
    ///
    /// # Errors
    /// When the collector does not answer, or refuses.
    pub async fn offered(
        &mut self,
        target: &str,
        version: &str,
    ) -> Result<Option<Offer>, ReleaseError> {
        let request = OfferedRequest { target: target.into(), agent_version: version.into() };
        let reply = match timeout(ANSWER, self.client.offered(request)).await {
            Ok(Ok(reply)) => reply.into_inner(),
            // An older collector has no releases.
            Ok(Err(status)) if status.code() == Code::Unimplemented => return Ok(None),
            Ok(Err(status)) => return Err(status.into()),
            Err(_) => return Err(silent()),
        };
        if reply.manifest.is_empty() {
            return Ok(None);
        }
        if reply.manifest.len() > MANIFEST_BYTES || reply.signature.len() > SIGNATURE_BYTES {
            return Err(ReleaseError::Said(
                "el colector ofrece algo que no es un manifiesto".into(),
            ));
        }
        Ok(Some(Offer { manifest: reply.manifest, signature: reply.signature }))
    }

    /// Hands the pieces of a program on, in order. The inner error is what `take` said; it ends the download.
    ///
    /// # Errors
    /// When the download breaks, stands still or takes too long.
    pub async fn download(
        &mut self,
        sha256: &[u8; 32],
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<io::Result<()>, ReleaseError> {
        let whole = async {
            let request = DownloadRequest { sha256: sha256.to_vec() };
            let opened = timeout(ANSWER, self.client.download(request)).await;
            let mut pieces = opened.map_err(|_| silent())??.into_inner();
            loop {
                let piece = timeout(ANSWER, pieces.message()).await.map_err(|_| silent())??;
                let Some(piece) = piece else { return Ok(Ok(())) };
                if let Err(error) = take(&piece.data) {
                    return Ok(Err(error));
                }
            }
        };
        timeout(DOWNLOAD, whole).await.unwrap_or_else(|_| Err(silent()))
    }
}

fn silent() -> ReleaseError {
    ReleaseError::Said("el colector tarda demasiado en entregar la versión".into())
}
