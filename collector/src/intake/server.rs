//! Puts the services together: what they share, the gRPC server with its bounds, and the tasks beside it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use atalaya_proto::v1::enrolment_server::EnrolmentServer;
use atalaya_proto::v1::release_server::ReleaseServer;
use atalaya_proto::v1::renewal_server::RenewalServer;
use atalaya_proto::v1::uplink_server::UplinkServer;
use atalaya_proto::{DESCRIPTORS, limits};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tonic::transport::Server;
use tonic_health::server::HealthReporter;

use super::enrolment::EnrolmentService;
use super::pressure::{self, Accepted, Bounds};
use super::queue::{self, Queue};
use super::release::ReleaseService;
use super::renewal::RenewalService;
use super::roster::Roster;
use super::sessions::Sessions;
use super::targets::Targets;
use super::uplink::UplinkService;
use super::{Error, Intake, dispatch, listener};
use crate::actions::judge::Bench;
use crate::actions::receive_report::Receiver;
use crate::live::Live;
use crate::pki::Authority;
use crate::store::Store;

/// For one call; a stream may last.
const CALL: Duration = Duration::from_secs(30);
/// How often a quiet connection is asked whether it lives, and how long it has to answer.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(20);
/// An agent needs one stream and now and then a call.
const STREAMS: u32 = 16;
const HEADER_BYTES: u32 = 16 * 1024;
const RESETS: usize = 20;
/// What may be under way towards us: a batch, and two for a connection.
const STREAM_WINDOW: u32 = 384 * 1024;
const CONNECTION_WINDOW: u32 = 768 * 1024;
/// For streams to end at shutdown, and for the writer to store what was queued.
const FAREWELL: Duration = Duration::from_secs(2);

/// What all services share.
#[derive(Debug)]
pub struct Shared {
    /// Where deliveries go.
    pub store: Store,
    /// Who issues certificates.
    pub authority: Arc<Authority>,
    /// Other addresses that agents are told of.
    pub announce: Vec<String>,
    /// What alerts are judged with.
    pub bench: Arc<Bench>,
    /// How changes are noticed.
    pub live: Live,
    /// Statuses of devices.
    pub roster: Roster,
    /// What PCs measure beside their own targets.
    pub targets: Targets,
    /// Open streams.
    pub sessions: Sessions,
    /// The way to the writer.
    pub queue: Queue,
    /// What is taken with the room there is on the disk.
    pub accepted: watch::Receiver<Accepted>,
    /// Turns true when the collector stops.
    pub ending: watch::Receiver<bool>,
}

/// See [`Intake::serve`].
pub async fn serve(
    intake: Intake,
    listener: TcpListener,
    mut ending: watch::Receiver<bool>,
) -> Result<(), Error> {
    let tls = intake.authority.listener_tls(&intake.names)?;
    let bounds = Bounds { low: intake.limits.low_disk, scarce: intake.limits.scarce_disk };
    let accepted = watch::Sender::new(pressure::now(&intake.data_dir, bounds));
    let receiver = Receiver::new(intake.bench.clone());
    let (queue, writer) =
        queue::queue(intake.limits.queue_bytes, intake.limits.commit_records, receiver);
    let shared = Arc::new(Shared {
        roster: Roster::load(&intake.store).await?,
        targets: Targets::load(&intake.store).await?,
        store: intake.store.clone(),
        authority: intake.authority.clone(),
        announce: intake.announce.clone(),
        bench: intake.bench.clone(),
        live: intake.live.clone(),
        sessions: Sessions::default(),
        queue,
        accepted: accepted.subscribe(),
        ending: ending.clone(),
    });
    let mut writing = tokio::spawn({
        let (store, live) = (intake.store.clone(), intake.live.clone());
        async move { writer.run(&store, &live).await }
    });
    let beside = tokio::spawn({
        let (shared, folder) = (shared.clone(), intake.data_dir.clone());
        async move {
            tokio::join!(
                shared.roster.follow(&shared.store, &shared.live),
                shared.targets.follow(&shared.store, &shared.live),
                dispatch::run(&shared),
                pressure::watch(&folder, bounds, &accepted),
            );
        }
    });
    let tls = TlsAcceptor::from(Arc::new(tls));
    let authority = intake.authority.clone();
    let connections = listener::connections(listener, tls, authority, &intake.limits);
    let (health, health_service) = tonic_health::server::health_reporter();
    let healthy = tokio::spawn(follow_health(health, shared.live.clone()));
    let ended = {
        let mut ending = ending.clone();
        async move {
            let _ = ending.wait_for(|ending| *ending).await;
        }
    };
    let serving = router(shared, &intake)?
        .add_service(health_service)
        .serve_with_incoming_shutdown(connections, ended);
    let outcome = tokio::select! {
        served = until_farewell(serving, &mut ending) => served,
        stored = &mut writing => return stopped(stored),
    };
    beside.abort();
    healthy.abort();
    let _ = beside.await;
    // With the services gone the queue has no more senders: the writer stores what is left and ends.
    match tokio::time::timeout(FAREWELL, writing).await {
        Ok(stored) => stopped(stored).and(outcome),
        Err(_) => outcome,
    }
}

