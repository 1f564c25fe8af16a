//! What dnf says from its own cache. Pure.

use std::collections::BTreeSet;

use atalaya_reading::{Update, bounds};

/// Lists what waits, from what was last fetched; ends with 100 when something does.
pub const CHECK: [&str; 4] = ["-C", "-q", "--setopt=cachedir=/var/cache/dnf", "check-update"];
/// Lists the advice on security that is not followed yet, one package a line.
pub const SECURITY: [&str; 6] =
    ["-C", "-q", "--setopt=cachedir=/var/cache/dnf", "updateinfo", "list", "security"];
/// How [`CHECK`] ends when updates wait.
pub const WAITING: i32 = 100;

/// The update of a line of [`CHECK`]: name and architecture, version, repository. `None` for other lines.
fn update(line: &str) -> Option<(String, Update)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [package, version, _] = words.as_slice() else { return None };
    let (name, architecture) = package.rsplit_once('.')?;
    let without_epoch = version.split_once(':').map_or(*version, |(_, rest)| rest);
    let full = format!("{name}-{without_epoch}.{architecture}");
    let update = Update {
        name: bounds::text(name, bounds::NAME),
        version: Some(bounds::text(version, bounds::VERSION)),
        ..Update::default()
    };
    Some((full, update))
}

/// What waits, by the answer to [`CHECK`] and, where it could be had, to [`SECURITY`].
pub fn waiting(check: &str, security: Option<&str>) -> Vec<Update> {
    let advised: Option<BTreeSet<&str>> = security
        .map(|text| text.lines().filter_map(|line| line.split_whitespace().nth(2)).collect());
    // Packages that others make superfluous are listed after this line.
    let lines = check.lines().take_while(|line| !line.starts_with("Obsoleting"));
    let judged = |(full, update): (String, Update)| Update {
        security: advised.as_ref().map(|advised| advised.contains(full.as_str())),
        ..update
    };
    lines.filter_map(update).map(judged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both written by hand from the manual of dnf 4.
    const CHECK_UPDATE: &str = "\nbash.x86_64      5.1.8-9.el9      baseos\n\
        openssl-libs.x86_64   1:3.0.7-27.el9   baseos\nObsoleting Packages\nold.noarch 1-1 baseos\n";
    const SECURITY_LIST: &str =
        "RLSA-2024:1234 Important/Sec. openssl-libs-3.0.7-27.el9.x86_64\nrubbish\n";

    #[test]
    fn updates_and_those_for_security_are_told() {
        let found = waiting(CHECK_UPDATE, Some(SECURITY_LIST));
        let told: Vec<(&str, Option<bool>)> =
            found.iter().map(|update| (update.name.as_str(), update.security)).collect();
        assert_eq!(told, [("bash", Some(false)), ("openssl-libs", Some(true))]);
        assert_eq!(waiting(CHECK_UPDATE, None)[1].security, None);
        assert_eq!(waiting("", Some("")), []);
    }
}
