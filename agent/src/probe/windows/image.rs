//! The program a process runs.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use windows::Win32::System::Threading::{
    OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};
use windows::core::{Owned, PWSTR};

/// The path of a process's program; `None` when it is gone or hidden from us.
pub fn image(pid: u32) -> Option<String> {
    // SAFETY: no pointers; the handle is owned by nobody else.
    let process = unsafe {
        OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, false, pid).map(|handle| Owned::new(handle))
    }
    .ok()?;
    let mut path = [0; 1024];
    let mut length = path.len() as u32;
    let name = PWSTR(path.as_mut_ptr());
    // SAFETY: the buffer is ours and `length` says how long it is.
    unsafe { QueryFullProcessImageNameW(*process, PROCESS_NAME_WIN32, name, &mut length) }.ok()?;
    Some(String::from_utf16_lossy(path.get(..length as usize)?))
}
