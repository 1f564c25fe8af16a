//! What Linux knows of each address of an interface: whether somebody gave it for a time, and whether another device has
//! it too. Reads the answer to a dump of rtnetlink; pure, and what comes in may be cut anywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressFlags {
    /// Number of the interface.
    pub interface: u32,
    /// The address itself.
    pub address: IpAddr,
    /// It was set for good, not for the time of a lease.
    pub permanent: bool,
    /// Duplicate address detection found another device with it; the system looks for IPv6 only.
    pub duplicate: bool,
}

const HEADER: usize = 16;
const BODY: usize = 8;
const DONE: u16 = 3;
const NEW_ADDRESS: u16 = 20;
const GET_ADDRESS: u16 = 22;
/// A request for all there are.
const REQUEST_DUMP: u16 = 0x0001 | 0x0300;

const ADDRESS: u16 = 1;
/// Our own end, where `ADDRESS` is that of the other end of a line.
const LOCAL: u16 = 2;
const FLAGS: u16 = 8;
const DAD_FAILED: u32 = 0x08;
const PERMANENT: u32 = 0x80;

const INET: u8 = 2;
const INET6: u8 = 10;

/// The question for all addresses.
pub fn question() -> [u8; HEADER + BODY] {
    let mut bytes = [0; HEADER + BODY];
    bytes[0..4].copy_from_slice(&((HEADER + BODY) as u32).to_ne_bytes());
    bytes[4..6].copy_from_slice(&GET_ADDRESS.to_ne_bytes());
    bytes[6..8].copy_from_slice(&REQUEST_DUMP.to_ne_bytes());
    bytes
}

/// The addresses in one part of the answer, and whether it is the last part.
pub fn parse(mut part: &[u8]) -> (Vec<AddressFlags>, bool) {
    let mut found = Vec::new();
    while let Some(length) = u32_at(part, 0).and_then(|length| usize::try_from(length).ok()) {
        let Some(message) = part.get(..length).filter(|_| length >= HEADER) else { break };
        match u16_at(message, 4) {
            Some(NEW_ADDRESS) => found.extend(address(&message[HEADER..])),
            Some(DONE) => return (found, true),
            _ => {}
        }
        part = part.get(aligned(length)..).unwrap_or_default();
    }
    (found, false)
}

fn address(body: &[u8]) -> Option<AddressFlags> {
    let family = *body.first()?;
    let mut flags = u32::from(*body.get(2)?);
    let interface = u32_at(body, 4)?;
    let (mut address, mut local) = (None, None);
    let mut rest = body.get(BODY..)?;
    while let (Some(length), Some(kind)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let length = usize::from(length);
        let Some(value) = rest.get(4..length) else { break };
        match kind {
            ADDRESS => address = ip(family, value),
            LOCAL => local = ip(family, value),
            FLAGS => flags = u32_at(value, 0).unwrap_or(flags),
            _ => {}
        }
        rest = rest.get(aligned(length)..).unwrap_or_default();
    }
    Some(AddressFlags {
        interface,
        address: local.or(address)?,
        permanent: flags & PERMANENT != 0,
        duplicate: flags & DAD_FAILED != 0,
    })
}

fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match family {
        INET => Some(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?).into()),
        INET6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?).into()),
        _ => None,
    }
}

fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Composed by hand as `ip -4 address` sends it: an address with its flags in the short and the long form.
    fn message(address: [u8; 4], short: u8, long: Option<u32>) -> Vec<u8> {
        let mut body = vec![INET, 24, short, 0];
        body.extend(2u32.to_ne_bytes());
        for (kind, value) in [(ADDRESS, address), (LOCAL, address)] {
            body.extend(8u16.to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(value);
        }
        // A label, whose length is no multiple of four.
        body.extend([9u16.to_ne_bytes(), 3u16.to_ne_bytes()].concat());
        body.extend(b"eth0\0\0\0\0");
        if let Some(flags) = long {
            body.extend([8u16.to_ne_bytes(), FLAGS.to_ne_bytes()].concat());
            body.extend(flags.to_ne_bytes());
        }
        let mut bytes = ((HEADER + body.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend([NEW_ADDRESS.to_ne_bytes(), 2u16.to_ne_bytes()].concat());
        bytes.extend([0; 8]);
        bytes.extend(body);
        bytes
    }

    fn done() -> Vec<u8> {
        let mut bytes = 20u32.to_ne_bytes().to_vec();
        bytes.extend([DONE.to_ne_bytes(), 2u16.to_ne_bytes()].concat());
        bytes.extend([0; 12]);
        bytes
    }

    #[test]
    fn an_address_of_a_lease_is_told_from_one_set_for_good() {
        let whole = [
            message([192, 0, 2, 5], 0x80, Some(0x80)),
            message([192, 0, 2, 6], 0, Some(0)),
            message([192, 0, 2, 7], 0x80, None),
            done(),
        ]
        .concat();
        let (found, last) = parse(&whole);
        let permanent: Vec<bool> = found.iter().map(|address| address.permanent).collect();
        assert_eq!((permanent, last), (vec![true, false, true], true));
        assert_eq!((found[1].interface, found[1].address), (2, [192, 0, 2, 6].into()));
    }

    #[test]
    fn an_answer_cut_anywhere_does_no_harm() {
        let whole = [message([192, 0, 2, 5], 0x80, Some(0x80)), done()].concat();
        for cut in 0..whole.len() {
            assert!(!parse(&whole[..cut]).1, "cut at {cut}");
        }
        for wrong in 0..=255u8 {
            let mut bytes = whole.clone();
            bytes[HEADER + BODY] = wrong;
            parse(&bytes);
            bytes[0] = wrong;
            parse(&bytes);
        }
    }
}
