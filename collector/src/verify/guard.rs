//! Which addresses may be asked for. Pure but for the name, which is resolved once: what was judged is what is connected
//! to, so that a name cannot lead elsewhere in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use super::Checks;

/// Longest address, bytes.
const URL: usize = 2_000;
/// Addresses of a name that are tried.
const TRIED: usize = 4;

/// Reads an address as it was written.
///
/// # Errors
/// Why it is not asked for, for people.
pub fn read(text: &str) -> Result<Url, String> {
    let text = text.trim();
    if text.len() > URL {
        return Err(format!("la dirección pasa de {URL} caracteres"));
    }
    let url = Url::parse(text)
        .map_err(|_| "no es una dirección completa; escriba https://…".to_owned())?;
    check(&url)?;
    Ok(url)
}

/// What can be said of an address without its name.
///
/// # Errors
/// Why it is not asked for, for people.
pub fn check(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("sólo se miran direcciones http y https, no {}", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("la dirección lleva una cuenta o una contraseña".into());
    }
    Ok(())
}

/// Where to connect for an address that may be asked for.
///
/// # Errors
/// Why it is not asked for, or that its name does not resolve; for people.
pub async fn resolve(url: &Url, checks: &Checks) -> Result<Vec<SocketAddr>, Stop> {
    let refused = |why: String| Stop::Refused(why);
    let host =
        url.host().ok_or_else(|| refused("la dirección no nombra ningún servidor".into()))?;
    let port = url.port_or_known_default().unwrap_or(0);
    let own = is_own(&host, checks);
    if !own && !matches!(port, 80 | 443) {
        return Err(refused(format!("sólo se miran los puertos 80 y 443, no el {port}")));
    }
    let found: Vec<SocketAddr> = match host {
        Host::Ipv4(v4) => vec![SocketAddr::new(v4.into(), port)],
        Host::Ipv6(v6) => vec![SocketAddr::new(v6.into(), port)],
        Host::Domain(name) => tokio::net::lookup_host((name, port))
            .await
            .map_err(|_| Stop::Failed(format!("el nombre {name} no se resuelve")))?
            .collect(),
    };
    if found.is_empty() {
        return Err(Stop::Failed("el nombre no tiene ninguna dirección".into()));
    }
    if !own && found.iter().any(|address| !is_public(address.ip())) {
        return Err(refused(
            "lleva a una dirección interna, que no se mira desde el colector".into(),
        ));
    }
    Ok(found.into_iter().take(TRIED).collect())
}

/// Why a request ends before it begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is not allowed.
    Refused(String),
    /// It cannot be done.
    Failed(String),
}

/// Whether an address is of the house by the settings.
fn is_own(host: &Host<&str>, checks: &Checks) -> bool {
    let name = host.to_string();
    checks.allow_private || checks.websites.iter().any(|own| own.eq_ignore_ascii_case(&name))
}

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = a == 192 && b == 0 && c == 0;
    let benchmarks = a == 198 && (18..20).contains(&b);
    let relay = a == 192 && b == 88 && c == 99;
    !(a == 0
        || a >= 224
        || shared
        || protocols
        || benchmarks
        || relay
        || v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation())
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let segments = v6.segments();
    // Addresses that carry one of IPv4 lead where that one leads.
    let last_two = || {
        let [.., high, low] = segments;
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last_two()),
        [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Teredo, documentation, ORCHID and benchmarks are all of no use here.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        // What is not global unicast is inside, on the link, for many, or nothing.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}
