//! COM on the thread of a probe, and what its errors mean for a reading.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::marker::PhantomData;

use windows::Win32::Foundation::{
    E_ACCESSDENIED, E_NOTIMPL, REGDB_E_CLASSNOTREG, RPC_E_CHANGED_MODE,
};
use windows::Win32::System::Com::{
    CLSCTX_INPROC_SERVER, COINIT_MULTITHREADED, CoCreateInstance, CoInitializeEx, CoUninitialize,
};
use windows::core::{Error, GUID, Interface};

use crate::probe::Unread;

/// COM is ready on this thread while this lives; not to be sent to another.
pub struct Apartment {
    leave: bool,
    _of_this_thread: PhantomData<*const ()>,
}

impl Apartment {
    /// Makes COM ready.
    pub fn enter() -> Result<Apartment, Unread> {
        // SAFETY: no pointers; undone in `drop` on the same thread, as the type cannot be sent.
        let entered = unsafe { CoInitializeEx(None, COINIT_MULTITHREADED) };
        if entered.is_err() && entered != RPC_E_CHANGED_MODE {
            return Err(unread("COM", &entered.into()));
        }
        // A thread that already lives in another apartment is fit for use, but not ours to leave.
        Ok(Apartment { leave: entered.is_ok(), _of_this_thread: PhantomData })
    }

    /// An object of that class, living in this process.
    pub fn create<T: Interface>(&self, what: &str, class: &GUID) -> Result<T, Unread> {
        // SAFETY: COM is ready on this thread; the result is counted by its type.
        unsafe { CoCreateInstance(class, None, CLSCTX_INPROC_SERVER) }
            .map_err(|error| unread(what, &error))
    }
}

impl Drop for Apartment {
    fn drop(&mut self) {
        if self.leave {
            // SAFETY: paired with the call in `enter`; objects borrow no longer than their reader's call.
            unsafe { CoUninitialize() };
        }
    }
}

/// Why `what` could not be read.
pub fn unread(what: &str, error: &Error) -> Unread {
    match error.code() {
        REGDB_E_CLASSNOTREG | E_NOTIMPL => {
            Unread::NotApplicable(format!("este Windows no ofrece {what}"))
        }
        E_ACCESSDENIED => Unread::Denied(format!("sin permiso para leer {what}")),
        _ => Unread::Failed(format!("{what}: {error}")),
    }
}
