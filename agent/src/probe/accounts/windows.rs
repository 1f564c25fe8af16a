//! The accounts Windows keeps itself, and the members of the group of administrators, whatever it is called here.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::collections::BTreeSet;
use std::ffi::c_void;

use atalaya_reading::{Account, Reading, Section, bounds};
use jiff::Timestamp;
use windows::Win32::NetworkManagement::NetManagement::{
    FILTER_NORMAL_ACCOUNT, LOCALGROUP_MEMBERS_INFO_2, MAX_PREFERRED_LENGTH, NERR_Success, NetApiBufferFree,
    NetLocalGroupGetMembers, NetUserEnum, UF_ACCOUNTDISABLE, USER_INFO_3,
};
use windows::Win32::Security::{
    CreateWellKnownSid, LookupAccountSidW, PSID, SID_NAME_USE, WinBuiltinAdministratorsSid,
};
use windows::core::{PCWSTR, PWSTR};

use super::listed;
use crate::probe::{Look, Probe, Unread};

const ERROR_ACCESS_DENIED: u32 = 5;
/// The API does not know the call: Wine, for one.
const ERROR_NOT_SUPPORTED: u32 = 50;
const ERROR_CALL_NOT_IMPLEMENTED: u32 = 120;
const ERROR_INVALID_LEVEL: u32 = 124;
const ERROR_MORE_DATA: u32 = 234;

/// Windows' own accounts below this number are not of people, but for the first administrator and the guest.
const FIRST_OF_PEOPLE: u32 = 1_000;
const ADMINISTRATOR: u32 = 500;

/// Reads the accounts; keeps nothing.
pub struct Reader;

impl Reader {
    /// There are no settings.
    pub fn new(_: &()) -> Reader {
        Reader
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        // Who the administrators are may be unknown while the accounts are known.
        let administrators = administrators().ok();
        let accounts = accounts(administrators.as_ref())?;
        let source = "NetUserEnum, NetLocalGroupGetMembers";
        Ok(Section::Accounts(Reading::ok(listed(accounts), source, look.now)))
    }
}

/// A list the network API allocated; freed when it goes.
struct Buffer<T> {
    start: *mut u8,
    count: u32,
    _entries: std::marker::PhantomData<T>,
}

impl<T> Buffer<T> {
    /// What a call fills in: where the list begins, how many entries it has, and how many there are.
    fn of(what: &str, call: impl FnOnce(*mut *mut u8, *mut u32, *mut u32) -> u32) -> Result<Buffer<T>, Unread> {
        let (mut start, mut count, mut total) = (std::ptr::null_mut(), 0, 0);
        let code = call(&mut start, &mut count, &mut total);
        let buffer = Buffer { start, count, _entries: std::marker::PhantomData };
        match code {
            code if code == NERR_Success || code == ERROR_MORE_DATA => Ok(buffer),
            ERROR_ACCESS_DENIED => Err(Unread::Denied(format!("sin permiso para {what}"))),
            ERROR_NOT_SUPPORTED | ERROR_CALL_NOT_IMPLEMENTED | ERROR_INVALID_LEVEL => {
                Err(Unread::NotApplicable(format!("este Windows no ofrece {what}")))
            }
            code => Err(Unread::Failed(format!("{what}: error {code}"))),
        }
    }

    fn entries(&self) -> &[T] {
        if self.start.is_null() {
            return &[];
        }
        // SAFETY: the call that succeeded says that `count` entries of this type begin there; they live until `drop`,
        // and the API aligns what it allocates for its entries.
        unsafe { std::slice::from_raw_parts(self.start.cast::<T>(), self.count as usize) }
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if !self.start.is_null() {
            // SAFETY: allocated by the API and not used any more.
            unsafe { NetApiBufferFree(Some(self.start as *const c_void)) };
        }
    }
}

