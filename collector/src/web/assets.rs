//! Styles, script and icons, embedded with their gzip and brotli forms. The address carries the
//! content's hash, so a browser never asks twice. It must not serve anything that is not in the bundle.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "web/dist"]
struct Bundle;

/// Content codings the bundle holds, the tightest first, and how such a file's name ends.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The address of every plain file, by its name.
static ADDRESSES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let plain = Bundle::iter().filter(|name| !CODINGS.iter().any(|(_, end)| name.ends_with(end)));
    plain
        .filter_map(|name| {
            let hash = version(&Bundle::get(&name)?);
            Some((name.to_string(), format!("/recursos/{hash}/{name}")))
        })
        .collect()
});

/// Where a page finds the file: its address with the hash of its content.
pub fn address(name: &str) -> &'static str {
    ADDRESSES.get(name).map_or("/recursos/-/-", String::as_str)
}

fn version(file: &EmbeddedFile) -> String {
    data_encoding::HEXLOWER.encode(&file.metadata.sha256_hash()[..8])
}

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/recursos/{hash}/{name}", get(serve))
}

async fn serve(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(plain) = Bundle::get(&name).filter(|_| ADDRESSES.contains_key(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let current = version(&plain);
    let tag = format!("\"{current}\"");
    // A page of the version before may ask with the hash before: it gets today's file, briefly kept.
    let keep = if hash == current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known =
        headers.get(header::IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        encoded(&name, plain, &headers)
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn encoded(name: &str, plain: EmbeddedFile, headers: &HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepts = |coding: &str| {
        accepted.unwrap_or_default().split(',').any(|one| {
            let (name, weight) = one.split_once(';').unwrap_or((one, ""));
            name.trim() == coding && weight.trim() != "q=0"
        })
    };
    let chosen = CODINGS
        .iter()
        .filter(|(coding, _)| accepts(coding))
        .find_map(|(coding, end)| Some((*coding, Bundle::get(&format!("{name}{end}"))?)));
    let (coding, file) = chosen.map_or((None, plain), |(coding, file)| (Some(coding), file));
    let mut response = Response::new(Body::from(file.data));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_a_page_asks_for_is_in_the_bundle() {
        for name in ["app.css", "app.js", "portal.js", "icons.svg", "atalaya.svg"] {
            assert!(ADDRESSES.contains_key(name), "{name}");
        }
    }

    #[test]
    fn the_first_visit_stays_light() {
        let size = |name: &str| Bundle::get(name).unwrap().data.len();
        assert!(size("app.js.gz") <= 60 * 1024);
        let all = size("app.js.gz") + size("app.css.gz") + size("icons.svg.gz");
        assert!(all <= 110 * 1024, "{all} bytes leave too little for the page itself");
    }

    #[tokio::test]
    async fn a_file_comes_in_the_coding_asked_for_and_is_kept_for_a_year() {
        let mut asked = HeaderMap::new();
        asked.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br;q=0"));
        let hash = address("app.css").split('/').nth(2).unwrap().to_owned();
        let response = serve(Path((hash.clone(), "app.css".into())), asked.clone()).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        asked.insert(header::IF_NONE_MATCH, response.headers()[header::ETAG].clone());
        let again = serve(Path((hash, "app.css".into())), asked.clone()).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = serve(Path(("0".into(), "app.css.gz".into())), asked).await;
        assert_eq!(other.status(), StatusCode::NOT_FOUND);
    }
}
