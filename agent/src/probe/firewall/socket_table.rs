//! The tables of `GetExtendedTcpTable` and `GetExtendedUdpTable`: a count and rows of fixed length. Pure; a count
//! larger than the table is not believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use atalaya_reading::bounds;

/// A socket that waits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Waiting {
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// Local address.
    pub address: IpAddr,
    /// Local port.
    pub port: u16,
    /// Its process.
    pub pid: u32,
}

/// Which table, and where its rows have what.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    protocol: &'static str,
    v6: bool,
    row: usize,
    address: usize,
    port: usize,
    pid: usize,
}

#[cfg(windows)]
impl Layout {
    /// Of TCP, not of UDP.
    pub fn is_tcp(self) -> bool {
        self.protocol == "tcp"
    }

    /// Of IPv6, not of IPv4.
    pub fn is_v6(self) -> bool {
        self.v6
    }
}

/// `MIB_TCPROW_OWNER_PID`.
pub const TCP4: Layout =
    Layout { protocol: "tcp", v6: false, row: 24, address: 4, port: 8, pid: 20 };
/// `MIB_TCP6ROW_OWNER_PID`.
pub const TCP6: Layout =
    Layout { protocol: "tcp", v6: true, row: 56, address: 0, port: 20, pid: 52 };
/// `MIB_UDPROW_OWNER_PID`.
pub const UDP4: Layout =
    Layout { protocol: "udp", v6: false, row: 12, address: 0, port: 4, pid: 8 };
/// `MIB_UDP6ROW_OWNER_PID`.
pub const UDP6: Layout =
    Layout { protocol: "udp", v6: true, row: 28, address: 0, port: 20, pid: 24 };

/// The sockets of a table.
pub fn parse(layout: Layout, table: &[u8]) -> Vec<Waiting> {
    let Some((count, rows)) = table.split_first_chunk::<4>() else { return Vec::new() };
    let count = u32::from_le_bytes(*count) as usize;
    rows.chunks_exact(layout.row).take(count).filter_map(|row| waiting(layout, row)).collect()
}

/// The services within a process: `svchost.exe` says nothing without them.
pub fn hosted(services: &[String]) -> Option<String> {
    (!services.is_empty()).then(|| bounds::text(&services.join(", "), bounds::TEXT))
}

fn waiting(layout: Layout, row: &[u8]) -> Option<Waiting> {
    let address = if layout.v6 {
        IpAddr::from(Ipv6Addr::from(*row.get(layout.address..)?.first_chunk::<16>()?))
    } else {
        IpAddr::from(Ipv4Addr::from(*row.get(layout.address..)?.first_chunk::<4>()?))
    };
    // The port lies in the order of the network, in the first two bytes of four.
    let port = u16::from_be_bytes(*row.get(layout.port..)?.first_chunk::<2>()?);
    let pid = u32::from_le_bytes(*row.get(layout.pid..)?.first_chunk::<4>()?);
    Some(Waiting { protocol: layout.protocol, address, port, pid })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(layout: Layout, address: &[u8], port: u16, pid: u32) -> Vec<u8> {
        let mut row = vec![0; layout.row];
        row[layout.address..layout.address + address.len()].copy_from_slice(address);
        row[layout.port..layout.port + 2].copy_from_slice(&port.to_be_bytes());
        row[layout.pid..layout.pid + 4].copy_from_slice(&pid.to_le_bytes());
        row
    }

    fn table(rows: &[Vec<u8>]) -> Vec<u8> {
        [u32::try_from(rows.len()).unwrap().to_le_bytes().to_vec(), rows.concat()].concat()
    }

    #[test]
    fn every_family_and_protocol_is_read() {
        let v6 = Ipv6Addr::UNSPECIFIED.octets();
        for (layout, address) in [
            (TCP4, &[127, 0, 0, 1][..]),
            (UDP4, &[0, 0, 0, 0][..]),
            (TCP6, &v6[..]),
            (UDP6, &v6[..]),
        ] {
            let found = parse(layout, &table(&[row(layout, address, 3389, 1044)]));
            assert_eq!(
                (found[0].port, found[0].pid, found[0].protocol),
                (3389, 1044, layout.protocol)
            );
            assert_eq!(found[0].address.is_ipv6(), layout.v6);
            assert_eq!(found[0].address.is_loopback(), layout.port == 8);
        }
    }

    #[test]
    fn the_services_of_a_process_are_named_together() {
        assert_eq!(
            hosted(&["rpceptmapper".into(), "rpcss".into()]).unwrap(),
            "rpceptmapper, rpcss"
        );
        assert_eq!(hosted(&[]), None);
    }

    #[test]
    fn a_count_beyond_the_table_is_not_believed() {
        let mut bytes = table(&[row(TCP4, &[0; 4], 135, 9)]);
        bytes[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(parse(TCP4, &bytes).len(), 1);
        for cut in 0..bytes.len() {
            assert!(parse(TCP4, &bytes[..cut]).is_empty());
        }
    }
}
