//! Which of several kernel versions is newest. Text only.

#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux keeps several kernels")
)]

use std::cmp::Ordering;

/// Whether a newer kernel than the running one is installed; `None` when the running one is not among them, so that
/// nothing can be compared.
pub fn newer_installed(running: &str, installed: &[String]) -> Option<bool> {
    if !installed.iter().any(|version| version == running) {
        return None;
    }
    let flavour = flavour(running);
    let comparable = installed.iter().filter(|version| self::flavour(version) == flavour);
    Some(comparable.into_iter().any(|version| compare(version, running) == Ordering::Greater))
}

/// `amd64` of `6.1.0-18-amd64`: kernels of another flavour are no updates of this one.
fn flavour(version: &str) -> &str {
    let start = version.rfind(['-', '.']).map_or(0, |at| at + 1);
    let last = &version[start..];
    if last.chars().all(|c| c.is_ascii_digit()) { "" } else { last }
}

/// Numbers by value, everything else by letter.
fn compare(left: &str, right: &str) -> Ordering {
    numbers(left).cmp(&numbers(right))
}

fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newer(running: &str, installed: &[&str]) -> Option<bool> {
        let installed: Vec<String> = installed.iter().map(|v| v.to_string()).collect();
        newer_installed(running, &installed)
    }

    #[test]
    fn numbers_count_by_value_not_by_letter() {
        assert_eq!(newer("6.1.0-9-amd64", &["6.1.0-9-amd64", "6.1.0-18-amd64"]), Some(true));
        assert_eq!(newer("6.1.0-18-amd64", &["6.1.0-9-amd64", "6.1.0-18-amd64"]), Some(false));
    }

    #[test]
    fn another_flavour_is_no_update() {
        assert_eq!(newer("6.1.0-9-amd64", &["6.1.0-9-amd64", "6.1.0-18-cloud"]), Some(false));
    }

    #[test]
    fn a_kernel_that_is_not_among_the_installed_cannot_be_compared() {
        assert_eq!(newer("6.18.44-fc", &["6.1.0-9-amd64"]), None);
    }
}
