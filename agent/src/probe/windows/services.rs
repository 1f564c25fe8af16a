//! The services of Windows: which there are, which run, and in which process.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use windows::Win32::Foundation::ERROR_MORE_DATA;
use windows::Win32::System::Services::{
    CloseServiceHandle, ENUM_SERVICE_STATUS_PROCESSW, EnumServicesStatusExW, OpenSCManagerW,
    SC_ENUM_PROCESS_INFO, SC_HANDLE, SC_MANAGER_ENUMERATE_SERVICE, SERVICE_RUNNING,
    SERVICE_STATE_ALL, SERVICE_WIN32,
};
use windows::Win32::System::SystemInformation::GetTickCount64;
use windows::core::PCWSTR;

use crate::probe::Unread;

/// A service that starts late is not one that was stopped: Windows starts the delayed ones two minutes after the others.
const GRACE_AFTER_BOOT: Duration = Duration::from_secs(300);
/// A call gives no more than this.
const ROOM: usize = 256 * 1024;

/// A service.
struct Service {
    pid: u32,
    running: bool,
}

/// All services by their name in small letters.
pub struct Services {
    by_name: HashMap<String, Service>,
    starting: bool,
}

impl Services {
    /// Reads them.
    pub fn read() -> Result<Services, Unread> {
        // SAFETY: null names mean this machine; the handle is closed below and given to nobody else.
        let manager =
            unsafe { OpenSCManagerW(PCWSTR::null(), PCWSTR::null(), SC_MANAGER_ENUMERATE_SERVICE) };
        let manager = manager.map_err(|error| super::com::unread("los servicios", &error))?;
        let by_name = listed(manager);
        // SAFETY: opened above; nothing uses it afterwards. There is nothing to do about a failure.
        let _ = unsafe { CloseServiceHandle(manager) };
        // SAFETY: no arguments.
        let up = Duration::from_millis(unsafe { GetTickCount64() });
        Ok(Services { by_name: by_name?, starting: up < GRACE_AFTER_BOOT })
    }

    /// Whether a service of that name is installed.
    pub fn is_installed(&self, name: &str) -> bool {
        self.by_name.contains_key(&name.to_lowercase())
    }

    /// Whether it runs; unknown while the system is still starting.
    pub fn running(&self, name: &str) -> Option<bool> {
        let runs = self.by_name.get(&name.to_lowercase()).is_some_and(|service| service.running);
        if runs || !self.starting { Some(runs) } else { None }
    }

    /// The services that live in a process, in order.
    pub fn of_process(&self, pid: u32) -> Vec<String> {
        let within =
            self.by_name.iter().filter(|(_, service)| service.running && service.pid == pid);
        let mut names: Vec<String> = within.map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }
}

impl Services {
    /// Whether a service runs whose process satisfies this; `None`: none was seen, which proves nothing, as a process
    /// may be hidden.
    pub fn any_process(&self, is_it: impl Fn(u32) -> bool) -> Option<bool> {
        let pids: HashSet<u32> = self
            .by_name
            .values()
            .filter(|service| service.running && service.pid != 0)
            .map(|service| service.pid)
            .collect();
        pids.into_iter().any(is_it).then_some(true)
    }
}

fn listed(manager: SC_HANDLE) -> Result<HashMap<String, Service>, Unread> {
    let mut services = HashMap::new();
    // The entries hold pointers, so the room has to lie as they do.
    let mut room = vec![0u64; ROOM / 8];
    let mut resume = 0;
    loop {
        let (mut needed, mut count) = (0, 0);
        // SAFETY: the bytes are those of `room`, as many as it has, and are not used elsewhere meanwhile.
        let bytes = unsafe { std::slice::from_raw_parts_mut(room.as_mut_ptr().cast::<u8>(), ROOM) };
        // SAFETY: all pointers are to values of ours that outlive the call.
        let ended = unsafe {
            EnumServicesStatusExW(
                manager,
                SC_ENUM_PROCESS_INFO,
                SERVICE_WIN32,
                SERVICE_STATE_ALL,
                Some(bytes),
                &mut needed,
                &mut count,
                Some(&mut resume),
                PCWSTR::null(),
            )
        };
        let more = match ended {
            Ok(()) => false,
            Err(error) if error.code() == ERROR_MORE_DATA.to_hresult() => true,
            Err(error) => return Err(super::com::unread("los servicios", &error)),
        };
        // SAFETY: the call has written `count` entries at the start of `room`, which is aligned for them.
        let entries = unsafe {
            std::slice::from_raw_parts(
                room.as_ptr().cast::<ENUM_SERVICE_STATUS_PROCESSW>(),
                count as usize,
            )
        };
        for entry in entries {
            // SAFETY: the name is a text ending in zero within `room`.
            let name =
                unsafe { entry.lpServiceName.to_string() }.unwrap_or_default().to_lowercase();
            let status = entry.ServiceStatusProcess;
            let running = status.dwCurrentState == SERVICE_RUNNING;
            services.insert(name, Service { pid: status.dwProcessId, running });
        }
        if !more || count == 0 {
            return Ok(services);
        }
    }
}
