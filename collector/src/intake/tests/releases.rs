//! Releases: who is offered what, who may download it, how many at a time.

use std::time::Duration;

use atalaya_proto::release::{Keys, Manifest, PIECE_BYTES, Version};
use atalaya_proto::v1::release_client::ReleaseClient;
use atalaya_proto::v1::{DownloadRequest, OfferedRequest, Piece};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use super::client::{Identity, channel, tls};
use super::{Bed, assert_eventually};
use crate::actions::create_code::Wanted;
use crate::actions::manage_device::revoke_device;
use crate::actions::manage_release::{
    Error, Package, add_release, offer_release, program_file, remove_release,
};
use crate::domain::access::Actor;

/// A signature in the form of minisign; whose, the collector leaves to the agents.
const SIGNATURE: &str = include_str!("../../../../proto/fixtures/release/manifest.toml.minisig");

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn manifest(program: &[u8], text: &str) -> Manifest {
    let made_at = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    Manifest {
        product: "atalaya-agent".into(),
        version: version(text),
        target: "linux".into(),
        size: program.len() as u64,
        sha256: Sha256::digest(program).into(),
        made_at,
        expires_at: made_at + SignedDuration::from_hours(24),
        minimum_version: version("0.1.0"),
    }
}

/// Adds and offers a program of that many bytes.
async fn offer(bed: &Bed, bytes: usize) -> (Vec<u8>, Manifest) {
    let program: Vec<u8> = (0..bytes).map(|n| (n / 7 % 251) as u8).collect();
    let manifest = manifest(&program, "0.2.0");
    add(bed, &program, &manifest.to_string(), SIGNATURE).await.unwrap();
    let (store, now) = (&bed.store, Timestamp::now());
    offer_release(store, manifest.version, None, 100, &Actor::Console, now).await.unwrap();
    (program, manifest)
}

async fn add(bed: &Bed, program: &[u8], manifest: &str, signature: &str) -> Result<(), Error> {
    let file = bed.folder.path().join("program");
    std::fs::write(&file, program).unwrap();
    let package = Package { manifest: manifest.as_bytes(), signature, program: &file };
    let (folder, keys) = (bed.folder.path(), Keys::default());
    let added = add_release(&bed.store, folder, &keys, package, &Actor::Console, Timestamp::now());
    added.await.map(drop)
}

async fn client(bed: &Bed, identity: &Identity) -> ReleaseClient<Channel> {
    ReleaseClient::new(identity.channel(bed).await.unwrap())
}

async fn ask(client: &mut ReleaseClient<Channel>, running: &str) -> Result<Vec<u8>, Status> {
    let request = OfferedRequest { target: "linux".into(), agent_version: running.into() };
    Ok(client.offered(request).await?.into_inner().manifest)
}

async fn begin(
    client: &mut ReleaseClient<Channel>,
    manifest: &Manifest,
) -> Result<Streaming<Piece>, Status> {
    let request = DownloadRequest { sha256: manifest.sha256.to_vec() };
    Ok(client.download(request).await?.into_inner())
}

#[tokio::test]
async fn an_approved_device_gets_the_program_it_is_offered_whole() {
    let bed = Bed::new().await;
    let (program, manifest) = offer(&bed, 3 * PIECE_BYTES + 5).await;
    let identity = bed.identity().await;
    let mut client = client(&bed, &identity).await;
    // Not before it asked, and not when it runs it already.
    let early = begin(&mut client, &manifest).await.unwrap_err();
    assert_eq!(early.code(), Code::NotFound);
    assert!(ask(&mut client, "0.2.0").await.unwrap().is_empty());
    assert!(ask(&mut client, "not a version").await.unwrap().is_empty());
    let told = ask(&mut client, "0.1.0").await.unwrap();
    assert_eq!(told, manifest.to_string().into_bytes());
    let mut pieces = begin(&mut client, &manifest).await.unwrap();
    let mut got = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        assert!(!piece.data.is_empty() && piece.data.len() <= PIECE_BYTES);
        got.extend(piece.data);
    }
    assert!(got == program);
    let other = DownloadRequest { sha256: vec![0; 32] };
    assert_eq!(client.download(other).await.unwrap_err().code(), Code::NotFound);
    let mut read = bed.store.read().await.unwrap();
    let update = read.device_update(&identity.device).await.unwrap().unwrap();
    assert_eq!(update.offered.as_deref(), Some("0.2.0"));
}

