//! The keys of one TOML table: read by kind, within bounds, every fault noted. What nobody read is unknown.

use toml::{Table, Value};

use crate::domain::procedure::WordList;
use crate::procedure::fault::{Fault, Place};

/// Longest text of a procedure file, characters.
pub const TEXT_CHARACTERS: usize = 2_000;
/// Longest list of texts.
const LIST: usize = 100;
/// As many characters of a wrong value as are shown.
const SHOWN: usize = 40;

/// The words a key may have, and what each stands for.
pub struct Names<T>(Vec<(&'static str, T)>);

impl<T: Copy> Names<T> {
    /// These.
    pub fn new(names: impl IntoIterator<Item = (&'static str, T)>) -> Names<T> {
        Names(names.into_iter().collect())
    }

    fn find(&self, text: &str) -> Option<T> {
        self.0.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
    }

    /// «a, b o c».
    fn listed(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(word, _)| *word).collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} o {last}", rest.join(", ")),
            _ => names.concat(),
        }
    }
}

impl<T: WordList> Names<T> {
    /// Some of a closed list.
    pub fn of(members: &[T]) -> Names<T> {
        Names(members.iter().map(|member| (member.word(), *member)).collect())
    }
}

/// A table being read.
pub struct Keys<'a> {
    table: Table,
    place: Place,
    read: Vec<&'static str>,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Keys<'a> {
    /// Begins to read a table that stands at a place.
    pub fn new(table: Table, place: Place, faults: &'a mut Vec<Fault>) -> Keys<'a> {
        Keys { table, place, read: Vec::new(), faults }
    }

    /// Says where the table stands, once that is known.
    pub fn moved(&mut self, place: Place) {
        self.place = place;
    }

    /// Notes a fault at this place.
    pub fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(Fault::new(&self.place, what));
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A text that must be there; empty after a fault.
    pub fn text(&mut self, key: &'static str) -> String {
        let there = self.table.contains_key(key);
        let text = self.some_text(key);
        if !there {
            self.fault(format!("falta «{key}»"));
        }
        text.unwrap_or_default()
    }

    /// A text that may be left out.
    pub fn some_text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => self.sound(key, text),
            other => {
                self.fault(format!("«{key}» debe ser un texto, no {}", kind(&other)));
                None
            }
        }
    }

    /// A list of texts; empty when left out.
    pub fn texts(&mut self, key: &'static str) -> Vec<String> {
        let wrong =
            || format!("«{key}» debe ser una lista de textos, por ejemplo [\"uno\", \"dos\"]");
        let list = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.fault(wrong());
                return Vec::new();
            }
        };
        if list.len() > LIST {
            self.fault(format!("«{key}» tiene {} elementos; caben {LIST}", list.len()));
            return Vec::new();
        }
        let mut texts = Vec::new();
        for value in list {
            match value {
                Value::String(text) => texts.extend(self.sound(key, text)),
                _ => self.fault(wrong()),
            }
        }
        texts
    }

    /// A whole number within bounds that must be there.
    pub fn number(&mut self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        if !self.has(key) {
            self.read.push(key);
            self.fault(format!("falta «{key}»"));
        }
        self.some_number(key, least, most)
    }

    /// A whole number within bounds that may be left out.
    pub fn some_number(&mut self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        let Value::Integer(number) = self.take(key)? else {
            self.fault(format!("«{key}» debe ser un número entero, sin comillas"));
            return None;
        };
        let found = u32::try_from(number).ok().filter(|found| (least..=most).contains(found));
        if found.is_none() {
            self.fault(format!("«{key}» vale {number}; va de {least} a {most}"));
        }
        found
    }

    /// True or false; false when left out.
    pub fn flag(&mut self, key: &'static str) -> bool {
        match self.take(key) {
            None => false,
            Some(Value::Boolean(flag)) => flag,
            Some(_) => {
                self.fault(format!("«{key}» debe ser true o false, sin comillas"));
                false
            }
        }
    }

    /// One of the given words, which must be there.
    pub fn word<T: Copy>(&mut self, key: &'static str, words: &Names<T>) -> Option<T> {
        if !self.has(key) {
            self.read.push(key);
            self.fault(format!("falta «{key}»; puede ser {}", words.listed()));
        }
        self.some_word(key, words)
    }

    /// One of the given words, if any.
    pub fn some_word<T: Copy>(&mut self, key: &'static str, words: &Names<T>) -> Option<T> {
        let text = self.some_text(key)?;
        let found = words.find(&text);
        if found.is_none() {
            let value = shown(&text);
            self.fault(format!("«{key}» vale «{value}»; puede ser {}", words.listed()));
        }
        found
    }

    /// Some of the given words, each once.
    pub fn words<T: Copy + PartialEq>(&mut self, key: &'static str, words: &Names<T>) -> Vec<T> {
        let mut found = Vec::new();
        for text in self.texts(key) {
            match words.find(&text) {
                Some(value) if found.contains(&value) => {
                    self.fault(format!("«{key}» pide «{text}» dos veces"));
                }
                Some(value) => found.push(value),
                None => {
                    let value = shown(&text);
                    let words = words.listed();
                    self.fault(format!("«{key}» contiene «{value}»; puede ser {words}"));
                }
            }
        }
        found
    }

    /// The tables under a key, at most `most`.
    pub fn tables(&mut self, key: &'static str, most: usize, named: &str) -> Vec<Table> {
        let list = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => Vec::from([Value::Boolean(false)]),
        };
        if list.len() > most {
            self.fault(format!("tiene {} {named}; caben {most}", list.len()));
            return Vec::new();
        }
        let mut tables = Vec::new();
        for value in list {
            match value {
                Value::Table(table) => tables.push(table),
                _ => self.fault(format!("«{key}» debe ser una lista de tablas: escriba [[{key}]]")),
            }
        }
        tables
    }

    /// Notes every key nobody asked for.
    pub fn finish(mut self) {
        let unknown: Vec<String> = self.table.keys().map(|key| shown(key)).collect();
        for key in unknown {
            let known = self.read.join(", ");
            self.fault(format!("no existe la clave «{key}»; las que hay son {known}"));
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        if !self.read.contains(&key) {
            self.read.push(key);
        }
        self.table.remove(key)
    }

    /// The text if it says something, is short enough and can be shown.
    fn sound(&mut self, key: &str, text: String) -> Option<String> {
        let characters = text.chars().count();
        if text.trim().is_empty() {
            self.fault(format!("«{key}» está en blanco; escriba algo o quite la clave"));
        } else if characters > TEXT_CHARACTERS {
            self.fault(format!("«{key}» tiene {characters} caracteres; caben {TEXT_CHARACTERS}"));
        } else if text.chars().any(|one| one.is_control() && one != '\n') {
            self.fault(format!("«{key}» tiene un carácter de control; quítelo"));
        } else {
            return Some(text);
        }
        None
    }
}

/// A wrong value, short enough for a message.
pub fn shown(text: &str) -> String {
    let cut: String = text.chars().filter(|one| !one.is_control()).take(SHOWN).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "un texto",
        Value::Integer(_) | Value::Float(_) => "un número",
        Value::Boolean(_) => "true o false",
        Value::Datetime(_) => "una fecha",
        Value::Array(_) => "una lista",
        Value::Table(_) => "una tabla",
    }
}
