//! Settings of what people bring and meet: files of runs, and the portal for those without an account.

use std::path::PathBuf;

use serde::Deserialize;

/// Where files of runs are kept, and who looks at them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attachments {
    /// Folder; absent: `attachments` in the data folder.
    pub folder: Option<PathBuf>,
    /// Socket or `host:port` of ClamAV's daemon; empty: nobody looks.
    pub clamd: String,
}

/// What people without an account meet.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Portal {
    /// Whether it is open; links to sign work either way.
    pub open: bool,
    /// The privacy notice shown before anything is asked for.
    pub privacy_notice: String,
}

impl Default for Attachments {
    fn default() -> Self {
        Attachments { folder: None, clamd: "/run/clamav/clamd.ctl".into() }
    }
}

impl Default for Portal {
    fn default() -> Self {
        Portal { open: true, privacy_notice: PRIVACY_NOTICE.to_owned() }
    }
}

/// What holds where the municipality has not written its own.
const PRIVACY_NOTICE: &str = "La Unidad de Tecnologías de la Información usa tu nombre, área y contacto solo para atender \
     esta solicitud, avisarte cómo va y comprobar que se atendió. No los comparte con nadie ajeno al ayuntamiento, salvo \
     obligación de ley. No escribas aquí contraseñas ni datos de otras personas. Para consultar, corregir o cancelar tus \
     datos, acude a la Unidad de Transparencia del ayuntamiento.";
