//! The machine and its operating system: by sysinfo, or by the Windows API, whose processor counters sysinfo reads
//! at a greater cost.

cfg_select! {
    windows => {
        mod windows;
        pub use self::windows::Reader;
    }
    _ => {
        mod kernels;
        #[cfg(target_os = "linux")]
        mod linux;
        mod portable;
        pub use portable::Reader;
    }
}

#[cfg(any(windows, test))]
mod cpu_times;
#[cfg(any(windows, test))]
mod smbios;
#[cfg(any(windows, test))]
mod windows_version;

use atalaya_reading::bounds;

/// What makers leave where a model or serial number should be.
const PLACEHOLDERS: [&str; 9] = [
    "to be filled by o.e.m.",
    "default string",
    "system serial number",
    "system product name",
    "system manufacturer",
    "not specified",
    "none",
    "n/a",
    "0",
];

/// The text unless it is empty or a placeholder.
fn stated(text: &str) -> Option<String> {
    let text = bounds::text(text.trim(), bounds::TEXT);
    let said = !text.is_empty() && !PLACEHOLDERS.contains(&text.to_lowercase().as_str());
    said.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_of_the_maker_is_no_serial_number() {
        assert_eq!(stated("To Be Filled By O.E.M."), None);
        assert_eq!(stated("  "), None);
        assert_eq!(stated(" PF2A1B3C "), Some("PF2A1B3C".into()));
    }
}
