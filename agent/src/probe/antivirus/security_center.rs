//! What the Security Center of Windows says of a product. Pure. An entry is the product's own word: it may be forged,
//! or left behind by one that was uninstalled.

use std::path::PathBuf;

use atalaya_reading::bounds;
use serde_json::Value;

/// Whether a product protects, by its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductState {
    /// It does.
    On,
    /// It does not.
    Off,
    /// Not for a while.
    Snoozed,
    /// Its licence has run out; whether it still protects is not said.
    Expired,
    /// A state this version does not know.
    Other,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// As its maker calls it.
    pub name: String,
    /// Whether it protects.
    pub state: ProductState,
    /// Its program, or an address Windows understands.
    pub path: String,
    /// Whether it says that its signatures are too old.
    pub signatures_stale: Option<bool>,
}

impl ProductState {
    /// `WSC_SECURITY_PRODUCT_STATE`.
    pub fn from_number(number: i32) -> ProductState {
        match number {
            0 => ProductState::On,
            1 => ProductState::Off,
            2 => ProductState::Snoozed,
            3 => ProductState::Expired,
            _ => ProductState::Other,
        }
    }

    /// `productState` of the WMI class, which is documented nowhere.
    fn from_bits(state: u32) -> ProductState {
        match state & 0xF000 {
            0x0000 => ProductState::Off,
            0x1000 => ProductState::On,
            0x2000 => ProductState::Snoozed,
            0x3000 => ProductState::Expired,
            _ => ProductState::Other,
        }
    }

    /// Whether its licence has run out; one that is switched off may hide that.
    pub fn expired(self) -> Option<bool> {
        match self {
            ProductState::Expired => Some(true),
            ProductState::On => Some(false),
            ProductState::Off | ProductState::Snoozed | ProductState::Other => None,
        }
    }

    /// Whether files are checked as they are opened.
    pub fn real_time(self) -> Option<bool> {
        match self {
            ProductState::On => Some(true),
            ProductState::Off | ProductState::Snoozed => Some(false),
            ProductState::Expired | ProductState::Other => None,
        }
    }
}

impl Registered {
    /// An object of the WMI class `AntiVirusProduct`; its program is the one that reports, which is signed.
    pub fn from_wmi(object: &Value) -> Option<Registered> {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let state = object.get("productState").and_then(Value::as_u64);
        let state = state.and_then(|state| u32::try_from(state).ok());
        Some(Registered {
            name: bounds::text(text("displayName").filter(|name| !name.is_empty())?, bounds::TEXT),
            state: state.map_or(ProductState::Other, ProductState::from_bits),
            path: text("pathToSignedReportingExe").unwrap_or_default().into(),
            signatures_stale: state.map(|state| state & 0xF0 == 0x10),
        })
    }

    /// The file of its program: without quotes, arguments and `%ProgramFiles%`; `None` for what is no file.
    pub fn program(&self, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
        let text = self.path.trim();
        let text = match text.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?,
            None => text,
        };
        let lower = text.to_ascii_lowercase();
        let end = lower.find(".exe")? + ".exe".len();
        let text = text.get(..end)?;
        let expanded = match text.strip_prefix('%').and_then(|rest| rest.split_once('%')) {
            Some((name, rest)) => variable(name)? + rest,
            None => text.into(),
        };
        (expanded.get(1..3) == Some(":\\")).then(|| expanded.into())
    }
}

/// The entries of both interfaces: the state of the first, which has words for it, and the program of the second, which
/// names the one that reports rather than the one that opens a window.
pub fn merged(listed: Option<Vec<Registered>>, by_wmi: &[Registered]) -> Vec<Registered> {
    let Some(mut entries) = listed else { return by_wmi.to_vec() };
    for entry in &mut entries {
        let same = by_wmi.iter().find(|other| other.name == entry.name && !other.path.is_empty());
        if let Some(same) = same {
            entry.path.clone_from(&same.path);
            entry.signatures_stale = entry.signatures_stale.or(same.signatures_stale);
        }
    }
    entries
}

