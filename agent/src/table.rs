//! Aligned columns for people at a terminal: colour only there, and never instead of a word.
//! Knows nothing of what it shows.

use std::fmt::Write as _;

/// How a word is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As any other.
    Plain,
    /// As it should be.
    Good,
    /// To be looked at.
    Poor,
    /// To be acted on.
    Bad,
    /// Not known.
    Faint,
    /// A title.
    Strong,
}

/// A text with its tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

/// A text with a tone.
pub fn cell(text: impl Into<String>, tone: Tone) -> Cell {
    Cell { text: text.into(), tone }
}

/// A text without one.
pub fn plain(text: impl Into<String>) -> Cell {
    cell(text, Tone::Plain)
}

impl Cell {
    fn width(&self) -> usize {
        self.text.chars().count()
    }

    /// The text, coloured when asked.
    pub fn painted(&self, colour: bool) -> String {
        let code = match self.tone {
            _ if !colour => return self.text.clone(),
            Tone::Plain => return self.text.clone(),
            Tone::Good => "32",
            Tone::Poor => "33",
            Tone::Bad => "31;1",
            Tone::Faint => "2",
            Tone::Strong => "1",
        };
        format!("\u{1b}[{code}m{}\u{1b}[0m", self.text)
    }
}

/// Rows under a heading.
#[derive(Debug)]
pub struct Table {
    heading: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// With these column titles.
    pub fn new(titles: &[&str]) -> Table {
        let heading = titles.iter().map(|title| cell(*title, Tone::Strong)).collect();
        Table { heading, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Lines with `indent` spaces before and two between columns.
    pub fn lines(&self, indent: usize, colour: bool) -> String {
        let all = || std::iter::once(&self.heading).chain(&self.rows);
        let width = |column| all().filter_map(|row| row.get(column)).map(Cell::width).max();
        let widths: Vec<usize> =
            (0..self.heading.len()).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in all() {
            let mut line = " ".repeat(indent);
            for (cell, width) in row.iter().zip(&widths) {
                let room = width.saturating_sub(cell.width()) + 2;
                // Writing to a String cannot fail.
                let _ = write!(line, "{}{}", cell.painted(colour), " ".repeat(room));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_letters_and_colours() {
        let mut table = Table::new(&["Nombre", "Sí"]);
        table.row(vec![plain("ñandú grande"), cell("no", Tone::Bad)]);
        table.row(vec![plain("a"), plain("sí")]);
        assert_eq!(
            table.lines(2, false),
            "  Nombre        Sí\n  ñandú grande  no\n  a             sí\n"
        );
        let coloured = table.lines(2, true);
        let stripped =
            coloured.replace("\u{1b}[31;1m", "").replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        let trimmed: Vec<&str> = stripped.lines().map(str::trim_end).collect();
        assert_eq!(trimmed.join("\n") + "\n", table.lines(2, false));
    }
}
