//! What Windows calls itself, out of the values under `Windows NT\CurrentVersion`, and what its clock shows. Pure.

/// The first build of Windows 11, whose `ProductName` still says 10.
const WINDOWS_11: u32 = 22_000;

/// Values of the registry, as far as they are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CurrentVersion {
    /// `ProductName`.
    pub product_name: Option<String>,
    /// `DisplayVersion`, before 2020 `ReleaseId`.
    pub display_version: Option<String>,
    /// `CurrentMajorVersionNumber`; absent before Windows 10.
    pub major: Option<u32>,
    /// `CurrentMinorVersionNumber`.
    pub minor: Option<u32>,
    /// `CurrentVersion`: the version before Windows 10, frozen at 6.3 since.
    pub version: Option<String>,
    /// `CurrentBuild`.
    pub build: Option<String>,
    /// `UBR`: the monthly update within the build.
    pub revision: Option<u32>,
}

impl CurrentVersion {
    /// `Windows 11 Pro`, as its users call it.
    pub fn name(&self) -> Option<String> {
        let name = self.product_name.as_deref()?;
        let build: u32 = self.build.as_deref().and_then(|build| build.parse().ok()).unwrap_or(0);
        let is_11 = build >= WINDOWS_11 && !name.contains("Server");
        Some(if is_11 { name.replacen("Windows 10", "Windows 11", 1) } else { name.into() })
    }

    /// `23H2 (22631.3880)`: the release and the monthly update.
    pub fn release(&self) -> Option<String> {
        let update = match (self.build.as_deref()?, self.revision) {
            (build, Some(revision)) => format!("{build}.{revision}"),
            (build, None) => build.into(),
        };
        Some(match &self.display_version {
            Some(release) => format!("{release} ({update})"),
            None => update,
        })
    }

    /// `10.0.22631`.
    pub fn kernel(&self) -> Option<String> {
        let build = self.build.as_deref()?;
        match (self.major, self.minor) {
            (Some(major), Some(minor)) => Some(format!("{major}.{minor}.{build}")),
            _ => Some(format!("{}.{build}", self.version.as_deref()?)),
        }
    }
}

/// Minutes the clock shows ahead of UTC: Windows counts the other way, and says which of its two times holds.
pub fn utc_offset_minutes(
    bias: i32,
    standard_bias: i32,
    daylight_bias: i32,
    holds: u32,
) -> Option<i32> {
    match holds {
        // No change of time in the year.
        0 => Some(-bias),
        1 => Some(-(bias + standard_bias)),
        2 => Some(-(bias + daylight_bias)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows_11() -> CurrentVersion {
        CurrentVersion {
            product_name: Some("Windows 10 Pro".into()),
            display_version: Some("23H2".into()),
            major: Some(10),
            minor: Some(0),
            version: Some("6.3".into()),
            build: Some("22631".into()),
            revision: Some(3880),
        }
    }

    #[test]
    fn windows_11_is_told_by_its_build() {
        let version = windows_11();
        assert_eq!(version.name().as_deref(), Some("Windows 11 Pro"));
        assert_eq!(version.release().as_deref(), Some("23H2 (22631.3880)"));
        assert_eq!(version.kernel().as_deref(), Some("10.0.22631"));
        let ten = CurrentVersion { build: Some("19045".into()), ..windows_11() };
        assert_eq!(ten.name().as_deref(), Some("Windows 10 Pro"));
        let name = "Windows Server 2025 Standard";
        let server = CurrentVersion {
            product_name: Some(name.into()),
            build: Some("26100".into()),
            ..windows_11()
        };
        assert_eq!(server.name().as_deref(), Some(name));
    }

    #[test]
    fn windows_7_has_no_release_but_a_version() {
        let version = CurrentVersion {
            product_name: Some("Windows 7 Professional".into()),
            version: Some("6.1".into()),
            build: Some("7601".into()),
            ..Default::default()
        };
        assert_eq!(version.release().as_deref(), Some("7601"));
        assert_eq!(version.kernel().as_deref(), Some("6.1.7601"));
    }

    #[test]
    fn the_clock_is_told_apart_in_summer_and_winter() {
        assert_eq!(utc_offset_minutes(360, 0, -60, 0), Some(-360));
        assert_eq!(utc_offset_minutes(360, 0, -60, 1), Some(-360));
        assert_eq!(utc_offset_minutes(360, 0, -60, 2), Some(-300));
        assert_eq!(utc_offset_minutes(360, 0, -60, u32::MAX), None);
    }
}