fn stopped(writer: Result<Result<(), String>, tokio::task::JoinError>) -> Result<(), Error> {
    match writer {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Error::Commit(error)),
        Err(error) => Err(Error::Commit(format!("the writer broke off: {error}"))),
    }
}

/// Waits for the server; once the collector stops, not for long.
async fn until_farewell(
    serving: impl Future<Output = Result<(), tonic::transport::Error>>,
    ending: &mut watch::Receiver<bool>,
) -> Result<(), Error> {
    let failed = |error: tonic::transport::Error| Error::Server(error.to_string());
    let farewell = async {
        let _ = ending.wait_for(|ending| *ending).await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        served = serving => served.map_err(failed),
        () = farewell => Ok(()),
    }
}

fn router(shared: Arc<Shared>, intake: &Intake) -> Result<tonic::transport::server::Router, Error> {
    let reflection = intake
        .reflection
        .then(|| {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .build_v1()
        })
        .transpose()
        .map_err(|error| Error::Server(error.to_string()))?;
    let uplink = UplinkServer::new(UplinkService { shared: shared.clone() })
        .max_decoding_message_size(limits::MESSAGE_BYTES);
    let enrolment = EnrolmentServer::new(EnrolmentService::new(shared.clone()))
        .max_decoding_message_size(4 * limits::CSR_BYTES);
    let renewal = RenewalServer::new(RenewalService::new(shared.clone()))
        .max_decoding_message_size(2 * limits::CSR_BYTES);
    let release = ReleaseServer::new(ReleaseService::new(shared, intake.data_dir.clone()))
        .max_decoding_message_size(1024);
    Ok(Server::builder()
        .timeout(CALL)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_ANSWER))
        .max_concurrent_streams(STREAMS)
        .http2_max_header_list_size(HEADER_BYTES)
        .http2_max_pending_accept_reset_streams(Some(RESETS))
        .http2_max_local_error_reset_streams(Some(RESETS))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_optional_service(reflection)
        .add_service(uplink)
        .add_service(enrolment)
        .add_service(renewal)
        .add_service(release))
}

/// Says not serving while the database cannot be reached.
async fn follow_health(health: HealthReporter, live: Live) {
    let mut told = live.subscribe();
    loop {
        let reachable = told.borrow_and_update().is_reachable();
        if reachable {
            health.set_serving::<UplinkServer<UplinkService>>().await;
        } else {
            health.set_not_serving::<UplinkServer<UplinkService>>().await;
        }
        let changed = told.wait_for(|counters| counters.is_reachable() != reachable).await;
        if changed.is_err() {
            return;
        }
    }
}
