//! Updates that wait: asked of the package manager from what it last fetched, never over the network. Whether a restart
//! waits is told by the system's own reading.

#[cfg(any(target_os = "linux", test))]
mod apt;
#[cfg(any(target_os = "linux", test))]
mod dnf;

cfg_select! {
    target_os = "linux" => {
        mod linux;
        pub use linux::Reader;
    }
    windows => {
        mod windows;
        pub use self::windows::Reader;
    }
    _ => {
        pub use super::unsupported::Reader;
    }
}

use atalaya_reading::{Update, bounds};

/// Updates that wait, all counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Waiting {
    /// How many.
    pending: u32,
    /// How many mend a security fault; `None`: cannot be told.
    security: Option<u32>,
    /// The first of them, security before the rest.
    list: Vec<Update>,
}

impl Waiting {
    /// Counts them and keeps as many as are listed.
    fn of(mut all: Vec<Update>) -> Waiting {
        let told = all.iter().all(|update| update.security.is_some());
        let security = all.iter().filter(|update| update.security == Some(true)).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let pending = number(all.len());
        all.sort_by(|a, b| {
            let rank = |update: &Update| update.security != Some(true);
            rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name))
        });
        all.truncate(bounds::UPDATES);
        Waiting { pending, security: told.then(|| number(security)), list: all }
    }
}

/// An instant of OLE, which counts days from 30 December 1899, in UTC as Windows Update has it; the first of them stands
/// for never.
#[cfg(any(windows, test))]
fn ole_date(days: f64) -> Option<jiff::Timestamp> {
    const DAYS_TO_1970: f64 = 25_569.0;
    const SECONDS_A_DAY: f64 = 86_400.0;
    let seconds = (days - DAYS_TO_1970) * SECONDS_A_DAY;
    (seconds.is_finite() && seconds > 0.0)
        .then(|| jiff::Timestamp::from_second(seconds.round() as i64).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_ole_is_an_instant_and_never_is_unknown() {
        assert_eq!(ole_date(45_000.5).unwrap().to_string(), "2023-03-15T12:00:00Z");
        for never in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(ole_date(never), None, "{never}");
        }
    }

    #[test]
    fn security_comes_first_and_one_that_cannot_be_told_makes_the_count_unknown() {
        let update = |name: String, security| Update { name, security, ..Update::default() };
        let mut all: Vec<Update> = (0..150).map(|n| update(format!("a{n}"), Some(false))).collect();
        all.push(update("z".into(), Some(true)));
        let waiting = Waiting::of(all.clone());
        assert_eq!((waiting.pending, waiting.security, waiting.list.len()), (151, Some(1), 100));
        assert_eq!(waiting.list[0].name, "z");
        all.push(update("y".into(), None));
        assert_eq!(Waiting::of(all).security, None);
        assert_eq!(Waiting::of(Vec::new()).security, Some(0));
    }
}