/// Whether a process that runs `image` is of the product whose program this is: it lies in the same folder or beneath.
/// Folders of Windows prove nothing.
pub fn is_of_product(image: &str, program: &str) -> bool {
    let folder =
        |path: &str| path.rsplit_once('\\').map(|(folder, _)| folder.to_lowercase() + "\\");
    let Some(own) = folder(program) else { return false };
    let deep_enough = own.matches('\\').count() >= 3 && !own.contains(":\\windows\\");
    deep_enough && image.to_lowercase().starts_with(&own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &str) -> Option<String> {
        let entry = Registered {
            name: "x".into(),
            state: ProductState::On,
            path: path.into(),
            signatures_stale: None,
        };
        let variable =
            |name: &str| (name == "ProgramFiles").then(|| r"C:\Program Files".to_string());
        entry.program(variable).map(|path| path.to_string_lossy().into_owned())
    }

    #[test]
    fn neither_expired_nor_unheard_of_is_a_yes_or_a_no() {
        let real_time = [0, 1, 2, 3, 9].map(|number| ProductState::from_number(number).real_time());
        assert_eq!(real_time, [Some(true), Some(false), Some(false), None, None]);
        let expired = [0, 1, 2, 3, 9].map(|number| ProductState::from_number(number).expired());
        assert_eq!(expired, [Some(false), None, None, Some(true), None]);
    }

    /// Put together by hand from what administrators report of this class; no Windows was at hand.
    fn by_wmi(state: u32) -> Registered {
        let object = serde_json::json!({
            "displayName": "ESET Security",
            "productState": state,
            "pathToSignedReportingExe": r"C:\Program Files\ESET\ESET Security\ecmd.exe",
        });
        Registered::from_wmi(&object).unwrap()
    }

    #[test]
    fn the_bits_of_wmi_tell_state_stale_signatures_and_licence() {
        for (state, expected, stale) in [
            (266_240, ProductState::On, false),
            (266_256, ProductState::On, true),
            (262_144, ProductState::Off, false),
            (270_336, ProductState::Snoozed, false),
            (274_448, ProductState::Expired, true),
            (0xF000, ProductState::Other, false),
        ] {
            let entry = by_wmi(state);
            assert_eq!(
                (entry.state, entry.signatures_stale),
                (expected, Some(stale)),
                "{state:#x}"
            );
        }
        let silent = Registered::from_wmi(&serde_json::json!({"displayName": "x"})).unwrap();
        assert_eq!((silent.state, silent.signatures_stale), (ProductState::Other, None));
        assert_eq!(Registered::from_wmi(&serde_json::json!({"productState": 7})), None);
    }

    #[test]
    fn the_program_that_reports_takes_the_place_of_the_one_that_opens_a_window() {
        let listed = Registered { path: "esetgui://".into(), signatures_stale: None, ..by_wmi(0) };
        let both = merged(Some(vec![listed]), &[by_wmi(266_256)]);
        assert!(both[0].path.ends_with("ecmd.exe"));
        assert_eq!((both[0].state, both[0].signatures_stale), (ProductState::Off, Some(true)));
        assert_eq!(merged(None, &[by_wmi(266_240)]).len(), 1, "one interface is enough");
        assert_eq!(merged(Some(Vec::new()), &[by_wmi(266_240)]), [], "the list itself has the say");
    }

    #[test]
    fn a_service_proves_a_product_only_from_within_its_own_folder() {
        let program = r"C:\Program Files\ESET\ESET Security\ecmd.exe";
        assert!(is_of_product(r"c:\program files\eset\eset security\ekrn.exe", program));
        assert!(!is_of_product(r"C:\Program Files\ESET\ESET Security2\ekrn.exe", program));
        let within_windows = r"C:\Windows\System32\x.exe";
        assert!(!is_of_product(r"C:\Windows\System32\svchost.exe", within_windows));
        assert!(!is_of_product(r"C:\Program Files\x\y.exe", r"C:\x.exe"));
        assert!(!is_of_product("", "windowsdefender://"));
    }

    #[test]
    fn the_program_is_found_behind_quotes_arguments_and_variables() {
        let eset = r"C:\Program Files\ESET\egui.exe";
        assert_eq!(program(r#""C:\Program Files\ESET\egui.exe" /hide"#).as_deref(), Some(eset));
        assert_eq!(
            program(r"%ProgramFiles%\ESET\egui.EXE").as_deref(),
            Some(r"C:\Program Files\ESET\egui.EXE")
        );
        assert_eq!(program("windowsdefender://"), None);
        assert_eq!(program(r"\\servidor\x.exe"), None, "nothing is asked of another machine");
        assert_eq!(program(""), None);
    }
}
