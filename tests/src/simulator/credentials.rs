//! The identity of a simulated PC: made by spending an enrolment code, kept in a folder of its own.
//! It is never renewed: a simulated PC that has expired is enrolled again.

use std::path::Path;

use anyhow::{Context, Result};
use atalaya_proto::code::EnrolmentCode;
use atalaya_proto::v1::enrolment_client::EnrolmentClient;
use atalaya_proto::v1::{ChallengeRequest, DeviceHints, EnrolRequest};
use atalaya_proto::{PROTOCOL_MAX, PROTOCOL_MIN};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, SigningKey};
use sha2::{Digest, Sha256};
use tonic::transport::Channel;

use super::link::{self, Trust};
use super::pc::Pc;

/// What an enrolled PC keeps.
#[derive(Clone)]
pub struct Credentials {
    /// Chosen by the collector, UUIDv7.
    pub device_id: String,
    /// `host:port` of the agent listener.
    pub address: String,
    certificate: Vec<u8>,
    key: Vec<u8>,
    ca: Vec<u8>,
}

impl Credentials {
    /// Spends a code.
    ///
    /// # Errors
    /// When the code is no code, or the collector refuses it.
    pub async fn enrol(code: &str, pc: &Pc) -> Result<Credentials> {
        let code = EnrolmentCode::parse(code)?;
        let channel = link::connect(&code.address, Trust::Pin(code.ca_pin), None).await?;
        let mut client = EnrolmentClient::new(channel);
        let hello = ChallengeRequest { protocol_min: PROTOCOL_MIN, protocol_max: PROTOCOL_MAX };
        let nonce = client.challenge(hello).await?.into_inner().nonce;

        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let csr = params.serialize_request(&key)?.der().to_vec();
        let proof = key.sign(&[&nonce[..], &Sha256::digest(&csr)[..]].concat())?;
        let request = EnrolRequest {
            secret: code.secret.to_vec(),
            csr,
            nonce,
            proof,
            hints: Some(hints(pc)),
        };
        let reply = client.enrol(request).await?.into_inner();
        Ok(Credentials {
            device_id: reply.device_id,
            address: code.address,
            certificate: reply.certificate,
            key: key.serialize_der(),
            ca: reply.ca_certificate,
        })
    }

    /// What was kept in that folder, or `None` if nothing was.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn load(folder: &Path) -> Result<Option<Credentials>> {
        if !folder.join("device").exists() {
            return Ok(None);
        }
        let read = |name: &str| {
            std::fs::read(folder.join(name)).with_context(|| format!("{folder:?}: {name}"))
        };
        let device = String::from_utf8(read("device")?)?;
        let (device_id, address) = device.split_once('\n').context("device: two lines expected")?;
        Ok(Some(Credentials {
            device_id: device_id.into(),
            address: address.trim().into(),
            certificate: read("device.crt")?,
            key: read("device.key")?,
            ca: read("ca.crt")?,
        }))
    }

    /// Keeps it. The file `device` is written last: without it there is no identity.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.join(name), bytes).with_context(|| format!("{folder:?}: {name}"))
        };
        std::fs::create_dir_all(folder).with_context(|| format!("{folder:?}"))?;
        write("device.key", &self.key)?;
        write("device.crt", &self.certificate)?;
        write("ca.crt", &self.ca)?;
        write("device", format!("{}\n{}\n", self.device_id, self.address).as_bytes())
    }

    /// Connects as this PC.
    ///
    /// # Errors
    /// When nobody listens or the certificate is not accepted.
    pub async fn connect(&self) -> Result<Channel> {
        let client = (self.certificate.clone(), self.key.clone());
        link::connect(&self.address, Trust::Ca(self.ca.clone()), Some(client)).await
    }
}

fn hints(pc: &Pc) -> DeviceHints {
    DeviceHints {
        hostname: pc.hostname.clone(),
        os: pc.os().into(),
        machine_id: pc.machine_id(),
        manufacturer: pc.make.0.into(),
        model: pc.make.1.into(),
        serial: pc.serial.clone(),
        agent_version: super::uplink::VERSION.into(),
    }
}
