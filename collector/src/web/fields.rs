//! Fields of a step as a form: shown, read back, and kept as they were typed when something was wrong.

use std::collections::BTreeMap;

use crate::domain::procedure::{Field, FieldKind};

/// What the names of fields begin with in a form.
const PREFIX: &str = "campo.";

/// What was typed into a form, in order; a name may stand several times.
#[derive(Debug, Clone, Default)]
pub struct Typed(Vec<(String, String)>);

impl Typed {
    /// Of the body of a form.
    pub fn of(body: &[u8]) -> Typed {
        Typed(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The value of a name; empty where it is not there.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let of_name = self.0.iter().filter(|(known, _)| known == name);
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// The names that begin with `prefix`, without it, and their values.
    pub fn under(&self, prefix: &str) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
            .collect()
    }

    /// Whether nothing was typed yet: the form is shown for the first time.
    pub fn is_blank(&self) -> bool {
        self.0.is_empty()
    }

    /// Values of a step's fields, by name; those left empty are left out.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let given = self.under(PREFIX).into_iter().filter(|(_, value)| !value.trim().is_empty());
        given.map(|(name, value)| (name.to_owned(), value.replace("\r\n", "\n"))).collect()
    }
}

/// A field as shown.
pub struct FieldView {
    /// Name in the form.
    pub name: String,
    /// As people read it.
    pub label: String,
    /// `text`, `area`, `date`, `number`, `email` or `choice`: how it is typed.
    pub input: &'static str,
    /// What stands in it.
    pub value: String,
    /// The values to choose from.
    pub choices: Vec<String>,
    /// Must be given.
    pub required: bool,
    /// Most characters.
    pub max: u32,
    /// How to write it.
    pub hint: Option<&'static str>,
}

/// The fields of a step with what was typed, or what the run knows already.
pub fn views(fields: &[Field], typed: &Typed, known: &BTreeMap<String, String>) -> Vec<FieldView> {
    let view = |field: &Field| {
        let name = format!("{PREFIX}{}", field.name);
        let value = if typed.is_blank() {
            known.get(&field.name).cloned().unwrap_or_default()
        } else {
            typed.get(&name).to_owned()
        };
        let (input, hint) = match field.kind {
            FieldKind::Text | FieldKind::System | FieldKind::Clave => ("text", None),
            FieldKind::LongText => ("area", None),
            FieldKind::Url => ("area", Some("Una dirección por renglón, con https://")),
            FieldKind::Date => ("date", None),
            FieldKind::Number => ("number", None),
            FieldKind::Email => ("email", None),
            FieldKind::Choice => ("choice", None),
        };
        FieldView {
            name,
            label: field.label.clone(),
            input,
            value,
            choices: field.choices.clone(),
            required: field.required,
            max: field.max,
            hint,
        }
    };
    fields.iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_prefix_and_empty_ones_left_out() {
        let typed = Typed::of(
            b"nota=n&campo.day=2026-11-22&campo.serial=+&campo.what=a%0D%0Ab&area=1&area=2",
        );
        let expected = [("day", "2026-11-22"), ("what", "a\nb")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(typed.fields(), BTreeMap::from(expected));
        assert_eq!(typed.all("area"), ["1", "2"]);
        assert_eq!((typed.get("nota"), typed.get("otra")), ("n", ""));
    }
}
