//! Echo requests and their answers as bytes. Pure; what comes in may be anything.

/// Bytes of a request: head and as much beside it as `ping` sends.
pub const LENGTH: usize = 64;
const HEAD: usize = 8;
/// Bytes by which an answer is known for ours.
pub const TOKEN: usize = 8;
/// Chosen anew for each sweep: a raw socket hears everything, and a neighbour may forge.
pub type Token = [u8; TOKEN];

const REQUEST_V4: u8 = 8;
const ANSWER_V4: u8 = 0;
const REQUEST_V6: u8 = 128;
const ANSWER_V6: u8 = 129;

/// A request.
pub fn request(number: u16, token: Token, v6: bool) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    bytes[0] = if v6 { REQUEST_V6 } else { REQUEST_V4 };
    // The identifier is the system's to choose where the socket is unprivileged; the token serves where it is not.
    bytes[4..6].copy_from_slice(&token[..2]);
    bytes[6..HEAD].copy_from_slice(&number.to_be_bytes());
    bytes[HEAD..HEAD + TOKEN].copy_from_slice(&token);
    if !v6 {
        // The system reckons the sum of ICMPv6, which covers addresses too.
        let sum = checksum(&bytes);
        bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    bytes
}

/// The number of the request these bytes answer; `None`: they are no answer to one with this token.
pub fn answer(bytes: &[u8], token: Token, v6: bool) -> Option<u16> {
    let bytes = if v6 { bytes } else { without_ip_head(bytes)? };
    let [kind, 0, _, _, _, _, high, low] = *bytes.first_chunk::<HEAD>()? else { return None };
    let ours = bytes.get(HEAD..HEAD + TOKEN)? == token;
    let answers = kind == if v6 { ANSWER_V6 } else { ANSWER_V4 };
    (ours && answers).then(|| u16::from_be_bytes([high, low]))
}

/// Some sockets hand over the head of the IPv4 packet too; its first half byte is 4, which no kind of ICMP message is.
fn without_ip_head(bytes: &[u8]) -> Option<&[u8]> {
    let first = *bytes.first()?;
    let length = if first >> 4 == 4 { usize::from(first & 0xf) * 4 } else { 0 };
    bytes.get(length..)
}

fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    let folded = (sum >> 16) + (sum & 0xffff);
    !((folded + (folded >> 16)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Token = *b"atalaya!";

    fn answered(number: u16, v6: bool) -> Vec<u8> {
        let mut bytes = request(number, OURS, v6).to_vec();
        bytes[0] = if v6 { ANSWER_V6 } else { ANSWER_V4 };
        bytes
    }

    #[test]
    fn a_request_has_the_sum_that_makes_all_words_add_up_to_nothing() {
        assert_eq!(checksum(&request(0xbeef, OURS, false)), 0);
    }

    #[test]
    fn an_answer_is_known_with_and_without_the_head_of_its_packet() {
        assert_eq!(answer(&answered(513, false), OURS, false), Some(513));
        assert_eq!(answer(&answered(7, true), OURS, true), Some(7));
        let mut framed = vec![0x46; 1];
        framed.resize(24, 0);
        framed.extend(answered(513, false));
        assert_eq!(answer(&framed, OURS, false), Some(513));
    }

    #[test]
    fn requests_answers_to_others_and_rubbish_are_none_of_ours() {
        assert_eq!(answer(&request(1, OURS, false), OURS, false), None);
        assert_eq!(answer(&answered(1, false), *b"somebody", false), None);
        let mut unreachable = answered(1, false);
        unreachable[0] = 3;
        assert_eq!(answer(&unreachable, OURS, false), None);
        let whole = answered(1, false);
        for cut in 0..HEAD + TOKEN {
            assert_eq!(answer(&whole[..cut], OURS, false), None, "cut at {cut}");
        }
        assert_eq!(answer(&[0x4f; 30], OURS, false), None);
    }
}
