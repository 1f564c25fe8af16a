//! Windows Update by its own agent, asked for what it already knows: nothing goes over the network. It may hang for
//! minutes; the runner gives it its deadline, and it is not asked again while it hangs.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use atalaya_reading::{Reading, Section, Update, Updates, bounds};
use windows::Win32::Foundation::{VARIANT_FALSE, VARIANT_TRUE};
use windows::Win32::System::UpdateAgent::{
    AutomaticUpdates, IAutomaticUpdates2, IUpdate, IUpdateSession, UpdateSession, aunlScheduledInstallation,
};
use windows::Win32::System::Variant::{VARIANT, VT_DATE};
use windows::core::BSTR;

use super::{Waiting, ole_date};
use crate::probe::windows::com::{Apartment, unread};
use crate::probe::{Look, Probe, Unread};

const WHAT: &str = "Windows Update";
/// What a person sees in Windows' settings: not installed, not hidden, and no driver or upgrade that is merely offered.
const CRITERIA: &str = "IsInstalled=0 and IsHidden=0 and Type='Software'";
/// The category of security updates.
const SECURITY: &str = "0fa1201d-4330-4fa8-8ae9-b877473b6441";
/// Updates looked at; a PC that was off for years has fewer.
const UPDATES: i32 = 2_000;

/// Asks Windows Update; keeps nothing.
pub struct Reader;

impl Reader {
    /// There are no settings.
    pub fn new(_: &()) -> Reader {
        Reader
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let apartment = Apartment::enter()?;
        let updates = history(&apartment);
        let source = "IUpdateSearcher, IAutomaticUpdates2";
        Ok(Section::Updates(match waiting(&apartment) {
            Ok(waiting) => {
                let updates = Updates {
                    pending: Some(waiting.pending),
                    security: waiting.security,
                    waiting: waiting.list,
                    ..updates
                };
                Reading::ok(updates, source, look.now)
            }
            // When it last searched and installed is said all the same.
            Err(unread) => Reading {
                value: updates,
                ..Reading::unknown(unread.status(), unread.to_string(), source, look.now)
            },
        }))
    }
}

fn waiting(apartment: &Apartment) -> Result<Waiting, Unread> {
    let session: IUpdateSession = apartment.create(WHAT, &UpdateSession)?;
    let search = || {
        // SAFETY: objects made just now on this thread; each is counted by its type.
        unsafe {
            let searcher = session.CreateUpdateSearcher()?;
            searcher.SetOnline(VARIANT_FALSE)?;
            let found = searcher.Search(&BSTR::from(CRITERIA))?.Updates()?;
            let count = found.Count()?.clamp(0, UPDATES);
            (0..count).map(|index| update(&found.get_Item(index)?)).collect::<windows::core::Result<Vec<_>>>()
        }
    };
    search().map(Waiting::of).map_err(|error| unread(WHAT, &error))
}

fn update(update: &IUpdate) -> windows::core::Result<Update> {
    // SAFETY: plain getters of a live object.
    let (title, categories) = unsafe { (update.Title()?, update.Categories()?) };
    // SAFETY: as above; an update without a rating has none.
    let rated = unsafe { update.MsrcSeverity() }.is_ok_and(|severity| !severity.is_empty());
    // SAFETY: as above.
    let count = unsafe { categories.Count() }?.clamp(0, 64);
    let mut security = rated;
    for index in 0..count {
        // SAFETY: the index is below the count.
        let id = unsafe { categories.get_Item(index)?.CategoryID()? };
        security |= id.to_string().eq_ignore_ascii_case(SECURITY);
    }
    Ok(Update {
        name: bounds::text(&title.to_string(), bounds::NAME),
        security: Some(security),
        ..Update::default()
    })
}

/// When it last searched and installed, and whether it installs by itself; unknown where it does not say.
fn history(apartment: &Apartment) -> Updates {
    let Ok(automatic) = apartment.create::<IAutomaticUpdates2>(WHAT, &AutomaticUpdates) else {
        return Updates::default();
    };
    // SAFETY: plain getters of a live object, here and below.
    let results = unsafe { automatic.Results() }.ok();
    let date = |value: windows::core::Result<VARIANT>| date(&value.ok()?).and_then(ole_date);
    let (installed, checked) = match &results {
        Some(results) => unsafe { (results.LastInstallationSuccessDate(), results.LastSearchSuccessDate()) },
        None => return Updates::default(),
    };
    // SAFETY: as above.
    let enabled = unsafe { automatic.ServiceEnabled() }.ok();
    // SAFETY: as above.
    let level = unsafe { automatic.Settings().and_then(|settings| settings.NotificationLevel()) }.ok();
    Updates {
        last_installed_at: date(installed),
        last_checked_at: date(checked),
        automatic: enabled.zip(level).map(|(enabled, level)| {
            enabled == VARIANT_TRUE && level == aunlScheduledInstallation
        }),
        ..Updates::default()
    }
}

/// Days since 30 December 1899, where the value is a date.
fn date(value: &VARIANT) -> Option<f64> {
    // SAFETY: the kind says which member of the union holds the value.
    unsafe {
        let inside = &value.Anonymous.Anonymous;
        (inside.vt == VT_DATE).then(|| inside.Anonymous.date)
    }
}
