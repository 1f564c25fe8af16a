//! Notices by e-mail: their kinds, what they say until somebody words them otherwise, and how a text is filled in.
//! A text holds words in braces and no code.

mod text;

pub use text::{Fault, Placeholder, Text, Values};

/// Longest subject, characters.
pub const SUBJECT: usize = 200;
/// Longest body, characters.
pub const BODY: usize = 8_000;

/// Why somebody is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeKind {
    /// The next step is theirs.
    Step,
    /// What they asked for has a folio.
    Opened,
    /// Their run waits for something.
    Waiting,
    /// Their run goes on.
    Resumed,
    /// Their run is over.
    Closed,
    /// A step is overdue.
    Overdue,
    /// They are asked to sign.
    Sign,
    /// An administrator tries the server out.
    Test,
}

impl NoticeKind {
    /// All kinds.
    pub const ALL: [NoticeKind; 8] = [
        NoticeKind::Step,
        NoticeKind::Opened,
        NoticeKind::Waiting,
        NoticeKind::Resumed,
        NoticeKind::Closed,
        NoticeKind::Overdue,
        NoticeKind::Sign,
        NoticeKind::Test,
    ];

    /// The word in SQL, addresses and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeKind::Step => "step",
            NoticeKind::Opened => "opened",
            NoticeKind::Waiting => "waiting",
            NoticeKind::Resumed => "resumed",
            NoticeKind::Closed => "closed",
            NoticeKind::Overdue => "overdue",
            NoticeKind::Sign => "sign",
            NoticeKind::Test => "test",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        NoticeKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            NoticeKind::Step => "Le toca un paso",
            NoticeKind::Opened => "Solicitud recibida",
            NoticeKind::Waiting => "Trámite en espera",
            NoticeKind::Resumed => "Trámite reanudado",
            NoticeKind::Closed => "Trámite terminado",
            NoticeKind::Overdue => "Paso vencido",
            NoticeKind::Sign => "Petición de firma",
            NoticeKind::Test => "Correo de prueba",
        }
    }

    /// When it is sent, for whoever words it.
    pub fn when(self) -> &'static str {
        match self {
            NoticeKind::Step => "Cuando un trámite llega a un paso que le toca a otra persona.",
            NoticeKind::Opened => "A quien pidió el servicio, con su folio, cuando se abre.",
            NoticeKind::Waiting => "A quien pidió el servicio, cuando el trámite queda en espera.",
            NoticeKind::Resumed => "A quien pidió el servicio, cuando el trámite sigue adelante.",
            NoticeKind::Closed => "A quien pidió el servicio, cuando el trámite termina.",
            NoticeKind::Overdue => "A quien tiene un paso vencido y, después, al titular.",
            NoticeKind::Sign => "A quien debe firmar, con la liga para hacerlo.",
            NoticeKind::Test => "Cuando quien administra prueba el servidor.",
        }
    }

    /// Whether a person may do without it. A link to sign is never superfluous.
    pub fn may_be_muted(self) -> bool {
        !matches!(self, NoticeKind::Sign | NoticeKind::Test)
    }

    /// The words in braces its text may use.
    pub fn placeholders(self) -> &'static [Placeholder] {
        use Placeholder::{
            Area, Code, Due, Folio, Link, Outcome, Procedure, Reason, Recipient, Requester, Step,
            StepText, Title,
        };
        match self {
            NoticeKind::Step | NoticeKind::Overdue => &[
                Folio, Procedure, Title, Step, StepText, Area, Recipient, Requester, Due, Reason,
                Link,
            ],
            NoticeKind::Opened => {
                &[Folio, Procedure, Title, Area, Recipient, Requester, Code, Link]
            }
            NoticeKind::Waiting | NoticeKind::Resumed => {
                &[Folio, Procedure, Title, Area, Recipient, Requester, Reason, Link]
            }
            NoticeKind::Closed => {
                &[Folio, Procedure, Title, Area, Recipient, Requester, Outcome, Reason, Link]
            }
            NoticeKind::Sign => {
                &[Folio, Procedure, Title, Step, StepText, Area, Recipient, Requester, Due, Link]
            }
            NoticeKind::Test => &[Recipient, Link],
        }
    }

    /// What it says as shipped: subject and body.
    pub fn shipped(self) -> Text {
        let (subject, body) = match self {
            NoticeKind::Step => (
                "{folio}: le toca el paso {paso}",
                "Hola, {destinatario}:\n\nEl trámite {folio} («{asunto}», {procedimiento}) llegó al paso \
                 {paso}, que le toca a usted:\n\n{texto_del_paso}\n\nÁrea: {area}\nVence: {vence}\n\n\
                 Atiéndalo aquí: {enlace}\n",
            ),
            NoticeKind::Opened => (
                "{folio}: recibimos su solicitud",
                "Hola, {destinatario}:\n\nRecibimos su solicitud «{asunto}». Su folio es {folio}.\n\n\
                 Puede ver cómo va aquí: {enlace}\nClave de seguimiento: {codigo}\n\nGracias por avisarnos.\n",
            ),
            NoticeKind::Waiting => (
                "{folio}: su trámite está en espera",
                "Hola, {destinatario}:\n\nSu trámite {folio} («{asunto}») está en espera: {motivo}.\n\n\
                 Le avisaremos en cuanto siga adelante. Puede ver cómo va aquí: {enlace}\n",
            ),
            NoticeKind::Resumed => (
                "{folio}: su trámite sigue adelante",
                "Hola, {destinatario}:\n\nSu trámite {folio} («{asunto}») ya no está en espera y sigue \
                 adelante.\n\nPuede ver cómo va aquí: {enlace}\n",
            ),
            NoticeKind::Closed => (
                "{folio}: su trámite terminó",
                "Hola, {destinatario}:\n\nSu trámite {folio} («{asunto}») terminó: {resultado}.\n\n\
                 Si algo no quedó bien, responda a este correo o vuelva a reportarlo. Aquí puede ver lo que \
                 se hizo: {enlace}\n",
            ),
            NoticeKind::Overdue => (
                "{folio}: el paso {paso} está vencido",
                "Hola, {destinatario}:\n\nEl paso {paso} del trámite {folio} («{asunto}») venció: \
                 {vence}.\n\n{texto_del_paso}\n\nÁrea: {area}\n\nAtiéndalo aquí: {enlace}\n",
            ),
            NoticeKind::Sign => (
                "{folio}: se necesita su firma",
                "Hola, {destinatario}:\n\nEl trámite {folio} («{asunto}») necesita su firma para el paso \
                 {paso}:\n\n{texto_del_paso}\n\nPuede firmar desde su teléfono en esta liga, que es solo \
                 para usted: {enlace}\n\nLa liga deja de servir: {vence}\n",
            ),
            NoticeKind::Test => (
                "Correo de prueba de Atalaya",
                "Hola, {destinatario}:\n\nSi lee esto, Atalaya puede enviar avisos por correo. No hace falta \
                 responder.\n\n{enlace}\n",
            ),
        };
        Text { subject: subject.into(), body: body.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_uses_only_the_words_its_kind_knows() {
        for kind in NoticeKind::ALL {
            assert_eq!(kind.shipped().check(kind), Ok(()), "{kind:?}");
            assert_eq!(NoticeKind::parse(kind.as_str()), Some(kind));
        }
    }
}
