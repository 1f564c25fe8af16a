//! Windows' lists of programs: for everybody, in 64 and 32 bits, and of each account whose registry is loaded.

use atalaya_reading::{Reading, Section};
use windows_registry::{Key, LOCAL_MACHINE, USERS};

use super::uninstall::Entry;
use super::{ENTRIES, Inventory};
use crate::probe::{Look, Probe, Unread};

const FOR_ALL: [&str; 2] = [
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall",
    r"SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall",
];
const OF_ACCOUNT: &str = r"Software\Microsoft\Windows\CurrentVersion\Uninstall";
/// Accounts whose lists are read.
const ACCOUNTS: usize = 64;

/// Reads the lists; keeps nothing.
pub struct Reader;

impl Reader {
    /// There are no settings.
    pub fn new(_: &()) -> Reader {
        Reader
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let mut inventory = Inventory::default();
        let mut any = false;
        for folder in FOR_ALL {
            any |= add(LOCAL_MACHINE, folder, &mut inventory);
        }
        // Those of accounts nobody is logged on to are not loaded: their lists are not seen.
        let accounts = USERS.keys().into_iter().flatten().take(ACCOUNTS);
        for account in accounts.filter(|name| !name.ends_with("_Classes")) {
            any |= add(USERS, &format!(r"{account}\{OF_ACCOUNT}"), &mut inventory);
        }
        if !any {
            return Err(Unread::Failed("no se puede abrir la lista de programas del registro".into()));
        }
        Ok(Section::Software(Reading::ok(inventory.finish(), "registry Uninstall", look.now)))
    }
}

/// Whether there is such a list; its entries are added.
fn add(root: &Key, folder: &str, inventory: &mut Inventory) -> bool {
    let Ok(list) = root.open(folder) else { return false };
    let Ok(names) = list.keys() else { return false };
    for name in names.take(ENTRIES) {
        let Ok(key) = list.open(&name) else { continue };
        let text = |value: &str| key.get_string(value).ok();
        let entry = Entry {
            name: text("DisplayName"),
            version: text("DisplayVersion"),
            publisher: text("Publisher"),
            installed: text("InstallDate"),
            component: key.get_u32("SystemComponent").ok(),
            parent: text("ParentKeyName"),
            release: text("ReleaseType"),
        };
        if let Some(program) = entry.program() {
            inventory.add(false, program);
        }
    }
    true
}
