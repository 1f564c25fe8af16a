//! Bounds of messages; both sides keep them, the receiver enforces them. Bounds of readings: `atalaya_reading::bounds`.

/// Records in a batch.
pub const BATCH_RECORDS: usize = 512;
/// Encoded bytes of a batch's records.
pub const BATCH_BYTES: usize = 256 * 1024;
/// Encoded bytes of one record body.
pub const BODY_BYTES: usize = 128 * 1024;
/// What gRPC accepts of one message: a batch and its frame.
pub const MESSAGE_BYTES: usize = BATCH_BYTES + 64 * 1024;
/// Bytes of a certificate request.
pub const CSR_BYTES: usize = 4 * 1024;
/// Bytes of a host name.
pub const HOSTNAME: usize = 255;
/// Bytes of a hint such as maker, model, serial or operating system.
pub const HINT: usize = 200;
/// Addresses a collector may tell of, and bytes of each.
pub const ADDRESSES: usize = 4;
/// See [`ADDRESSES`].
pub const ADDRESS: usize = 255;
/// Bytes of a version.
pub const VERSION: usize = 64;
/// Bytes of an action's detail.
pub const ACTION_DETAIL: usize = 2_000;
/// Sections an action or a report may name: each at most once.
pub const SECTIONS: usize = 8;
/// Bytes of an action's id.
pub const ACTION_ID: usize = 64;
/// Bytes of the name of who ordered an action.
pub const REQUESTED_BY: usize = 200;
