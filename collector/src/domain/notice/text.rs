//! The text of a notice: words in braces stand for what the run says. A word that is not known is refused by name;
//! what a value holds is never looked at again, so braces in it are only braces.

use std::collections::BTreeMap;

use super::{BODY, NoticeKind, SUBJECT};

/// Longest value put into a text, characters.
const VALUE: usize = 600;

/// A word in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// Folio of the run.
    Folio,
    /// Title of the procedure.
    Procedure,
    /// What the run is about.
    Title,
    /// Number of the step.
    Step,
    /// What the step asks for.
    StepText,
    /// Area of the run.
    Area,
    /// Who is written to.
    Recipient,
    /// Who asked for it.
    Requester,
    /// Why.
    Reason,
    /// How it ended.
    Outcome,
    /// Where to look.
    Link,
    /// Until when.
    Due,
    /// What the requester needs beside the folio to follow it.
    Code,
}

impl Placeholder {
    /// All of them.
    pub const ALL: [Placeholder; 13] = [
        Placeholder::Folio,
        Placeholder::Procedure,
        Placeholder::Title,
        Placeholder::Step,
        Placeholder::StepText,
        Placeholder::Area,
        Placeholder::Recipient,
        Placeholder::Requester,
        Placeholder::Reason,
        Placeholder::Outcome,
        Placeholder::Link,
        Placeholder::Due,
        Placeholder::Code,
    ];

    /// The word between the braces.
    pub fn word(self) -> &'static str {
        match self {
            Placeholder::Folio => "folio",
            Placeholder::Procedure => "procedimiento",
            Placeholder::Title => "asunto",
            Placeholder::Step => "paso",
            Placeholder::StepText => "texto_del_paso",
            Placeholder::Area => "area",
            Placeholder::Recipient => "destinatario",
            Placeholder::Requester => "solicitante",
            Placeholder::Reason => "motivo",
            Placeholder::Outcome => "resultado",
            Placeholder::Link => "enlace",
            Placeholder::Due => "vence",
            Placeholder::Code => "codigo",
        }
    }

    /// An example, for the preview.
    pub fn example(self) -> &'static str {
        match self {
            Placeholder::Folio => "MC/2026/0042",
            Placeholder::Procedure => "Mantenimiento correctivo",
            Placeholder::Title => "La impresora de Tesorería no imprime",
            Placeholder::Step => "5",
            Placeholder::StepText => "Revisa el equipo y anota lo que encuentra.",
            Placeholder::Area => "Tesorería",
            Placeholder::Recipient => "Íñigo Muñoz Peña",
            Placeholder::Requester => "María José Núñez",
            Placeholder::Reason => "se espera una refacción",
            Placeholder::Outcome => "atendido",
            Placeholder::Link => "https://atalaya.ejemplo.gob.mx/tramites/…",
            Placeholder::Due => "martes 24 de noviembre, 13:00",
            Placeholder::Code => "K7RM-2QXW",
        }
    }

    fn of_word(word: &str) -> Option<Placeholder> {
        Placeholder::ALL.into_iter().find(|placeholder| placeholder.word() == word)
    }
}

/// What stands for each word; a word without a value becomes a dash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<Placeholder, String>);

impl Values {
    /// With a value; control characters but line ends are taken out, and it is cut at 600 characters.
    #[must_use]
    pub fn with(mut self, placeholder: Placeholder, value: impl AsRef<str>) -> Values {
        let clean = |character: &char| !character.is_control() || *character == '\n';
        let value: String = value.as_ref().chars().filter(clean).take(VALUE).collect();
        self.0.insert(placeholder, value);
        self
    }

    /// The examples of every word, for the preview.
    pub fn example() -> Values {
        let with = |values: Values, placeholder: Placeholder| {
            values.with(placeholder, placeholder.example())
        };
        Placeholder::ALL.into_iter().fold(Values::default(), with)
    }

    fn get(&self, placeholder: Placeholder) -> &str {
        let value = self.0.get(&placeholder).map(|value| value.trim()).unwrap_or_default();
        if value.is_empty() { "—" } else { value }
    }
}

/// What is wrong with a text. Shown to whoever worded it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No such word.
    #[error("«{{{0}}}» no es una palabra que este aviso conozca; conoce: {1}")]
    Unknown(String, String),
    /// A brace without its partner.
    #[error("sobra o falta una llave: cada palabra se escribe como {{folio}}")]
    Brace,
    /// Nothing to send.
    #[error("el asunto y el texto no pueden quedar vacíos")]
    Empty,
    /// Too long.
    #[error("el asunto admite {SUBJECT} caracteres y el texto {BODY}")]
    Long,
    /// More than a line.
    #[error("el asunto va en una sola línea")]
    Lines,
}

