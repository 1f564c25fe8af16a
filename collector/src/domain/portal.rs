//! What somebody without an account asks for and follows: the services of the portal, what a request must say, and the
//! code that lets its owner follow it.

use super::id::AreaId;

/// Characters of a code: none that is taken for another when it is read aloud or written down.
pub const CODE_ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// Characters of a code; more than 39 bits.
pub const CODE_CHARACTERS: usize = 8;
/// Most characters of what is asked for, or of a message.
pub const TEXT_CHARACTERS: usize = 2_000;
/// Most characters of a name, of a post and of a contact.
pub const LINE_CHARACTERS: usize = 120;

macro_rules! services {
    ($($(#[$doc:meta])* $name:ident: $word:literal, $procedure:literal, $field:expr, $title:literal;)*) => {
        /// What the portal takes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Service {
            $($(#[$doc])* $name,)*
        }

        impl Service {
            /// All of them, as they are offered.
            pub const ALL: &[Service] = &[$(Service::$name),*];

            /// The word in SQL and forms.
            pub fn as_str(self) -> &'static str {
                match self { $(Service::$name => $word),* }
            }

            /// Code of the procedure that begins.
            pub fn procedure(self) -> &'static str {
                match self { $(Service::$name => $procedure),* }
            }

            /// The field of its first step that takes what was written; elsewhere it is the note.
            pub fn field(self) -> Option<&'static str> {
                match self { $(Service::$name => $field),* }
            }

            /// How people call it.
            pub fn title(self) -> &'static str {
                match self { $(Service::$name => $title),* }
            }
        }
    };
}

services! {
    /// A PC, printer or program fails.
    Device: "falla", "corrective", Some("failure"), "Falla de un equipo";
    /// There is no internet, or it is slow: the desk finds out whether it is the PC or the network.
    Internet: "internet", "corrective", Some("failure"), "Internet o red";
    /// Something is to appear on the web site.
    Publication: "publicacion", "publication", Some("what"), "Publicar en el sitio web";
    /// How something is done with an office program.
    Advice: "asesoria", "advice", Some("topic"), "Asesoría de ofimática";
    /// Information is to be copied.
    Backup: "respaldo", "backup", Some("what"), "Respaldo de información";
    /// An institutional mailbox.
    Mailbox: "correo", "mailbox", None, "Correo institucional";
}

impl Service {
    /// The service of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Service::ALL.iter().copied().find(|service| service.as_str() == word)
    }
}

/// What somebody asks for, as they wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What kind.
    pub service: Service,
    /// Their name.
    pub name: String,
    /// Their office.
    pub area: AreaId,
    /// E-mail address or telephone; empty: none.
    pub contact: String,
    /// What they say.
    pub text: String,
    /// The number on the label of the PC, if it is about one.
    pub device_number: Option<i64>,
}

/// What is wrong with a request; Spanish, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lacking {
    /// The name.
    #[error("escribe tu nombre completo, con 120 caracteres como máximo")]
    Name,
    /// The text.
    #[error("cuéntanos qué necesitas, con 2,000 caracteres como máximo")]
    Text,
    /// The letter the procedure begins with.
    #[error("anexa el oficio: este trámite empieza con él (una foto legible sirve)")]
    Letter,
    /// The contact.
    #[error("el contacto es un correo o un teléfono; si no tienes, déjalo vacío")]
    Contact,
}

impl Request {
    /// Trims what was written and looks whether it is enough.
    ///
    /// # Errors
    /// The first thing that is missing or does not fit.
    pub fn checked(mut self) -> Result<Request, Lacking> {
        self.name = line(&self.name).ok_or(Lacking::Name)?;
        if self.name.chars().count() < 3 {
            return Err(Lacking::Name);
        }
        self.text = paragraphs(&self.text).ok_or(Lacking::Text)?;
        self.contact = match self.contact.trim() {
            "" => String::new(),
            contact => line(contact).filter(|text| is_contact(text)).ok_or(Lacking::Contact)?,
        };
        Ok(self)
    }
}

/// One line of text: trimmed, not empty, bounded, without characters that command.
pub fn line(text: &str) -> Option<String> {
    let text = text.trim();
    let long = text.chars().count();
    let fits = long > 0 && long <= LINE_CHARACTERS && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// Some lines of text: trimmed, not empty, bounded, without other characters that command.
pub fn paragraphs(text: &str) -> Option<String> {
    let text: String = text.trim().chars().filter(|character| *character != '\r').collect();
    let long = text.chars().count();
    let plain =
        !text.chars().any(|character| character.is_control() && !"\n\t".contains(character));
    (long > 0 && long <= TEXT_CHARACTERS && plain).then_some(text)
}

fn is_contact(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let number =
        text.chars().all(|character| character.is_ascii_digit() || " +-().ext".contains(character));
    let mail = text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    });
    mail || (number && (3..=20).contains(&digits))
}

/// A code as its owner types it: without blanks and dashes, in capitals. None when it is no code at all.
pub fn normal_code(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .flat_map(char::to_uppercase)
        .take(CODE_CHARACTERS + 1)
        .collect();
    let known = code.bytes().all(|byte| CODE_ALPHABET.contains(&byte));
    (known && code.len() == CODE_CHARACTERS).then_some(code)
}

/// A code as it is shown: in two groups.
pub fn shown_code(code: &str) -> String {
    match code.split_at_checked(CODE_CHARACTERS / 2) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request {
            service: Service::Device,
            name: "  Rosa Peña ".into(),
            area: AreaId::new("a"),
            contact: "722 123 4567 ext 12".into(),
            text: "No enciende.\r\nHace un ruido.".into(),
            device_number: None,
        }
    }

    #[test]
    fn a_request_is_trimmed_and_told_what_it_lacks() {
        let checked = request().checked().unwrap();
        assert_eq!((&*checked.name, &*checked.text), ("Rosa Peña", "No enciende.\nHace un ruido."));
        for (wrong, lacking) in [
            (Request { name: " ".into(), ..request() }, Lacking::Name),
            (Request { name: "a\nb c".into(), ..request() }, Lacking::Name),
            (Request { name: "ñ".repeat(121), ..request() }, Lacking::Name),
            (Request { text: String::new(), ..request() }, Lacking::Text),
            (Request { text: "x".repeat(2_001), ..request() }, Lacking::Text),
            (Request { text: "a\u{0}b".into(), ..request() }, Lacking::Text),
            (Request { contact: "por la mañana".into(), ..request() }, Lacking::Contact),
            (Request { contact: "a@b".into(), ..request() }, Lacking::Contact),
        ] {
            assert_eq!(wrong.checked(), Err(lacking));
        }
        for contact in ["", "rosa@ejemplo.gob.mx", "+52 (722) 123-4567"] {
            assert!(
                Request { contact: contact.into(), ..request() }.checked().is_ok(),
                "{contact}"
            );
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        assert_eq!(normal_code(" abcd-2345 ").as_deref(), Some("ABCD2345"));
        assert_eq!(shown_code("ABCD2345"), "ABCD-2345");
        for wrong in ["", "ABCD234", "ABCD23456", "ABCD234O", "ÁBCD2345"] {
            assert_eq!(normal_code(wrong), None, "{wrong}");
        }
        assert_eq!(CODE_ALPHABET.len(), 31);
    }
}
