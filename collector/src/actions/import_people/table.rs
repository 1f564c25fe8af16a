//! The table itself: bytes to rows of named cells. UTF-8 with or without its mark, or the Windows-1252 of older
//! spreadsheets; parted by semicolons, commas or tabs; headings in Spanish. Pure.

use std::collections::HashMap;

use super::Verdict;
use crate::domain::text::fold;

/// Most bytes of a table.
pub const BYTES: usize = 1024 * 1024;
/// Most rows under the heading.
pub const ROWS: usize = 2_000;
/// Most columns.
const COLUMNS: usize = 40;
/// Characters of a cell that are shown where it is refused.
const SHOWN: usize = 60;

/// Headings and what else people call them, without accents.
const HEADINGS: [(&str, &[&str]); 8] = [
    ("usuario", &["usuario", "cuenta", "login"]),
    ("nombre", &["nombre", "nombre completo", "persona"]),
    ("correo", &["correo", "correo electronico", "email", "e-mail"]),
    ("telefono", &["telefono", "tel", "extension"]),
    ("unidad", &["unidad", "unidad administrativa", "adscripcion", "dependencia"]),
    ("puesto", &["puesto", "cargo"]),
    ("funciones", &["funciones", "funcion", "rol", "roles"]),
    ("areas", &["areas", "area"]),
];

/// A row by the names of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// Line of the file it begins on, 1 for the first.
    pub line: u64,
    cells: HashMap<&'static str, String>,
}

impl Cells {
    /// What stands in a column; empty where the column is not there.
    pub fn get(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// Whether the column is there.
    pub fn has(&self, column: &str) -> bool {
        self.cells.contains_key(column)
    }

    pub(super) fn refused(&self, column: &'static str, remedy: String) -> Verdict {
        let value = self.get(column).chars().take(SHOWN).collect();
        Verdict::Refused { column: column.to_owned(), value, remedy }
    }
}

/// The rows of a table of people.
///
/// # Errors
/// Says why it is none, and what to do.
pub fn read(bytes: &[u8]) -> Result<Vec<Cells>, String> {
    let text = text_of(bytes)?;
    let heading = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let delimiter = delimiter_of(heading);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| format!("la tabla no se puede leer: {error}");
    let columns = columns_of(reader.headers().map_err(unreadable)?)?;
    let mut lines = Lines { text: &text, counted: 0, line: 1 };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() == ROWS {
            return Err(format!("son demasiadas filas: caben {ROWS}; divida la tabla"));
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let line = lines.of(usize::try_from(start).unwrap_or(usize::MAX));
        let cells = columns
            .iter()
            .map(|(at, name)| (*name, record.get(*at).unwrap_or_default().to_owned()));
        rows.push(Cells { line, cells: cells.collect() });
    }
    if rows.is_empty() {
        return Err("la tabla no tiene filas debajo del encabezado".into());
    }
    Ok(rows)
}

/// Tells on which line of a text a byte stands, asked in order.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first byte from `start` on that ends no line.
    fn of(&mut self, start: usize) -> u64 {
        let bytes = self.text.as_bytes();
        let mut end = start.min(bytes.len());
        while bytes.get(end) == Some(&b'\n') {
            end += 1;
        }
        let passed = bytes.get(self.counted..end).unwrap_or_default();
        self.line += passed.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.counted = end.max(self.counted);
        self.line
    }
}

fn text_of(bytes: &[u8]) -> Result<String, String> {
    if bytes.len() > BYTES {
        return Err(format!("el archivo es demasiado grande: caben {} KiB", BYTES / 1024));
    }
    if bytes.starts_with(b"PK") {
        let what = "es un libro de cálculo, no un CSV: ábralo y guárdelo como «CSV UTF-8»";
        return Err(what.into());
    }
    if bytes.contains(&0) {
        return Err("no es un archivo de texto: guárdelo como «CSV UTF-8»".into());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    };
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// What the heading is parted by.
fn delimiter_of(heading: &str) -> u8 {
    let count = |delimiter: &u8| heading.bytes().filter(|byte| byte == delimiter).count();
    *[b';', b',', b'\t'].iter().max_by_key(|delimiter| count(delimiter)).unwrap_or(&b',')
}

/// Which column is which.
fn columns_of(headings: &csv::StringRecord) -> Result<Vec<(usize, &'static str)>, String> {
    if headings.len() > COLUMNS {
        return Err(format!("la tabla tiene {} columnas; caben {COLUMNS}", headings.len()));
    }
    let mut columns: Vec<(usize, &'static str)> = Vec::new();
    for (at, heading) in headings.iter().enumerate() {
        let folded = fold(heading.trim());
        if folded.is_empty() {
            continue;
        }
        let shown: String = heading.chars().take(SHOWN).collect();
        let known = HEADINGS.iter().find(|(_, names)| names.contains(&folded.as_str()));
        let Some((name, _)) = known else {
            let names: Vec<&str> = HEADINGS.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "la columna «{shown}» no se conoce; las que hay: {}",
                names.join(", ")
            ));
        };
        if columns.iter().any(|(_, taken)| taken == name) {
            return Err(format!("la columna «{shown}» está dos veces: deje una sola"));
        }
        columns.push((at, name));
    }
    if columns.iter().any(|(_, name)| *name == "usuario") {
        Ok(columns)
    } else {
        Err("falta la columna «usuario»: la primera línea lleva los nombres de las columnas".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_write_is_read_alike() {
        let plain = "Usuario,Nombre completo,Función\nana,\"Núñez, Ana\",Técnico\n";
        let semicolons = "\u{feff}usuario;nombre;FUNCIÓN\r\nana;Núñez, Ana;Técnico\r\n;;\r\n";
        let (old, _, _) =
            encoding_rs::WINDOWS_1252.encode("usuario\tnombre\tfunción\nana\tNúñez, Ana\tTécnico");
        for bytes in [plain.as_bytes(), semicolons.as_bytes(), &old] {
            let rows = read(bytes).unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(
                (rows[0].get("nombre"), rows[0].get("funciones"), rows[0].line),
                ("Núñez, Ana", "Técnico", 2)
            );
            assert!(!rows[0].has("correo"));
        }
    }

    #[test]
    fn a_row_is_named_by_the_line_it_begins_on() {
        let table = "usuario,nombre\r\n\r\nana,\"Ana\r\nNúñez\"\r\n,\r\n\r\nluis,Luis\r\n";
        let lines: Vec<u64> = read(table.as_bytes()).unwrap().iter().map(|row| row.line).collect();
        assert_eq!(lines, [3, 7]);
    }

    #[test]
    fn what_is_no_table_of_people_is_refused_with_the_remedy() {
        let many = format!("usuario\n{}", "a\n".repeat(ROWS + 1));
        let wide = format!("usuario{}", ",x".repeat(COLUMNS));
        let big = "a".repeat(BYTES + 1);
        for (bytes, says) in [
            (&b""[..], "falta la columna"),
            (b"PK\x03\x04", "guárdelo como"),
            (b"\xff\xfeu\0s\0", "no es un archivo de texto"),
            (b"nombre\nAna", "falta la columna"),
            (b"usuario\n\n", "no tiene filas"),
            (b"usuario,usuario\na,b", "dos veces"),
            (b"usuario,<script>\na,b", "no se conoce"),
            (many.as_bytes(), "demasiadas filas"),
            (wide.as_bytes(), "columnas"),
            (big.as_bytes(), "demasiado grande"),
        ] {
            let problem = read(bytes).unwrap_err();
            assert!(problem.contains(says), "{problem}");
        }
    }
}
