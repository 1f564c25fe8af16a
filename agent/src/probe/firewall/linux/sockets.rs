//! The sockets that listen, from `/proc/net`. Who owns one is asked only once in its life.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use atalaya_reading::ListeningSocket;
use procfs::net::{TcpNetEntries, TcpState, UdpNetEntries};
use procfs::{FromReadSI, current_system_info};

use super::owners::{self, Owner};
use crate::probe::{Depth, Look, Unread};

/// From here on a UDP port may be one lent for a question and given back: it counts once it is seen twice.
const EPHEMERAL: u16 = 32_768;

/// Looks after which the owner of a socket is looked for no more: it is the kernel's, or hidden from us.
const ENOUGH: u8 = 3;

/// A socket that waits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Waiting {
    protocol: &'static str,
    address: IpAddr,
    port: u16,
    inode: u64,
}

/// What is known of a socket's owner.
enum Known {
    Owner(Owner),
    /// Looked for so many times; `hidden` when some process did not show its files, so that it may be among them.
    Missing { times: u8, hidden: bool },
}

/// The sockets and what was learnt of them.
pub struct Sockets {
    proc: PathBuf,
    owners: HashMap<u64, Known>,
    seen: HashSet<u64>,
}

impl Sockets {
    /// Of this `/proc`.
    pub fn new(proc: &Path) -> Sockets {
        Sockets { proc: proc.into(), owners: HashMap::new(), seen: HashSet::new() }
    }

    /// Every listening socket, sorted, each once.
    pub fn read(&mut self, look: &Look) -> Result<Vec<ListeningSocket>, Unread> {
        let mut waiting = Vec::new();
        let net = self.proc.join("net");
        for (name, protocol) in [("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp")] {
            let file = net.join(name);
            match std::fs::read(&file) {
                Ok(table) => waiting.extend(parse(protocol, &table)?),
                // Without IPv6 its tables do not exist.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && name.ends_with('6') => {}
                Err(error) => return Err(Unread::from_io(&file.display().to_string(), &error)),
            }
        }
        let inodes: HashSet<u64> = waiting.iter().map(|socket| socket.inode).collect();
        if look.depth == Depth::Routine {
            waiting.retain(|socket| {
                socket.protocol == "tcp"
                    || socket.port < EPHEMERAL
                    || self.seen.contains(&socket.inode)
            });
        }
        self.seen = inodes;
        self.learn_owners(&waiting);
        Ok(self.described(&waiting))
    }

    fn learn_owners(&mut self, waiting: &[Waiting]) {
        self.owners.retain(|inode, _| self.seen.contains(inode));
        let open = |socket: &&Waiting| {
            !matches!(
                self.owners.get(&socket.inode),
                Some(Known::Owner(_) | Known::Missing { times: ENOUGH.., .. })
            )
        };
        let wanted: HashSet<u64> = waiting.iter().filter(open).map(|socket| socket.inode).collect();
        if wanted.is_empty() {
            return;
        }
        let found = owners::find(&self.proc, &wanted);
        for inode in wanted {
            let known = match (found.owners.get(&inode), self.owners.get(&inode)) {
                (Some(owner), _) => Known::Owner(owner.clone()),
                (None, Some(Known::Missing { times, .. })) => {
                    Known::Missing { times: times.saturating_add(1), hidden: found.denied }
                }
                (None, _) => Known::Missing { times: 1, hidden: found.denied },
            };
            self.owners.insert(inode, known);
        }
    }

    fn described(&self, waiting: &[Waiting]) -> Vec<ListeningSocket> {
        // Several sockets of one program on one port, or one shared by its workers, are one thing to a reader.
        let mut unique: BTreeMap<(String, u16, &str, Option<String>), ListeningSocket> = BTreeMap::new();
        for socket in waiting {
            let owned_by = self.owners.get(&socket.inode);
            let (process, pid) = match owned_by {
                Some(Known::Owner(owner)) => (Some(owner.process.clone()), Some(owner.pid)),
                Some(Known::Missing { hidden: false, .. }) => (Some("kernel".into()), None),
                Some(Known::Missing { hidden: true, .. }) | None => (None, None),
            };
            let key = (socket.address.to_string(), socket.port, socket.protocol, process.clone());
            let described = ListeningSocket {
                protocol: socket.protocol.into(),
                address: socket.address.to_string(),
                port: socket.port,
                process,
                pid,
                loopback: is_loopback(socket.address),
                service: match owned_by {
                    Some(Known::Owner(owner)) => owner.service.clone(),
                    _ => None,
                },
            };
            let known = unique.entry(key).or_insert_with(|| described.clone());
            if described.pid < known.pid {
                *known = described;
            }
        }
        let mut sockets: Vec<ListeningSocket> = unique.into_values().collect();
        sockets.sort_by(|a, b| {
            (a.loopback, &a.protocol, a.port, &a.address).cmp(&(b.loopback, &b.protocol, b.port, &b.address))
        });
        sockets
    }
}

