//! For those who look after the collector: is it alive, is it ready, its figures. Without signing in, and
//! without a word about any PC.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::state::Web;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Ready means: the store answers.
async fn ready(State(web): State<Web>) -> Response {
    let answered = match web.store().read().await {
        Ok(mut read) => read.change_counters().await.map(drop),
        Err(error) => Err(error),
    };
    match answered {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready: the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

async fn metrics(State(web): State<Web>) -> Response {
    match web.metrics() {
        Some(recorded) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], recorded.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
