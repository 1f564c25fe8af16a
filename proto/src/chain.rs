//! The hash chain of an agent's records: each names the one before, so a copy that went its own way is found.

use sha2::{Digest, Sha256};

/// A truncated SHA-256.
pub type Hash = [u8; 16];

/// The hash before the first record of an epoch.
pub const GENESIS: Hash = [0; 16];

/// The hash of a record: over the previous hash, the sequence number and the body.
pub fn hash(previous: &Hash, seq: u64, body: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(seq.to_be_bytes());
    hasher.update(body);
    let mut first = GENESIS;
    first.copy_from_slice(&hasher.finalize()[..16]);
    first
}