fn accounts(administrators: Option<&BTreeSet<String>>) -> Result<Vec<Account>, Unread> {
    let buffer: Buffer<USER_INFO_3> = Buffer::of("NetUserEnum", |start, count, total| {
        // SAFETY: the places outlive the call; no server is this PC; level 3 fills entries of USER_INFO_3.
        unsafe {
            let here = PCWSTR::null();
            NetUserEnum(here, 3, FILTER_NORMAL_ACCOUNT, start, MAX_PREFERRED_LENGTH, count, total, None)
        }
    })?;
    let account = |user: &USER_INFO_3| {
        let name = text(user.usri3_name)?;
        let logon = i64::from(user.usri3_last_logon);
        Some(Account {
            full_name: text(user.usri3_full_name),
            enabled: Some(user.usri3_flags.0 & UF_ACCOUNTDISABLE.0 == 0),
            administrator: administrators.map(|names| names.contains(&name.to_lowercase())),
            last_logon_at: (logon > 0).then(|| Timestamp::from_second(logon).ok()).flatten(),
            system: user.usri3_user_id < FIRST_OF_PEOPLE && user.usri3_user_id != ADMINISTRATOR,
            name,
        })
    };
    Ok(buffer.entries().iter().filter_map(account).collect())
}

/// Names of the accounts in the group with the SID S-1-5-32-544, in small letters; those of a domain are not among
/// the PC's own and do no harm here.
fn administrators() -> Result<BTreeSet<String>, Unread> {
    let group = administrators_group().ok_or_else(|| Unread::Failed("LookupAccountSid".into()))?;
    let members: Buffer<LOCALGROUP_MEMBERS_INFO_2> =
        Buffer::of("NetLocalGroupGetMembers", |start, count, total| {
            // SAFETY: as above; the name ends in zero; level 2 fills entries of LOCALGROUP_MEMBERS_INFO_2.
            unsafe {
                let name = PCWSTR(group.as_ptr());
                let here = PCWSTR::null();
                NetLocalGroupGetMembers(here, name, 2, start, MAX_PREFERRED_LENGTH, count, total, None)
            }
        })?;
    let computer = std::env::var("COMPUTERNAME").unwrap_or_default().to_lowercase();
    let own = |member: &LOCALGROUP_MEMBERS_INFO_2| {
        let full = text(member.lgrmi2_domainandname)?.to_lowercase();
        let (domain, name) = full.split_once('\\').unwrap_or(("", &full));
        (domain.is_empty() || computer.is_empty() || domain == computer).then(|| name.to_string())
    };
    Ok(members.entries().iter().filter_map(own).collect())
}

/// What the group is called on this PC, with the zero it ends in.
fn administrators_group() -> Option<Vec<u16>> {
    let mut sid = [0_u8; 68];
    let mut length = sid.len() as u32;
    let place = PSID(sid.as_mut_ptr().cast());
    // SAFETY: the place is as long as any SID, and its length is told.
    unsafe { CreateWellKnownSid(WinBuiltinAdministratorsSid, None, Some(place), &mut length) }.ok()?;
    let (mut name, mut domain) = ([0_u16; 256], [0_u16; 256]);
    let (mut name_length, mut domain_length) = (name.len() as u32, domain.len() as u32);
    let mut kind = SID_NAME_USE::default();
    let (into_name, into_domain) = (PWSTR(name.as_mut_ptr()), PWSTR(domain.as_mut_ptr()));
    // SAFETY: a SID made just now; both places are as long as is said.
    unsafe {
        LookupAccountSidW(
            PCWSTR::null(),
            place,
            Some(into_name),
            &mut name_length,
            Some(into_domain),
            &mut domain_length,
            &mut kind,
        )
    }
    .ok()?;
    let mut group = name.get(..name_length as usize)?.to_vec();
    group.push(0);
    Some(group)
}

fn text(text: PWSTR) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the API ends its texts in zero; they live in the list they came with.
    let units = unsafe { text.as_wide() };
    let text = bounds::text(String::from_utf16_lossy(units).trim(), bounds::NAME);
    (!text.is_empty()).then_some(text)
}
