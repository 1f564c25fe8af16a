//! Why a settings file cannot be used; the text is Spanish, for the person who wrote the file.

use std::path::{Path, PathBuf};

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The file could not be read.
    #[error("no se puede leer la configuración {}: {cause}; revise la ruta y los permisos", .file.display())]
    Unreadable {
        /// The file as it was given.
        file: PathBuf,
        /// Why, by the system.
        cause: std::io::Error,
    },
    /// The file is not TOML, or a key or its type is wrong.
    #[error("{}, línea {line}: {problem}", .file.display())]
    Malformed {
        /// The file as it was given.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong and what is expected.
        problem: String,
    },
    /// A value cannot be used.
    #[error("{}: `{key} = {value}` no es válido: {remedy}", .file.display())]
    Value {
        /// The file as it was given.
        file: PathBuf,
        /// The key with its table.
        key: String,
        /// The value as it was read.
        value: String,
        /// What to write instead.
        remedy: String,
    },
}

impl Refusal {
    pub(super) fn malformed(file: &Path, text: &str, error: &toml::de::Error) -> Refusal {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
        Refusal::Malformed { file: file.to_owned(), line, problem: problem(error.message()) }
    }

    pub(super) fn value(file: &Path, key: &str, value: &str, remedy: &str) -> Refusal {
        let (key, value, remedy) = (key.into(), value.into(), remedy.into());
        Refusal::Value { file: file.to_owned(), key, value, remedy }
    }
}

/// The parser's message in Spanish as far as its form is known; what is left of it names types and keys.
fn problem(message: &str) -> String {
    let translated = message
        .replace("unknown field", "clave desconocida")
        .replace("duplicate key", "clave repetida")
        .replace("invalid type:", "tipo equivocado:")
        .replace("invalid value:", "valor no válido:")
        .replace("invalid socket address syntax", "no es una dirección con puerto")
        .replace("expected one of", "se espera una de")
        .replace("expected", "se espera")
        .replace(" or ", " o ");
    format!("{translated}; corrija o borre esa línea")
}
