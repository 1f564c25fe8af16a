//! The installed antivirus fetches its signatures, or looks through the usual places. The programs asked are a fixed list
//! with fixed arguments; what is found the antivirus names, and what becomes of it is for its own settings.

cfg_select! {
    target_os = "linux" => {
        mod linux;
        pub use linux::{scan, update};
    }
    windows => {
        mod windows;
        pub use self::windows::{scan, update};
    }
    _ => {
        mod elsewhere;
        pub use elsewhere::{scan, update};
    }
}

#[cfg(any(target_os = "linux", test))]
mod clamdscan;

/// No antivirus that could be asked.
const NONE: &str = "no hay un antivirus al que se le pueda pedir (ClamAV o Microsoft Defender)";
