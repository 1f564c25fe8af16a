//! The bytes of one record in a segment, and the scan that finds every intact one among damaged bytes.
//!
//! Pure: it sees bytes, not files. A frame is magic, length, CRC32C, class, sequence number, previous hash, body;
//! the checksum covers all that follows it and the length.

use atalaya_proto::chain::Hash;
use atalaya_proto::limits::BODY_BYTES;

/// Not valid UTF-8, so no text of a reading can look like the start of a frame.
const MAGIC: [u8; 4] = [0xA7, 0xFF, 0x5A, 0xFE];
const LENGTH_AT: usize = 4;
const CRC_AT: usize = 8;
const CLASS_AT: usize = 12;
const SEQ_AT: usize = 13;
const PREVIOUS_AT: usize = 21;
/// Bytes of a frame before its body.
pub const HEADER: usize = 37;
/// No honest sequence number comes near; a larger one is damage that happened to fit its checksum.
const SEQ_MAX: u64 = 1 << 62;

/// One frame; the body stays where it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the frame holds: a record's class, or 0 for the anchor a segment opens with.
    pub class: u8,
    /// Sequence number; in an anchor the next one to be given.
    pub seq: u64,
    /// Hash of the record before.
    pub previous: Hash,
    /// The encoded record; empty in an anchor.
    pub body: &'a [u8],
}

impl Frame<'_> {
    /// The frame as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.body.len());
        bytes.extend_from_slice(&MAGIC);
        // A body is at most BODY_BYTES; a longer one could not be read back and is refused before.
        bytes.extend_from_slice(&(self.body.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.push(self.class);
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.previous);
        bytes.extend_from_slice(self.body);
        let crc = checksum(&bytes);
        bytes[CRC_AT..CLASS_AT].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// Bytes the frame takes on disk.
    pub fn size(&self) -> usize {
        HEADER + self.body.len()
    }
}

fn checksum(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[LENGTH_AT..CRC_AT]), &frame[CLASS_AT..])
}

/// What a scan meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An intact frame and where it begins.
    Frame(usize, Frame<'a>),
    /// Bytes that are no frame, and how many.
    Damage(usize, usize),
}

/// Everything in `bytes`, in order: intact frames, and between them what is damaged.
pub fn scan(bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        if let Some(frame) = frame_at(bytes, at) {
            let begin = at;
            at += frame.size();
            return Some(Piece::Frame(begin, frame));
        }
        let begin = at;
        at = (begin + 1..bytes.len())
            .find(|next| frame_at(bytes, *next).is_some())
            .unwrap_or(bytes.len());
        Some(Piece::Damage(begin, at - begin))
    })
}

fn frame_at(bytes: &[u8], at: usize) -> Option<Frame<'_>> {
    let rest = bytes.get(at..)?;
    let header = rest.get(..HEADER)?;
    if header[..LENGTH_AT] != MAGIC {
        return None;
    }
    let length = u32::from_be_bytes(header[LENGTH_AT..CRC_AT].try_into().ok()?) as usize;
    if length > BODY_BYTES {
        return None;
    }
    let frame = rest.get(..HEADER + length)?;
    if checksum(frame).to_be_bytes() != frame[CRC_AT..CLASS_AT] {
        return None;
    }
    let seq = u64::from_be_bytes(frame[SEQ_AT..PREVIOUS_AT].try_into().ok()?);
    let previous = frame[PREVIOUS_AT..HEADER].try_into().ok()?;
    (seq <= SEQ_MAX).then_some(Frame {
        class: frame[CLASS_AT],
        seq,
        previous,
        body: &frame[HEADER..],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn three() -> Vec<u8> {
        let frame = |seq, body| Frame { class: 3, seq, previous: [5; 16], body };
        let mut bytes = frame(1, &b"uno"[..]).encode();
        bytes.extend(frame(2, &b"dos"[..]).encode());
        bytes.extend(frame(3, &b""[..]).encode());
        bytes
    }

    fn numbers(bytes: &[u8]) -> Vec<u64> {
        let seq = |piece| match piece {
            Piece::Frame(_, frame) => Some(frame.seq),
            Piece::Damage(..) => None,
        };
        scan(bytes).filter_map(seq).collect()
    }

    #[test]
    fn frames_read_back_as_they_were_written() {
        assert_eq!(numbers(&three()), [1, 2, 3]);
    }

    #[test]
    fn a_flipped_length_costs_one_frame_only() {
        let mut bytes = three();
        bytes[HEADER + 3 + LENGTH_AT + 3] ^= 0x40;
        assert_eq!(numbers(&bytes), [1, 3]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_scanned_to_the_end(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let length: usize = scan(&bytes).map(|piece| match piece {
                Piece::Frame(_, frame) => frame.size(),
                Piece::Damage(_, length) => length,
            }).sum();
            prop_assert_eq!(length, bytes.len());
        }

        #[test]
        fn one_flipped_bit_costs_one_frame_at_most(at in 0usize..117, bit in 0u8..8) {
            let mut bytes = three();
            prop_assert_eq!(bytes.len(), 117);
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(numbers(&bytes).len(), 2);
        }
    }
}
