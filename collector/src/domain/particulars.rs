//! What may be said of a person: bounds of names, logins, addresses and telephones. What it refuses it explains to
//! whoever wrote it.

use super::person::Role;

/// Longest login, name, unit or post, characters.
pub const LONGEST: usize = 120;
/// Longest e-mail address, bytes.
const LONGEST_EMAIL: usize = 254;
/// Most characters of a telephone.
const LONGEST_PHONE: usize = 40;
/// Digits of a telephone, extension included.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=20;

/// A login as it is kept: lower case.
///
/// # Errors
/// Says what a login looks like.
pub fn login(text: &str) -> Result<String, String> {
    let login = text.trim().to_lowercase();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    if !login.is_empty() && login.len() <= LONGEST && login.chars().all(allowed) {
        return Ok(login);
    }
    let shown: String = login.chars().take(LONGEST).collect();
    Err(format!(
        "el usuario «{shown}» no sirve: use letras minúsculas sin acentos, números, punto, guion o guion bajo, \
         sin espacios"
    ))
}

/// A name as it is kept: one line, its spaces single.
///
/// # Errors
/// Says that it is empty or too long.
pub fn name(text: &str) -> Result<String, String> {
    line("el nombre", text)?.ok_or_else(|| "falta el nombre completo".to_owned())
}

/// A line of text as it is kept; `None` when nothing was written. `what` names it, e.g. `la unidad`.
///
/// # Errors
/// Says that it is too long or holds what is no text.
pub fn line(what: &str, text: &str) -> Result<Option<String>, String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().any(char::is_control) {
        return Err(format!("{what} tiene caracteres que no son texto: escríbalo de nuevo"));
    }
    if text.chars().count() > LONGEST {
        return Err(format!("{what} es demasiado largo: caben {LONGEST} caracteres"));
    }
    Ok((!text.is_empty()).then_some(text))
}

/// An e-mail address as it is kept; `None` when nothing was written.
///
/// # Errors
/// Says what an address looks like.
pub fn email(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = || {
        let shown: String = text.chars().take(80).collect();
        Err(format!("el correo «{shown}» no sirve: se escribe como nombre@dependencia.gob.mx"))
    };
    let Some((user, domain)) = text.rsplit_once('@') else { return refuse() };
    let of_user = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let label = |label: &str| {
        let inside = label.chars().all(|c| c.is_alphanumeric() || c == '-');
        !label.is_empty() && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    let user_fits = !user.is_empty()
        && user.len() <= 64
        && user.chars().all(of_user)
        && user.split('.').all(|part| !part.is_empty());
    let domain_fits = domain.contains('.') && domain.split('.').all(label);
    if text.len() <= LONGEST_EMAIL && user_fits && domain_fits {
        Ok(Some(format!("{user}@{}", domain.to_lowercase())))
    } else {
        refuse()
    }
}

/// A telephone as it is kept, extension included; `None` when nothing was written.
///
/// # Errors
/// Says what a telephone looks like.
pub fn phone(text: &str) -> Result<Option<String>, String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.to_lowercase().replace("ext", "");
    let fits = rest.chars().all(|c| c.is_ascii_digit() || " +-().,#".contains(c));
    if fits && PHONE_DIGITS.contains(&digits) && text.chars().count() <= LONGEST_PHONE {
        return Ok(Some(text));
    }
    let shown: String = text.chars().take(LONGEST_PHONE).collect();
    Err(format!("el teléfono «{shown}» no sirve: escríbalo como 722 123 4567 ext. 12"))
}

/// The role somebody means: its word, its title, or how it is called in the manuals; accents and case do not matter.
pub fn role(text: &str) -> Option<Role> {
    let text = super::text::fold(text.trim());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = |role: &Role| role.as_str() == text || super::text::fold(role.title()) == text;
    if let Some(role) = Role::ALL.into_iter().find(named) {
        return Some(role);
    }
    Some(match text.as_str() {
        "titular" | "titular de la unidad de tic" | "jefe" | "jefa" => Role::Head,
        "tecnica" | "tecnico" | "soporte" | "personal tecnico" => Role::Technician,
        "recepcion" | "mostrador" => Role::FrontDesk,
        "analista" | "analista de accesos" => Role::AccessAnalyst,
        "responsable de sistemas" | "responsable de los sistemas institucionales" => {
            Role::SystemsOfficer
        }
        "administrador de los sistemas"
        | "administradora de los sistemas"
        | "administrador de sistemas"
        | "administradora de sistemas" => Role::SystemsAdministrator,
        "titular de unidad" | "titular de la unidad administrativa" => Role::UnitHead,
        "solicitante" | "servidor publico" | "servidora publica" => Role::Requester,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_telephones_and_logins_are_kept_as_they_will_be_used() {
        assert_eq!(login(" Ana.Nunez ").unwrap(), "ana.nunez");
        assert_eq!(email(" Ana@Toluca.GOB.mx ").unwrap().unwrap(), "Ana@toluca.gob.mx");
        assert_eq!(phone("722  123 4567 ext. 12").unwrap().unwrap(), "722 123 4567 ext. 12");
        assert_eq!(name("  Ana   Núñez ").unwrap(), "Ana Núñez");
        assert_eq!(
            (email("  ").unwrap(), phone("").unwrap(), line("x", " ").unwrap()),
            (None, None, None)
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_how_it_should_be() {
        let long = "a".repeat(LONGEST + 1);
        for text in ["", "dos palabras", "niña", "a\u{202e}b", &long] {
            assert!(login(text).is_err(), "{text}");
        }
        for text in [
            "ana",
            "ana@",
            "@x.mx",
            "ana@x",
            "a b@x.mx",
            "a@x..mx",
            "a@-x.mx",
            "a\r\nBcc: b@x.mx",
            "<a@x.mx>",
        ] {
            assert!(email(text).is_err(), "{text}");
        }
        for text in ["12", "llámame", "=1+1+cmd", "1234567890123456789012"] {
            assert!(phone(text).is_err(), "{text}");
        }
        assert!(name(" ").is_err() && name(&long).is_err() && name("a\u{0}b").is_err());
    }

    #[test]
    fn a_role_is_known_by_its_word_its_title_and_what_people_call_it() {
        for known in Role::ALL {
            assert_eq!(role(known.as_str()), Some(known));
            assert_eq!(role(&known.title().to_uppercase()), Some(known));
        }
        assert_eq!(role(" Técnico "), Some(Role::Technician));
        assert_eq!(role("presidente"), None);
    }
}
