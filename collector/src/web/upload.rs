//! A form that brings files: fields are bounded, files go to disk piece by piece as they come. Nothing of it is looked at
//! here; a part more than expected is refused.

use std::collections::HashMap;

use axum::extract::multipart::{Field, Multipart, MultipartError};

use super::error::Error;
use crate::actions::attach::{Attachments, Incoming, Refused};
use crate::domain::attachment::FILE_BYTES;

/// Files of one form.
pub const FILES: usize = 3;
/// Fields of one form.
const FIELDS: usize = 40;
/// Bytes of one field.
const FIELD_BYTES: usize = 16 * 1024;

/// Bytes of a whole form with files.
#[expect(clippy::cast_possible_truncation, reason = "45 MiB")]
pub const BODY_BYTES: usize = FILES * FILE_BYTES as usize + 1024 * 1024;

/// What a form brought.
#[derive(Debug, Default)]
pub struct Upload {
    fields: HashMap<String, String>,
    /// Files with the names the browser gave them; fields for a file that were left empty are not here.
    pub files: Vec<(String, Incoming)>,
    /// Why a file was not taken whole; the rest of the form was still read.
    pub problem: Option<String>,
}

impl Upload {
    /// Reads a form to its end.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is cut off or brings too much.
    pub async fn read(mut form: Multipart, to: &Attachments) -> Result<Upload, Error> {
        let mut upload = Upload::default();
        while let Some(field) = form.next_field().await.map_err(refused)? {
            let name = field.name().unwrap_or_default().to_owned();
            if field.file_name().is_some() {
                upload.file(field, to).await?;
            } else {
                upload.field(name, field).await?;
            }
        }
        Ok(upload)
    }

    /// The text of a field, trimmed; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }

    async fn field(&mut self, name: String, mut field: Field<'_>) -> Result<(), Error> {
        let mut bytes = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(refused)? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > FIELD_BYTES {
                return Err(Error::Invalid("Un campo del formulario es demasiado largo.".into()));
            }
        }
        if self.fields.len() >= FIELDS || name.len() > 64 {
            return Err(Error::Invalid("El formulario trae demasiados campos.".into()));
        }
        self.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        Ok(())
    }

    async fn file(&mut self, mut field: Field<'_>, to: &Attachments) -> Result<(), Error> {
        let name: String = field.file_name().unwrap_or_default().chars().take(1024).collect();
        let mut incoming = None;
        while let Some(piece) = field.chunk().await.map_err(refused)? {
            if piece.is_empty() || self.problem.is_some() {
                continue;
            }
            if incoming.is_none() {
                if self.files.len() >= FILES {
                    self.problem = Some(format!("Envía hasta {FILES} archivos a la vez."));
                    continue;
                }
                incoming = Some(to.receive().await.map_err(of_file)?);
            }
            let Some(file) = incoming.as_mut() else { continue };
            match file.write(&piece).await {
                Ok(()) => {}
                // The rest is read and dropped, so that the browser hears why.
                Err(Refused::Large) => {
                    self.problem = Some(format!("«{}»: caben 15 MiB por archivo.", shown(&name)));
                    incoming = None;
                }
                Err(other) => return Err(of_file(other)),
            }
        }
        self.files.extend(incoming.map(|file| (name, file)));
        Ok(())
    }
}

fn shown(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(80).collect()
}

fn of_file(refused: Refused) -> Error {
    match refused {
        Refused::Large | Refused::Room => Error::Invalid(format!("No se guardó: {refused}.")),
        Refused::Disk(_) => Error::internal(refused),
    }
}

fn refused(error: MultipartError) -> Error {
    let status = error.status();
    if status == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Error::Invalid(
            "Lo enviado es demasiado grande: caben tres archivos de 15 MiB.".into(),
        );
    }
    Error::Invalid("El formulario llegó incompleto. Vuelve a enviarlo.".into())
}
