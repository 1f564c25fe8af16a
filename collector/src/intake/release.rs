//! The release service: says which release a device is offered and hands its program out, to few at a time.

use std::collections::HashSet;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use atalaya_proto::limits;
use atalaya_proto::release::{PIECE_BYTES, TARGET};
use atalaya_proto::v1::release_server::Release;
use atalaya_proto::v1::{DownloadRequest, OfferedReply, OfferedRequest, Piece};
use jiff::Timestamp;
use tokio::io::AsyncReadExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::peer::Caller;
use super::rate::Rate;
use super::server::Shared;
use super::{host, peer};
use crate::actions::offered_release::{
    Error, Question, offered_release, open_program, release_to_download,
};
use crate::domain::device::DeviceStatus;
use crate::domain::id::DeviceId;
use crate::domain::reading::bounds;

/// Downloads at a time: a fleet that is offered a release must not take the line from what it has to report.
const DOWNLOADS: usize = 4;
/// Questions from one address: a whole building may share one.
const QUESTIONS: (u32, Duration) = (1000, Duration::from_millis(100));
/// How long a piece may wait for an agent that does not read, and a download last.
const UNREAD: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The service.
#[derive(Debug)]
pub struct ReleaseService {
    shared: Arc<Shared>,
    data_dir: PathBuf,
    questions: Rate,
    places: Arc<Semaphore>,
    served: Served,
}

/// Devices that download.
type Served = Arc<Mutex<HashSet<DeviceId>>>;

impl ReleaseService {
    /// A service on the programs of a data folder.
    pub fn new(shared: Arc<Shared>, data_dir: PathBuf) -> Self {
        ReleaseService {
            shared,
            data_dir,
            questions: Rate::new(QUESTIONS.0, QUESTIONS.1),
            places: Arc::new(Semaphore::new(DOWNLOADS)),
            served: Served::default(),
        }
    }

    fn caller<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        let peer = peer::of(request)?;
        let caller = peer.caller(Timestamp::now())?;
        if !self.questions.take(host(peer.address), Instant::now()) {
            let text = "demasiadas preguntas desde esta dirección: espere un momento";
            return Err(Status::resource_exhausted(text));
        }
        Ok(caller)
    }
}

#[tonic::async_trait]
impl Release for ReleaseService {
    type DownloadStream = ReceiverStream<Result<Piece, Status>>;

    async fn offered(
        &self,
        request: Request<OfferedRequest>,
    ) -> Result<Response<OfferedReply>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        let target = bounds::text(&request.target, TARGET);
        let running = bounds::text(&request.agent_version, limits::VERSION);
        let Caller { device, serial, .. } = &caller;
        let question = Question { device, serial, target: &target, running: &running };
        let found = offered_release(&self.shared.store, &question, Timestamp::now()).await;
        let found = found.map_err(|error| refusal(&error))?;
        let reply = found.map_or_else(OfferedReply::default, |release| OfferedReply {
            manifest: release.manifest.to_string().into_bytes(),
            signature: release.signature,
        });
        Ok(Response::new(reply))
    }

    async fn download(
        &self,
        request: Request<DownloadRequest>,
    ) -> Result<Response<Self::DownloadStream>, Status> {
        let caller = self.caller(&request)?;
        let wanted = request.into_inner().sha256;
        let busy =
            || Status::resource_exhausted("otros equipos están descargando: vuelva más tarde");
        let place = self.places.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = Turn::take(&self.served, &caller.device, place).ok_or_else(busy)?;
        let Caller { device, serial, .. } = &caller;
        let found = release_to_download(&self.shared.store, device, serial, &wanted).await;
        let release = found
            .map_err(|error| refusal(&error))?
            .ok_or_else(|| Status::not_found("esta versión no se ofrece a este equipo"))?;
        let program = open_program(&self.data_dir, &release).map_err(|error| {
            let version = release.manifest.version;
            tracing::error!(%error, %version, "the program of a release is not there");
            Status::unavailable("el colector no tiene el programa de esta versión")
        })?;
        tracing::info!(device = %caller.device, version = %release.manifest.version, "download");
        let (out, pieces) = mpsc::channel(2);
        tokio::spawn(hand_out(self.shared.clone(), caller.device, turn, program, out));
        Ok(Response::new(ReceiverStream::new(pieces)))
    }
}

fn refusal(error: &Error) -> Status {
    match error {
        Error::Refused(why) => Status::permission_denied(*why),
        Error::Store(error) => {
            tracing::error!(%error, "releases could not be read");
            Status::unavailable("el colector no alcanza su base de datos")
        }
    }
}

/// Reads the program and sends it, until the end, the agent's absence, its revocation, or too long.
async fn hand_out(
    shared: Arc<Shared>,
    device: DeviceId,
    turn: Turn,
    program: File,
    out: mpsc::Sender<Result<Piece, Status>>,
) {
    let sending = async {
        let mut program = tokio::fs::File::from_std(program);
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let approved = shared.roster.status(&device) == Some(DeviceStatus::Approved);
            let piece = if !approved || *shared.ending.borrow() {
                Err(Status::permission_denied("ya no se atiende a este equipo"))
            } else {
                match program.read(&mut buffer).await {
                    Ok(0) => return,
                    Ok(count) => Ok(Piece { data: buffer[..count].to_vec() }),
                    Err(error) => {
                        tracing::error!(%error, "the program of a release cannot be read");
                        Err(Status::unavailable("el colector no puede leer el programa"))
                    }
                }
            };
            let last = piece.is_err();
            let sent = tokio::time::timeout(UNREAD, out.send(piece)).await;
            // It is gone, or does not read.
            if last || !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    };
    if tokio::time::timeout(LONGEST, sending).await.is_err() {
        tracing::warn!(%device, "a download took too long and was ended");
    }
    drop(turn);
}

/// One download of a device; a second one at the same time is none.
struct Turn {
    served: Served,
    device: DeviceId,
    _place: OwnedSemaphorePermit,
}

impl Turn {
    fn take(served: &Served, device: &DeviceId, place: OwnedSemaphorePermit) -> Option<Turn> {
        let fresh = served.lock().unwrap_or_else(PoisonError::into_inner).insert(device.clone());
        fresh.then(|| Turn { served: served.clone(), device: device.clone(), _place: place })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.device);
    }
}
