//! What `rpm -qa` says in the form asked for: one line a package, fields between tabs. Pure.

use atalaya_reading::{InstalledProgram, ProgramSource, bounds};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Name, version with its epoch, who built it, when it was installed, and its group.
pub const FORMAT: &str = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{VENDOR}\\t%{INSTALLTIME}\\t%{GROUP}\\n";

/// A package of a line, and whether it is a library; `None` for a key or a line that is none.
pub fn program(line: &str, zone: &TimeZone) -> Option<(bool, InstalledProgram)> {
    let mut fields = line.split('\t');
    let mut next = || fields.next().filter(|field| !field.is_empty() && *field != "(none)");
    let name = next()?;
    // Keys that packages are checked with are kept among them.
    if name == "gpg-pubkey" {
        return None;
    }
    let version = next()?;
    let publisher = next();
    let installed = next().and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
    let group = next().unwrap_or_default();
    let library = group.ends_with("/Libraries") || name.starts_with("lib");
    let program = InstalledProgram {
        name: bounds::text(name, bounds::NAME),
        version: Some(bounds::text(version, bounds::VERSION)),
        publisher: publisher.map(|text| bounds::text(text, bounds::NAME)),
        installed_on: installed.map(|at| zone.to_datetime(at).date()),
        source: ProgramSource::Rpm,
    };
    Some((library, program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_and_keys_and_rubbish_are_not() {
        // Written by hand from rpm's documentation of query formats.
        let text = "bash\t5.1.8-9.el9\tRocky Enterprise Software Foundation\t1700000000\tUnspecified\n\
            glibc\t0:2.34-100.el9\t(none)\t1700000001\tSystem Environment/Libraries\n\
            gpg-pubkey\t350d275d-6279464b\t(none)\t1700000002\tPublic Keys\n\
            \n\t\t\t\nlonely\n";
        let found: Vec<_> = text.lines().filter_map(|line| program(line, &TimeZone::UTC)).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1.name, "bash");
        assert_eq!(found[0].1.installed_on, Some(jiff::civil::date(2023, 11, 14)));
        assert_eq!((found[1].0, &found[1].1.publisher), (true, &None));
    }
}