/// Subject and body with words in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

impl Text {
    /// Whether a notice of that kind may say it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, kind: NoticeKind) -> Result<(), Fault> {
        if self.subject.trim().is_empty() || self.body.trim().is_empty() {
            return Err(Fault::Empty);
        }
        if self.subject.chars().count() > SUBJECT || self.body.chars().count() > BODY {
            return Err(Fault::Long);
        }
        if self.subject.chars().any(char::is_control) {
            return Err(Fault::Lines);
        }
        for part in parts(&self.subject)?.into_iter().chain(parts(&self.body)?) {
            if let Part::Word(word) = part {
                known(word, kind)?;
            }
        }
        Ok(())
    }

    /// The notice that is sent: the subject one line, the body with every value in its place. A text that is
    /// not in order stands as it is: it is better than silence.
    pub fn fill(&self, values: &Values) -> Text {
        let subject: String = fill(&self.subject, values)
            .chars()
            .map(|character| if character.is_control() { ' ' } else { character })
            .take(SUBJECT)
            .collect();
        Text { subject: subject.trim().to_owned(), body: fill(&self.body, values) }
    }
}

fn known(word: &str, kind: NoticeKind) -> Result<Placeholder, Fault> {
    let found = Placeholder::of_word(word).filter(|found| kind.placeholders().contains(found));
    found.ok_or_else(|| {
        let known: Vec<&str> = kind.placeholders().iter().map(|known| known.word()).collect();
        Fault::Unknown(word.chars().take(40).collect(), known.join(", "))
    })
}

enum Part<'a> {
    Plain(&'a str),
    Word(&'a str),
}

/// Plain stretches and words in braces, in their order.
fn parts(text: &str) -> Result<Vec<Part<'_>>, Fault> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (plain, from) = rest.split_at(at);
        let inside = from.strip_prefix('{').ok_or(Fault::Brace)?;
        let end = inside.find(['{', '}']).ok_or(Fault::Brace)?;
        let (word, after) = inside.split_at(end);
        found.extend([Part::Plain(plain), Part::Word(word)]);
        rest = after.strip_prefix('}').ok_or(Fault::Brace)?;
    }
    found.push(Part::Plain(rest));
    Ok(found)
}

fn fill(text: &str, values: &Values) -> String {
    let Ok(parts) = parts(text) else { return text.to_owned() };
    let mut filled = String::with_capacity(text.len());
    for part in parts {
        match part {
            Part::Plain(plain) => filled.push_str(plain),
            Part::Word(word) => match Placeholder::of_word(word) {
                Some(placeholder) => filled.push_str(values.get(placeholder)),
                None => filled.push_str(word),
            },
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(subject: &str, body: &str) -> Text {
        Text { subject: subject.into(), body: body.into() }
    }

    #[test]
    fn a_word_that_is_not_known_is_refused_by_its_name() {
        let fault = text("{folio}", "{contraseña}").check(NoticeKind::Step).unwrap_err();
        let said = fault.to_string();
        assert!(said.contains("«{contraseña}»") && said.contains("texto_del_paso"), "{said}");
        // Known elsewhere, not here.
        assert!(text("{folio}", "x").check(NoticeKind::Test).is_err());
    }

    #[test]
    fn braces_lines_lengths_and_emptiness_are_told_apart() {
        for (subject, body, fault) in [
            ("{folio", "x", Fault::Brace),
            ("folio}", "x", Fault::Brace),
            ("a", "{a{folio}}", Fault::Brace),
            (" ", "x", Fault::Empty),
            ("a\r\nBcc: x@y.mx", "x", Fault::Lines),
            ("a", &"x".repeat(BODY + 1), Fault::Long),
        ] {
            assert_eq!(text(subject, body).check(NoticeKind::Step), Err(fault));
        }
    }

    #[test]
    fn a_value_is_never_read_as_a_text_nor_a_second_line_of_the_subject() {
        let values = Values::default()
            .with(Placeholder::Title, "{folio}\r\nBcc: todos@ejemplo.mx")
            .with(Placeholder::Folio, "MC/2026/0001");
        let filled = text("{folio} {asunto}", "«{asunto}» {area}").fill(&values);
        assert_eq!(filled.subject, "MC/2026/0001 {folio} Bcc: todos@ejemplo.mx");
        assert_eq!(filled.body, "«{folio}\nBcc: todos@ejemplo.mx» —");
    }
}
