//! Files of a run: the panel on its page, adding one, and getting one back. A file is never shown as a page of ours: pictures
//! stand in a sandbox of their own, everything else is downloaded.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::stream;
use jiff::Timestamp;
use tokio::io::AsyncReadExt;

use super::access::{Desk, Viewer};
use super::error::Error;
use super::markup::Look;
use super::state::Web;
use super::upload::{self, Upload};
use crate::domain::attachment::{Attachment, FILES_OF_RUN, MediaType, Scan};
use crate::domain::id::{AttachmentId, RunId};
use crate::store::Read;

/// Read from the disk at a time.
const PIECE: usize = 64 * 1024;
/// A file may be opened, but not act: no script, no form, nothing loaded, no origin.
const SANDBOX: HeaderValue =
    HeaderValue::from_static("sandbox; default-src 'none'; style-src 'unsafe-inline'");

pub(super) fn router() -> Router<Web> {
    Router::new().route("/tramites/{id}/adjuntos/{attachment}", get(download))
}

/// What takes files, and may take its time.
pub(super) fn uploads() -> Router<Web> {
    Router::new()
        .route("/tramites/{id}/adjuntos", post(add))
        .layer(DefaultBodyLimit::max(upload::BODY_BYTES))
}

/// The files of a run as its page shows them: `templates/run_attachments.html`, included under this name.
pub struct Panel {
    /// The run.
    pub run: String,
    /// The files, in the order they came.
    pub files: Vec<FileView>,
    /// Whether the viewer may add one.
    pub may_add: bool,
    /// No more fit.
    pub full: bool,
}

/// A file as shown.
pub struct FileView {
    /// Where it is had.
    pub address: String,
    /// Its name.
    pub name: String,
    /// A picture, shown small.
    pub picture: bool,
    /// How large it is.
    pub size: String,
    /// Whether the antivirus looked at it.
    pub scan: Look,
    /// Who added it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// At which step.
    pub step: Option<String>,
}

impl Panel {
    /// Reads the files of a run.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn of(read: &mut Read, run: &RunId, viewer: &Viewer) -> Result<Panel, Error> {
        let files = read.attachments(run).await.map_err(Error::internal)?;
        let full = i64::try_from(files.len()).unwrap_or(i64::MAX) >= FILES_OF_RUN;
        let files = files.into_iter().map(FileView::new).collect();
        Ok(Panel { run: run.to_string(), files, may_add: !viewer.person.roles.is_empty(), full })
    }
}

impl FileView {
    fn new(file: Attachment) -> FileView {
        FileView {
            address: format!("/tramites/{}/adjuntos/{}", file.run, file.id),
            name: file.name,
            picture: file.media.is_picture(),
            size: size(file.size),
            scan: scan(file.scan),
            by: file.added_by,
            at: file.created_at,
            step: file.step.map(|step| step.to_string()),
        }
    }
}

/// What the antivirus said.
fn scan(scan: Scan) -> Look {
    match scan {
        Scan::Clean => Look { class: "ok", icon: "antivirus", word: "Revisado por antivirus" },
        Scan::NotScanned => {
            Look { class: "unknown", icon: "unknown", word: "Sin revisar por antivirus" }
        }
    }
}

/// Bytes in words; whole KiB below one MiB.
fn size(bytes: u64) -> String {
    let kib = bytes.div_ceil(1024);
    if kib < 1024 {
        format!("{kib} KiB")
    } else {
        format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
    }
}

async fn add(
    State(web): State<Web>,
    Path(id): Path<String>,
    desk: Desk,
    form: Multipart,
) -> Result<Response, Error> {
    let id = RunId::new(id);
    let upload = Upload::read(form, web.attachments()).await?;
    if upload.files.is_empty() && upload.problem.is_none() {
        return Err(Error::Invalid("Elige un archivo antes de enviar.".into()));
    }
    for (name, incoming) in upload.files {
        desk.attach(&id, &name, incoming).await?;
    }
    if let Some(problem) = upload.problem {
        return Err(Error::Invalid(problem));
    }
    Ok(Redirect::to(&format!("/tramites/{id}#archivos")).into_response())
}

async fn download(
    State(web): State<Web>,
    Path((run, attachment)): Path<(String, String)>,
    viewer: Viewer,
) -> Result<Response, Error> {
    let (run, attachment) = (RunId::new(run), AttachmentId::new(attachment));
    let mut read = web.read().await?;
    viewer.run(&mut read, &run).await?;
    let found = read.attachment(&run, &attachment).await.map_err(Error::internal)?;
    drop(read);
    let found = found.ok_or_else(|| Error::NotFound("El trámite no tiene ese archivo.".into()))?;
    serve(&web, &found).await
}

/// The bytes of a file, harmless.
///
/// # Errors
/// [`Error::NotFound`] when the disk does not have it.
pub async fn serve(web: &Web, file: &Attachment) -> Result<Response, Error> {
    let content = tokio::fs::File::open(web.attachments().file(file)).await.map_err(|error| {
        tracing::error!(%error, attachment = %file.id, "the content of an attachment is missing");
        Error::NotFound("El archivo no está en el disco: quizá falta restaurar su carpeta.".into())
    })?;
    let pieces = stream::try_unfold(content, async |mut content| {
        let mut piece = vec![0; PIECE];
        let count = content.read(&mut piece).await?;
        piece.truncate(count);
        Ok::<_, std::io::Error>((count > 0).then_some((piece, content)))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    let kind = match file.media {
        // What Windows writes is no UTF-8: better unnamed than wrong.
        MediaType::Text | MediaType::Csv => "text/plain",
        other => other.as_str(),
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.size));
    headers.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    if let Ok(value) = HeaderValue::from_str(&disposition(file)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Pictures are shown, the rest is downloaded; the name in UTF-8 as RFC 6266 has it.
fn disposition(file: &Attachment) -> String {
    let how = if file.media.is_picture() { "inline" } else { "attachment" };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let name: String = file
        .name
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("{how}; filename=\"archivo{}\"; filename*=UTF-8''{name}", file.media.ending())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_as_people_read_them() {
        for (bytes, words) in
            [(1, "1 KiB"), (1024, "1 KiB"), (1025, "2 KiB"), (15 << 20, "15.0 MiB")]
        {
            assert_eq!(size(bytes), words);
        }
    }
}
