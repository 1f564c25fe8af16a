//! The network adapters, as `GetAdaptersAddresses` lists them.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use windows::Win32::Foundation::ERROR_BUFFER_OVERFLOW;
use windows::Win32::NetworkManagement::IpHelper::{
    GAA_FLAG_INCLUDE_GATEWAYS, GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_MULTICAST, GetAdaptersAddresses,
    IP_ADAPTER_ADDRESSES_LH, IP_ADAPTER_DHCP_ENABLED,
};
use windows::Win32::NetworkManagement::Ndis::IF_OPER_STATUS;
use windows::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, AF_UNSPEC, IpDadStateDeprecated, IpDadStateDuplicate, IpDadStatePreferred, NL_DAD_STATE,
    SOCKADDR_IN, SOCKADDR_IN6, SOCKET_ADDRESS,
};

use crate::probe::Unread;

/// An adapter.
pub struct Adapter {
    /// As people call it.
    pub name: String,
    /// IANA's number of its kind.
    pub kind: u32,
    /// Whether it is up, and if not, why.
    pub status: IF_OPER_STATUS,
    /// Hardware address; empty where it has none.
    pub mac: Vec<u8>,
    /// Addresses with the length of their network.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Whether another device on the link has one of them too; `None`: not all were looked into yet.
    pub conflict: Option<bool>,
    /// Asks for its IPv4 address.
    pub dhcp: bool,
    /// Number by which the system knows it.
    pub index: u32,
    /// Gateways.
    pub gateways: Vec<IpAddr>,
    /// Servers asked for names.
    pub name_servers: Vec<IpAddr>,
    /// Bits a second, the slower way.
    pub speed: u64,
    /// The lower is preferred: IPv4, IPv6.
    pub metrics: (u32, u32),
    /// Scope of its link-local addresses.
    pub scope: u32,
}

/// As Microsoft advises, so that one call is nearly always enough.
const ROOM: u32 = 16 * 1024;
/// Adapters may come between two calls.
const TRIES: u8 = 4;
/// A list longer than this is no list.
const LONGEST: usize = 1_024;

/// Reads them.
pub fn read() -> Result<Vec<Adapter>, Unread> {
    let flags = GAA_FLAG_INCLUDE_GATEWAYS | GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST;
    let mut size = ROOM;
    for _ in 0..TRIES {
        // Numbers, so that the entries lie as they must.
        let mut room = vec![0u64; (size as usize).div_ceil(8)];
        let list = room.as_mut_ptr().cast::<IP_ADAPTER_ADDRESSES_LH>();
        // SAFETY: the room is ours, `size` says how long it is, and both outlive the call.
        let code = unsafe { GetAdaptersAddresses(AF_UNSPEC.0.into(), flags, None, Some(list), &mut size) };
        if code == 0 {
            // SAFETY: the call filled the list with entries that point to one another within `room`.
            return Ok(unsafe { linked(list, |entry| entry.Next).map(|entry| adapter(entry)).collect() });
        }
        if code != ERROR_BUFFER_OVERFLOW.0 {
            let error = std::io::Error::from_raw_os_error(code as i32);
            return Err(Unread::from_io("las interfaces de red", &error));
        }
    }
    Err(Unread::Failed("la lista de interfaces de red crece sin parar".into()))
}

/// The entries of a linked list of the system.
///
/// # Safety
/// `first` and every `next` are null or point to a live entry for as long as the result is used.
unsafe fn linked<'a, T: 'a>(first: *const T, next: fn(&T) -> *mut T) -> impl Iterator<Item = &'a T> {
    // SAFETY: promised by the caller.
    let entry = |pointer: *const T| unsafe { pointer.as_ref() };
    std::iter::successors(entry(first), move |at| entry(next(at))).take(LONGEST)
}

/// # Safety
/// The entry and all it points to live, as the system filled them in.
unsafe fn adapter(entry: &IP_ADAPTER_ADDRESSES_LH) -> Adapter {
    let mac = usize::try_from(entry.PhysicalAddressLength).unwrap_or(0);
    // SAFETY: promised by the caller: lists and texts are the system's and live.
    unsafe {
        Adapter {
            name: entry.FriendlyName.to_string().unwrap_or_default(),
            kind: entry.IfType,
            status: entry.OperStatus,
            mac: entry.PhysicalAddress.get(..mac).unwrap_or_default().to_vec(),
            addresses: linked(entry.FirstUnicastAddress, |item| item.Next)
                .filter_map(|item| Some((address(&item.Address)?, item.OnLinkPrefixLength)))
                .collect(),
            conflict: conflict(entry),
            dhcp: entry.Anonymous2.Flags & IP_ADAPTER_DHCP_ENABLED != 0,
            index: entry.Anonymous1.Anonymous.IfIndex,
            gateways: linked(entry.FirstGatewayAddress, |item| item.Next)
                .filter_map(|item| address(&item.Address))
                .collect(),
            name_servers: linked(entry.FirstDnsServerAddress, |item| item.Next)
                .filter_map(|item| address(&item.Address))
                .collect(),
            speed: entry.ReceiveLinkSpeed.min(entry.TransmitLinkSpeed),
            metrics: (entry.Ipv4Metric, entry.Ipv6Metric),
            scope: entry.Ipv6IfIndex,
        }
    }
}

/// What duplicate address detection found.
///
/// # Safety
/// The entry and all it points to live, as the system filled them in.
unsafe fn conflict(entry: &IP_ADAPTER_ADDRESSES_LH) -> Option<bool> {
    // SAFETY: promised by the caller.
    let states: Vec<NL_DAD_STATE> =
        unsafe { linked(entry.FirstUnicastAddress, |item| item.Next).map(|item| item.DadState).collect() };
    if states.contains(&IpDadStateDuplicate) {
        return Some(true);
    }
    let settled = [IpDadStatePreferred, IpDadStateDeprecated];
    (!states.is_empty() && states.iter().all(|state| settled.contains(state))).then_some(false)
}

/// # Safety
/// The pointer is null or points to a socket address of the length beside it.
unsafe fn address(socket: &SOCKET_ADDRESS) -> Option<IpAddr> {
    let length = usize::try_from(socket.iSockaddrLength).ok()?;
    // SAFETY: promised by the caller; every socket address begins with its family, and each kind is read only at its length.
    unsafe {
        match socket.lpSockaddr.as_ref()?.sa_family {
            AF_INET if length >= size_of::<SOCKADDR_IN>() => {
                let v4 = &*socket.lpSockaddr.cast::<SOCKADDR_IN>();
                Some(Ipv4Addr::from(v4.sin_addr.S_un.S_addr.to_ne_bytes()).into())
            }
            AF_INET6 if length >= size_of::<SOCKADDR_IN6>() => {
                let v6 = &*socket.lpSockaddr.cast::<SOCKADDR_IN6>();
                Some(Ipv6Addr::from(v6.sin6_addr.u.Byte).into())
            }
            _ => None,
        }
    }
}
