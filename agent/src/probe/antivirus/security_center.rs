//! What the Security Center of Windows says of a product. Pure. An entry is the product's own word: it may be forged,
//! or left behind by one that was uninstalled.

use std::path::PathBuf;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &str) -> Option<String> {
        let entry = Registered { name: "x".into(), state: ProductState::On, path: path.into() };
        let variable =
            |name: &str| (name == "ProgramFiles").then(|| r"C:\Program Files".to_string());
        entry.program(variable).map(|path| path.to_string_lossy().into_owned())
    }

    #[test]
    fn neither_expired_nor_unheard_of_is_a_yes_or_a_no() {
        let real_time = [0, 1, 2, 3, 9].map(|number| ProductState::from_number(number).real_time());
        assert_eq!(real_time, [Some(true), Some(false), Some(false), None, None]);
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