/// The waiting sockets of one table.
fn parse(protocol: &'static str, table: &[u8]) -> Result<Vec<Waiting>, Unread> {
    let system = current_system_info();
    let unreadable =
        |error: procfs::ProcError| Unread::Failed(format!("tabla de sockets {protocol}: {error}"));
    let waiting = |address: std::net::SocketAddr, inode| Waiting {
        protocol,
        address: address.ip(),
        port: address.port(),
        inode,
    };
    Ok(if protocol == "tcp" {
        let entries = TcpNetEntries::from_read(table, system).map_err(unreadable)?.0;
        let listens = entries.into_iter().filter(|entry| entry.state == TcpState::Listen);
        listens.map(|entry| waiting(entry.local_address, entry.inode)).collect()
    } else {
        let entries = UdpNetEntries::from_read(table, system).map_err(unreadable)?.0;
        // A connected socket hears only its partner.
        let listens = entries.into_iter().filter(|entry| {
            entry.remote_address.port() == 0 && entry.remote_address.ip().is_unspecified()
        });
        listens.map(|entry| waiting(entry.local_address, entry.inode)).collect()
    })
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn line(local: &str, remote: &str, state: &str, inode: u64) -> String {
        format!(
            "   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100 0 0 10 0\n"
        )
    }

    fn names(sockets: &[ListeningSocket]) -> Vec<String> {
        let name = |s: &ListeningSocket| {
            let process = s.process.as_deref().unwrap_or("?");
            format!("{} {}:{} {process} {}", s.protocol, s.address, s.port, s.loopback)
        };
        sockets.iter().map(name).collect()
    }

    fn machine(tcp: &str, tcp6: &str, udp: &str) -> (tempfile::TempDir, Sockets) {
        let proc = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(proc.path().join("net")).unwrap();
        for (name, table) in [("tcp", tcp), ("tcp6", tcp6), ("udp", udp)] {
            std::fs::write(proc.path().join("net").join(name), format!("{HEADER}{table}")).unwrap();
        }
        let sockets = Sockets::new(proc.path());
        (proc, sockets)
    }

    #[test]
    fn listeners_of_both_families_are_found_and_loopback_is_said() {
        let tcp = line("00000000:0016", "00000000:0000", "0A", 1)
            + &line("0100007F:0277", "00000000:0000", "0A", 2)
            + &line("020200C0:99A4", "507100CB:01BB", "01", 3);
        let tcp6 =
            line("00000000000000000000000000000000:0050", &("0".repeat(32) + ":0000"), "0A", 4)
                + &line("0000000000000000FFFF00000100007F:1F90", &("0".repeat(32) + ":0000"), "0A", 5);
        let (_proc, mut sockets) = machine(&tcp, &tcp6, "");
        let found = sockets.read(&Look::for_tests(Depth::Full)).unwrap();
        assert_eq!(
            names(&found),
            [
                "tcp 0.0.0.0:22 kernel false",
                "tcp :::80 kernel false",
                "tcp 127.0.0.1:631 kernel true",
                "tcp ::ffff:127.0.0.1:8080 kernel true",
            ]
        );
    }

    #[test]
    fn a_port_lent_for_one_question_is_no_listener_until_it_stays() {
        let udp = line("00000000:14E9", "00000000:0000", "07", 1)
            + &line("00000000:C350", "00000000:0000", "07", 2)
            + &line("00000000:C351", "08080808:0035", "01", 3);
        let (_proc, mut sockets) = machine("", "", &udp);
        let first = sockets.read(&Look::for_tests(Depth::Routine)).unwrap();
        assert_eq!(names(&first), ["udp 0.0.0.0:5353 kernel false"]);
        let second = sockets.read(&Look::for_tests(Depth::Routine)).unwrap();
        assert_eq!(second.len(), 2);
    }

    #[test]
    fn ten_thousand_sockets_are_read() {
        let many: String = (0..10_000)
            .map(|n| line(&format!("00000000:{:04X}", 1000 + n), "00000000:0000", "0A", n + 1))
            .collect();
        let (_proc, mut sockets) = machine(&many, "", "");
        assert_eq!(sockets.read(&Look::for_tests(Depth::Full)).unwrap().len(), 10_000);
    }

    #[test]
    fn a_table_cut_short_is_an_error_not_a_quiet_pc() {
        let whole = line("00000000:0016", "00000000:0000", "0A", 1);
        let (_proc, mut sockets) = machine(&whole[..60], "", "");
        assert!(matches!(sockets.read(&Look::for_tests(Depth::Full)), Err(Unread::Failed(_))));
    }
}
