//! The wire contract between agent and collector: generated messages, the bounds both sides keep, the hash
//! chain of records, the enrolment code, and conversions between readings and messages.
//!
//! No IO here, and no opinion about what a reading means.

pub mod chain;
pub mod code;
pub mod limits;
pub mod release;
mod wire;

pub use wire::{
    Malformed, action_from_wire, action_to_wire, answer_from_wire, answer_to_wire, decode_body,
    kind_from_wire, sample_from_wire, sample_to_wire, section_from_wire, section_to_wire,
    targets_from_wire, targets_to_wire,
};

/// Messages and services generated from `proto/atalaya/v1`.
#[allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated; the .proto files carry the docs"
)]
pub mod v1 {
    tonic::include_proto!("atalaya.v1");
}

/// The encoded file descriptors, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/atalaya.bin"));

/// Oldest protocol version this build speaks.
pub const PROTOCOL_MIN: u32 = 1;
/// Newest protocol version this build speaks.
pub const PROTOCOL_MAX: u32 = 1;

/// The newest version both sides speak, if there is one.
pub fn negotiate(min: u32, max: u32) -> Option<u32> {
    let version = max.min(PROTOCOL_MAX);
    (min >= 1 && version >= min.max(PROTOCOL_MIN)).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::negotiate;

    #[test]
    fn the_newest_version_both_sides_speak_is_chosen() {
        assert_eq!(negotiate(1, 1), Some(1));
        assert_eq!(negotiate(1, 9), Some(1));
        assert_eq!(negotiate(2, 9), None);
        assert_eq!(negotiate(0, 0), None);
    }
}
