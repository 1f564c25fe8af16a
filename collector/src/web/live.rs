//! Tells open pages which subjects changed, by server-sent events at /vivo. It sends names, never data:
//! the page reads again what it may see. Changes made by another collector are noticed as well.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures_util::{Stream, StreamExt, future};
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::access::Viewer;
use super::error::Error;
use super::state::Web;
use crate::store::Store;

/// How often the change counters are looked at while somebody listens.
const EVERY: Duration = Duration::from_millis(500);
/// A stream ends after this long, so that a session that ended stops hearing.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// Streams at once.
const LISTENERS: usize = 1_000;

/// Where changes are told.
pub struct Live {
    store: Store,
    sender: broadcast::Sender<Arc<str>>,
    over: watch::Sender<bool>,
}

impl Live {
    pub(super) fn new(store: Store) -> Live {
        let (sender, _) = broadcast::channel(64);
        Live { store, sender, over: watch::Sender::new(false) }
    }

    /// Looks at the change counters until [`Live::stop`].
    pub async fn watch(&self) {
        let mut over = self.over.subscribe();
        let mut known: Option<HashMap<String, i64>> = None;
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                _ = over.wait_for(|over| *over) => return,
                _ = tick.tick() => {}
            }
            if self.sender.receiver_count() == 0 {
                known = None;
                continue;
            }
            let Some(counters) = self.counters().await else { continue };
            if let Some(known) = &known {
                self.tell(known, &counters);
            }
            known = Some(counters);
        }
    }

    /// Ends every stream, so that the server can stop.
    pub fn stop(&self) {
        self.over.send_replace(true);
    }

    async fn counters(&self) -> Option<HashMap<String, i64>> {
        let mut read = self.store.read().await.ok()?;
        Some(read.change_counters().await.ok()?.into_iter().collect())
    }

    fn tell(&self, known: &HashMap<String, i64>, counters: &HashMap<String, i64>) {
        let changed = counters.iter().filter(|(subject, count)| known.get(*subject) != Some(count));
        let mut subjects: Vec<&str> = changed.map(|(subject, _)| subject.as_str()).collect();
        if !subjects.is_empty() {
            subjects.sort_unstable();
            // An error only says that nobody listens any more.
            let _ = self.sender.send(subjects.join(" ").into());
        }
    }

    fn stream(&self) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
        let mut over = self.over.subscribe();
        let end = async move {
            let stopped = over.wait_for(|over| *over);
            let _ = tokio::time::timeout(LONGEST, stopped).await;
        };
        BroadcastStream::new(self.sender.subscribe())
            .map(|subjects| match subjects {
                Ok(subjects) => subjects,
                Err(BroadcastStreamRecvError::Lagged(_)) => "*".into(),
            })
            .map(|subjects| Ok(Event::default().event("changed").data(&*subjects)))
            .take_until(Box::pin(end))
    }
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/vivo", get(listen))
}

async fn listen(
    _: Viewer,
    State(web): State<Web>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    if web.live().sender.receiver_count() >= LISTENERS {
        return Err(Error::TooMany(30));
    }
    // Something is sent at once, so that the browser knows the stream stands.
    let hello = futures_util::stream::once(future::ready(Ok(Event::default().comment("hola"))));
    let stream = hello.chain(web.live().stream());
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}
