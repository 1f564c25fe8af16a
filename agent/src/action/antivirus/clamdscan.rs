//! What `clamdscan` prints. Pure.

use atalaya_reading::Finding;

/// What `clamdscan` found, as it prints it: `PATH: NAME FOUND` a line. A path may hold anything but a line break.
pub fn found(printed: &str) -> Vec<Finding> {
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
        let found = found(printed);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].name.as_str(), found[0].path.as_str()),
            ("Eicar-Test", "/home/ana/a: b FOUND")
        );
    }
}