#[tokio::test]
async fn strangers_pending_and_revoked_devices_get_nothing() {
    let bed = Bed::new().await;
    let (_, manifest) = offer(&bed, 64 * PIECE_BYTES).await;
    let stranger = channel(bed.address, tls(&bed.authority, None)).await.unwrap();
    let mut stranger = ReleaseClient::new(stranger);
    assert_eq!(ask(&mut stranger, "0.1.0").await.unwrap_err().code(), Code::Unauthenticated);
    let refused = begin(&mut stranger, &manifest).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);

    let code = bed.code(Wanted::default()).await;
    let pending = Identity::enrol(bed.address, &bed.authority, &code).await.unwrap();
    let refused = ask(&mut client(&bed, &pending).await, "0.1.0").await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);

    let identity = bed.identity().await;
    let mut client = client(&bed, &identity).await;
    ask(&mut client, "0.1.0").await.unwrap();
    let mut pieces = begin(&mut client, &manifest).await.unwrap();
    pieces.message().await.unwrap().unwrap();
    revoke_device(&bed.store, &identity.device, &Actor::Console, Timestamp::now()).await.unwrap();
    // What was under way still comes; the end is a refusal, not the end of the program.
    let ended = loop {
        match pieces.message().await {
            Ok(Some(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            ended => break ended,
        }
    };
    assert_eq!(ended.unwrap_err().code(), Code::PermissionDenied);
    let refused = ask(&mut client, "0.1.0").await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn few_are_served_at_a_time_and_the_others_are_told_to_come_later() {
    let bed = Bed::new().await;
    let (_, manifest) = offer(&bed, 256 * PIECE_BYTES).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = client(&bed, &bed.identity().await).await;
        ask(&mut client, "0.1.0").await.unwrap();
        clients.push(client);
    }
    // They do not read: their downloads wait.
    let mut held = vec![begin(&mut clients[0], &manifest).await.unwrap()];
    let twice = begin(&mut clients[0], &manifest).await.unwrap_err();
    assert_eq!(twice.code(), Code::ResourceExhausted);
    for client in &mut clients[1..4] {
        held.push(begin(client, &manifest).await.unwrap());
    }
    let fifth = begin(&mut clients[4], &manifest).await.unwrap_err();
    assert_eq!(fifth.code(), Code::ResourceExhausted);
    held.pop();
    clients.remove(3);
    assert_eventually("a place becomes free", async || {
        let last = clients.last_mut().unwrap();
        begin(last, &manifest).await.ok()
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_together_is_not_taken_in() {
    let bed = Bed::new().await;
    let program = b"program".to_vec();
    let good = manifest(&program, "0.2.0");
    let text = good.to_string();
    let cases = [
        (text.replace("atalaya-agent", "other"), program.clone(), SIGNATURE, "no de atalaya-agent"),
        (text.clone(), b"progrom".to_vec(), SIGNATURE, "SHA-256"),
        (text.clone(), b"programs".to_vec(), SIGNATURE, "mide otra cosa"),
        (text.clone(), program.clone(), "RW", "firma"),
        (text[..50].to_owned(), program.clone(), SIGNATURE, "incompleto"),
    ];
    for (manifest, program, signature, why) in cases {
        let error = add(&bed, &program, &manifest, signature).await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let old = Manifest { expires_at: good.made_at + SignedDuration::from_secs(1), ..good.clone() };
    let old = Manifest {
        made_at: old.made_at - SignedDuration::from_hours(9),
        expires_at: good.made_at,
        ..old
    };
    let error = add(&bed, &program, &old.to_string(), SIGNATURE).await.unwrap_err();
    assert!(error.to_string().contains("venció"), "{error}");
    let folder = bed.folder.path().join("releases");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is left behind");

    add(&bed, &program, &text, SIGNATURE).await.unwrap();
    let twice = add(&bed, &program, &text, SIGNATURE).await.unwrap_err();
    assert!(twice.to_string().contains("ya está"), "{twice}");
    let file = program_file(bed.folder.path(), &good.sha256);
    assert_eq!(std::fs::read(&file).unwrap(), program);
    let (store, path) = (&bed.store, bed.folder.path());
    remove_release(store, path, good.version, &Actor::Console, Timestamp::now()).await.unwrap();
    assert!(!file.exists());
    let acts = bed.store.read().await.unwrap().audit_acts().await.unwrap();
    assert_eq!(acts, ["release.add", "release.remove"]);
}
