//! Where a target is: host and port out of what settings or collector say. Pure.

use crate::TargetKind;

/// A host, by name or address, and a port; ICMP has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or address, without brackets.
    pub host: String,
    /// 0 for ICMP.
    pub port: u16,
}

impl Endpoint {
    /// Reads an address as the kind of target writes it; `None` when it is none.
    pub fn parse(kind: TargetKind, address: &str) -> Option<Endpoint> {
        let endpoint = match kind {
            TargetKind::Icmp => Endpoint { host: address.into(), port: 0 },
            TargetKind::Tcp => host_and_port(address, None)?,
            TargetKind::Https => {
                let rest = address.strip_prefix("https://").unwrap_or(address);
                host_and_port(rest.split(['/', '?', '#']).next()?, Some(443))?
            }
        };
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
        let named = !endpoint.host.is_empty() && endpoint.host.len() <= 253;
        (named && endpoint.host.chars().all(valid)).then_some(endpoint)
    }
}

fn host_and_port(text: &str, default: Option<u16>) -> Option<Endpoint> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        (host, rest.strip_prefix(':'))
    } else {
        match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            _ => (text, None),
        }
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        None => default?,
    };
    Some(Endpoint { host: host.into(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(kind: TargetKind, address: &str) -> Option<(String, u16)> {
        Endpoint::parse(kind, address).map(|endpoint| (endpoint.host, endpoint.port))
    }

    #[test]
    fn each_kind_has_its_form() {
        assert_eq!(parsed(TargetKind::Icmp, "192.0.2.1"), Some(("192.0.2.1".into(), 0)));
        assert_eq!(parsed(TargetKind::Tcp, "[2001:db8::1]:53"), Some(("2001:db8::1".into(), 53)));
        assert_eq!(
            parsed(TargetKind::Https, "https://www.gob.mx/inicio"),
            Some(("www.gob.mx".into(), 443))
        );
        assert_eq!(parsed(TargetKind::Https, "intranet:8443"), Some(("intranet".into(), 8443)));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(parsed(TargetKind::Tcp, "192.0.2.1"), None);
        assert_eq!(parsed(TargetKind::Tcp, "192.0.2.1:0"), None);
        assert_eq!(parsed(TargetKind::Tcp, "192.0.2.1:99999"), None);
        assert_eq!(parsed(TargetKind::Icmp, ""), None);
        assert_eq!(parsed(TargetKind::Icmp, "a b"), None);
        assert_eq!(parsed(TargetKind::Https, "http://x"), None);
    }
}
