//! Tells open pages which subjects changed, by server-sent events at /vivo. It sends names, never data:
//! the page reads again what it may see.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures_util::{Stream, StreamExt, future, stream};
use tokio::sync::watch;

use super::access::Viewer;
use super::error::Error;
use super::state::Web;
use crate::live::{Counters, Live};

/// Subjects that pages show. Measurements are none of them: they come all the time, and a page that shows
/// them reads itself again at an interval.
const SUBJECTS: [&str; 5] = ["action", "alert", "device", "run", "section"];
/// A stream ends after this long, so that a session that ended stops hearing.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// Streams at once.
const STREAMS: usize = 1_000;

/// The open streams of this web side.
pub struct Streams {
    live: Live,
    open: Arc<AtomicUsize>,
    over: watch::Sender<bool>,
}

/// One open stream; counted until it is dropped.
struct Open {
    told: watch::Receiver<Counters>,
    known: Counters,
    count: Arc<AtomicUsize>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Open {
    /// The subjects that changed since the last time, once any did; `None` when the collector stops.
    async fn changed(&mut self) -> Option<String> {
        loop {
            self.told.changed().await.ok()?;
            let now = self.told.borrow_and_update().clone();
            let moved = |subject: &&&str| now.of(subject) != self.known.of(subject);
            let changed: Vec<&str> = SUBJECTS.iter().filter(moved).copied().collect();
            self.known = now;
            if !changed.is_empty() {
                return Some(changed.join(" "));
            }
        }
    }
}

impl Streams {
    pub(super) fn new(live: Live) -> Streams {
        Streams { live, open: Arc::default(), over: watch::Sender::new(false) }
    }

    /// Ends every stream, so that the server can stop.
    pub fn stop(&self) {
        self.over.send_replace(true);
    }

    /// What was changed here is told now instead of at the next look.
    pub fn nudge(&self) {
        self.live.nudge();
    }

    fn open(&self) -> Result<impl Stream<Item = Result<Event, Infallible>> + use<>, Error> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= STREAMS {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::TooMany(30));
        }
        let mut told = self.live.subscribe();
        let known = told.borrow_and_update().clone();
        let open = Open { told, known, count: self.open.clone() };
        let mut over = self.over.subscribe();
        let end = async move {
            let stopped = over.wait_for(|over| *over);
            // Either way the stream has had its time.
            let _ = tokio::time::timeout(LONGEST, stopped).await;
        };
        let changes = stream::unfold(open, async |mut open| {
            let changed = open.changed().await?;
            Some((Ok(Event::default().event("changed").data(changed)), open))
        });
        Ok(changes.take_until(Box::pin(end)))
    }
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/vivo", get(listen))
}

async fn listen(
    _: Viewer,
    State(web): State<Web>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    // Something is sent at once, so that the browser knows the stream stands.
    let hello = stream::once(future::ready(Ok(Event::default().comment("hola"))));
    let changes = web.streams().open()?;
    Ok(Sse::new(hello.chain(changes)).keep_alive(KeepAlive::default()))
}
