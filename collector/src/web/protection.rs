//! What stands around every route: limits of size and time, refusal of requests forged by other sites,
//! headers that keep a browser from doing more than the page needs, and compression.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use super::error;

/// The longest form is a note of some paragraphs.
const BODY_BYTES: usize = 64 * 1024;
/// A page takes milliseconds; past this the database hangs and the person should be told.
const ANSWER: Duration = Duration::from_secs(15);
/// For a form with files: a phone's link may be slow.
const UPLOAD: Duration = Duration::from_secs(10 * 60);
/// Between two pieces of a body.
const BODY_IDLE: Duration = Duration::from_secs(10);

/// Scripts, styles and connections of our own only, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Puts the layers around the routes; the last one added is the first a request meets. `uploads` bring files: they say
/// themselves how much, and may take their time.
pub fn around(routes: Router, uploads: Router) -> Router {
    let within = |time| TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, time);
    let routes = routes.layer(DefaultBodyLimit::max(BODY_BYTES)).layer(within(ANSWER));
    routes
        .merge(uploads.layer(within(UPLOAD)))
        .layer(RequestBodyTimeoutLayer::new(BODY_IDLE))
        .layer(CsrfLayer::new())
        .layer(from_fn(error::present))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn(headers))
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    harden(response.headers_mut());
    response
}

fn harden(headers: &mut HeaderMap) {
    const ALWAYS: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A route that hands out what people brought has a stricter one.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    // Private unless a route said otherwise: a shared PC must not keep a page after signing out.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
