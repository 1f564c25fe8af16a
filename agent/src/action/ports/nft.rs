//! What is said to `nft`. Pure: numbers and words of our own go in, never a text from elsewhere.
//!
//! The table is the agent's own. Its chain looks at packets before those of ufw, firewalld and iptables; what it lets
//! pass they still judge. The kernel itself lifts a block when its time is over, whether the agent runs or not.

use atalaya_reading::Protocol;

/// Makes the table if there is none, and has the port in its set. One transaction.
pub fn block(protocol: Protocol, port: u16, minutes: u32) -> String {
    let set = set(protocol);
    let timeout = if minutes == 0 { String::new() } else { format!(" timeout {minutes}m") };
    format!(
        "{TABLE}; add element inet atalaya {set} {{ {port} }}; delete element inet atalaya {set} {{ {port} }}; \
         add element inet atalaya {set} {{ {port}{timeout} }}"
    )
}

/// Has the port out of its set. Fails when it is not in it.
pub fn unblock(protocol: Protocol, port: u16) -> String {
    format!("delete element inet atalaya {} {{ {port} }}", set(protocol))
}

/// Made again it is the same: nothing is doubled.
const TABLE: &str = "add table inet atalaya; \
    add set inet atalaya blocked_tcp { type inet_service; flags timeout; }; \
    add set inet atalaya blocked_udp { type inet_service; flags timeout; }; \
    add chain inet atalaya input { type filter hook input priority -5; policy accept; }; \
    flush chain inet atalaya input; \
    add rule inet atalaya input iif lo accept; \
    add rule inet atalaya input ct direction reply accept; \
    add rule inet atalaya input tcp dport @blocked_tcp counter drop; \
    add rule inet atalaya input udp dport @blocked_udp counter drop";

fn set(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "blocked_tcp",
        Protocol::Udp => "blocked_udp",
    }
}

/// Whether a table as `nft list table` prints it has that port blocked.
pub fn is_blocked(table: &str, protocol: Protocol, port: u16) -> bool {
    elements(table, protocol).any(|element| element.split(' ').next() == Some(&port.to_string()))
}

/// Whether a table as `nft list table` prints it blocks nothing.
pub fn is_empty(table: &str) -> bool {
    ![Protocol::Tcp, Protocol::Udp].iter().any(|of| elements(table, *of).next().is_some())
}

fn elements(table: &str, protocol: Protocol) -> impl Iterator<Item = &str> {
    let after =
        table.split_once(&format!("set {} {{", set(protocol))).map_or("", |(_, after)| after);
    let own = after.split_once("\n\t}").map_or("", |(own, _)| own);
    let list = own.split_once("elements = {").map_or("", |(_, list)| list);
    let list = list.split('}').next().unwrap_or_default();
    list.split(',').map(str::trim).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nft 1.0.6 prints it, recorded.
    const LISTED: &str = include_str!("../../../fixtures/action/nft-list-table.txt");

    #[test]
    fn blocked_ports_are_read_from_what_nft_prints() {
        let tcp = |port| is_blocked(LISTED, Protocol::Tcp, port);
        assert!(tcp(445) && tcp(139) && !tcp(44) && !tcp(53));
        assert!(is_blocked(LISTED, Protocol::Udp, 53) && !is_blocked(LISTED, Protocol::Udp, 445));
        assert!(!is_empty(LISTED) && is_empty(""));
        let lines: Vec<&str> = LISTED.lines().filter(|line| !line.contains("elements")).collect();
        let without: String = lines
            .into_iter()
            .filter(|l| !l.contains("expires"))
            .map(|l| format!("{l}\n"))
            .collect();
        assert!(is_empty(&without), "{without}");
    }

    #[test]
    fn a_term_is_the_kernels_own() {
        assert!(block(Protocol::Tcp, 445, 60).ends_with("{ 445 timeout 60m }"));
        assert!(block(Protocol::Udp, 53, 0).ends_with("blocked_udp { 53 }"));
    }
}
