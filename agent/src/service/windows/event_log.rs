//! What the agent logs, in the Event Log of Windows.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::io;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;
use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE, REPORT_EVENT_TYPE,
    RegisterEventSourceW, ReportEventW,
};
use windows::core::{HSTRING, PCWSTR};
use windows_registry::LOCAL_MACHINE;

use crate::service::NAME;

const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";
/// Windows' own tool brings messages 1 to 1000 that are nothing but the text that goes with them.
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";
const ALL_TYPES: u32 = 7;
/// The Event Log takes no longer text, in UTF-16 units.
const LONGEST: usize = 31_000;

/// Makes the agent known as a source, so that its messages are shown as text.
pub fn register() -> windows_registry::Result<()> {
    let source = LOCAL_MACHINE.create(format!(r"{SOURCES}\{NAME}"))?;
    source.set_expand_string("EventMessageFile", MESSAGES)?;
    source.set_u32("TypesSupported", ALL_TYPES)
}

/// The opposite; a source that is not there is as good as removed.
pub fn forget() {
    let _ = LOCAL_MACHINE.create(SOURCES).and_then(|sources| sources.remove_tree(NAME));
}

/// Writes each event as one message.
pub struct EventLog(HANDLE);

// SAFETY: the handle names a connection that Windows lets any thread use.
unsafe impl Send for EventLog {}
// SAFETY: as above; nothing of ours is changed through it.
unsafe impl Sync for EventLog {}

impl EventLog {
    /// Opens it.
    pub fn open() -> io::Result<EventLog> {
        // SAFETY: the text ends in zero and outlives the call.
        Ok(EventLog(unsafe { RegisterEventSourceW(PCWSTR::null(), &HSTRING::from(NAME)) }?))
    }

    fn report(&self, level: Level, text: &str) {
        let (kind, id): (REPORT_EVENT_TYPE, u32) = match level {
            Level::ERROR => (EVENTLOG_ERROR_TYPE, 3),
            Level::WARN => (EVENTLOG_WARNING_TYPE, 2),
            _ => (EVENTLOG_INFORMATION_TYPE, 1),
        };
        let units: Vec<u16> = text.trim_end().encode_utf16().take(LONGEST).chain([0]).collect();
        let texts = [PCWSTR(units.as_ptr())];
        // SAFETY: the one text ends in zero and outlives the call. There is nobody to tell of a failure.
        let _ = unsafe { ReportEventW(self.0, kind, 0, id, None, 0, Some(&texts), None) };
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        // SAFETY: opened by `open`; nothing uses it afterwards.
        let _ = unsafe { DeregisterEventSource(self.0) };
    }
}

/// One event being written.
pub struct Message<'a> {
    log: &'a EventLog,
    level: Level,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for EventLog {
    type Writer = Message<'a>;

    fn make_writer(&'a self) -> Message<'a> {
        Message { log: self, level: Level::INFO, text: Vec::new() }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Message<'a> {
        Message { log: self, level: *event.level(), text: Vec::new() }
    }
}

impl io::Write for Message<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.log.report(self.level, &String::from_utf8_lossy(&self.text));
        }
    }
}
