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

use atalaya_reading::Finding;

/// No antivirus that could be asked.
const NONE: &str = "no hay un antivirus al que se le pueda pedir (ClamAV o Microsoft Defender)";

/// What `clamdscan` found, as it prints it: `PATH: NAME FOUND` a line. A path may hold anything but a line break.
pub(crate) fn found_by_clamdscan(printed: &str) -> Vec<Finding> {
    let finding = |line: &str| {
        let (path, name) = line.strip_suffix(" FOUND")?.rsplit_once(": ")?;
        Some(Finding { name: name.into(), path: path.into() })
    };
    printed.lines().filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_read_from_what_clamdscan_prints() {
        let printed =
            "/home/ana/a: b FOUND: Eicar-Test FOUND\n/tmp/x: Access denied. ERROR\n/tmp/y: OK\n\n";
        let found = found_by_clamdscan(printed);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].name.as_str(), found[0].path.as_str()),
            ("Eicar-Test", "/home/ana/a: b FOUND")
        );
    }
}
