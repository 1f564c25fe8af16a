//! Delivery: keeps one stream to the collector, sends what the spool holds, forgets what is acknowledged.
//!
//! It takes no reading and decides nothing about what one means; what the collector asks for goes to the service.

mod backoff;
mod flow;
pub mod release;
mod session;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::action::Order;
use crate::devices::Devices;
use crate::identity::renewal::{self, RenewalError};
use crate::identity::{Identity, IdentityError, Lineage, Store, Validity, tls};
use crate::machine::Hints;
use crate::report::Capture;
use crate::spool::Spool;
use backoff::Backoff;
use session::End;

/// After a renewal that failed or did not help, the next one waits this long; a clock that jumps is noticed as late.
const RENEWAL_PAUSE: Duration = Duration::from_secs(3600);
/// Renewals that the collector asks of all its agents are spread over this time.
const RENEWAL_SPREAD: Duration = Duration::from_secs(30);

/// What the collector asks of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// It does not know this device's state: every section in full.
    AllSections,
    /// Something to be done.
    Order(Order),
}

/// How delivery fares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// A stream is open and was welcomed.
    pub connected: bool,
    /// What the collector last said; `None` before it did.
    pub approved: Option<bool>,
    /// When something was last acknowledged.
    pub delivered_at: Option<Timestamp>,
    /// What last went wrong, and when; Spanish, for people.
    pub last_error: Option<(Timestamp, String)>,
    /// How far the collector's clock is ahead of ours.
    pub clock_offset: SignedDuration,
}

/// The spool as the service fills it and the uplink empties it.
#[derive(Debug)]
pub struct Outbox {
    /// The records.
    pub spool: RefCell<Spool>,
    /// Something was captured.
    news: Notify,
    /// The collector said welcome.
    welcome: Notify,
    /// How delivery fares.
    pub health: RefCell<Health>,
}

impl Outbox {
    /// An outbox around a spool.
    pub fn new(spool: Spool) -> Outbox {
        let (spool, health) = (RefCell::new(spool), RefCell::default());
        Outbox { spool, news: Notify::new(), welcome: Notify::new(), health }
    }

    /// Waits until the collector says welcome; one that came since the last wait counts.
    pub async fn welcomed(&self) {
        self.welcome.notified().await;
    }

    /// Captures records for good and wakes the delivery.
    pub fn capture(&self, captures: impl IntoIterator<Item = Capture>) {
        let mut spool = self.spool.borrow_mut();
        let mut some = false;
        for capture in captures {
            spool.append(capture.class, &capture.body);
            some = true;
        }
        if some {
            spool.sync();
            self.news.notify_one();
        }
    }
}

/// Delivers for as long as it is polled.
pub struct Uplink<'a> {
    outbox: &'a Outbox,
    store: Store,
    hints: Hints,
    lineage: Lineage,
    /// Where the collector answers now.
    address: RefCell<String>,
    requests: mpsc::Sender<Request>,
    devices: Devices,
    no_renewal_before: Cell<Option<Instant>>,
    /// When the collector wants the certificate renewed, whatever its age; `None`: it does not.
    asked_renewal_at: Cell<Option<Instant>>,
}

/// What went wrong, and what that means for the next attempt.
struct Trouble {
    text: String,
    /// No use in trying again soon: a person has to do something.
    needs_person: bool,
}

impl<'a> Uplink<'a> {
    /// Delivers what is in `outbox` as the identity in `store`; `hints` is what we say of this PC, `requests` where the
    /// collector's requests go.
    pub fn new(
        outbox: &'a Outbox,
        store: Store,
        hints: Hints,
        requests: mpsc::Sender<Request>,
    ) -> Uplink<'a> {
        let address = RefCell::default();
        let (lineage, devices) = (Lineage::default(), Devices::default());
        let no_renewal_before = Cell::new(None);
        let asked_renewal_at = Cell::new(None);
        Uplink {
            outbox,
            store,
            hints,
            lineage,
            address,
            requests,
            devices,
            no_renewal_before,
            asked_renewal_at,
        }
    }

    /// Tells these of the targets the collector gives.
    pub fn with_devices(self, devices: Devices) -> Uplink<'a> {
        Uplink { devices, ..self }
    }

    /// Says which start of the service this is.
    pub fn of_start(self, lineage: Lineage) -> Uplink<'a> {
        Uplink { lineage, ..self }
    }

    /// Connects, delivers, renews; comes back only when the identity is gone or damaged.
    ///
    /// # Errors
    /// When the identity cannot be read: without it there is nothing to try.
    pub async fn run(&self) -> Result<(), IdentityError> {
        let mut backoff = Backoff::default();
        loop {
            let trouble = match self.turn(&mut backoff).await {
                Ok(()) => continue,
                Err(trouble) => trouble,
            };
            self.outbox.health.borrow_mut().connected = false;
            self.tell_once(&trouble.text);
            self.store.current()?;
            let wait = if trouble.needs_person { backoff.longest() } else { backoff.next() };
            tracing::debug!(seconds = wait.as_secs_f32(), "next attempt");
            tokio::time::sleep(wait).await;
        }
    }

    /// One turn: finish a renewal, else hold a connection until it ends.
    async fn turn(&self, backoff: &mut Backoff) -> Result<(), Trouble> {
        if let Some(next) = self.store.next()? {
            return match self.confirm(&next).await {
                // It was given up; the present certificate may still be good.
                Err(RenewalError::Refused(why)) => {
                    tracing::warn!(why, "the renewed certificate was not accepted and is given up");
                    Err(Trouble { text: why, needs_person: false })
                }
                done => Ok(done?),
            };
        }
        let identity = self.store.current()?;
        let (channel, identity) = reach(&identity).await?;
        self.address.replace(identity.collector.clone());
        self.deliver(channel, &identity, backoff).await
    }

    /// Confirms at the first address that answers.
    async fn confirm(&self, next: &Identity) -> Result<(), RenewalError> {
        let mut outcome = Ok(());
        for next in next.at_each_address() {
            outcome = renewal::confirm(&self.store, &next).await;
            if !matches!(outcome, Err(RenewalError::Connect(_))) {
                break;
            }
        }
        outcome
    }

    /// The collector told of these addresses; the one it answers at is known.
    fn note_addresses(&self, told: &[String]) {
        if let Err(error) = self.store.note_addresses(&self.address.borrow(), told) {
            tracing::warn!(%error, "addresses of the collector are not noted");
        }
    }

    async fn deliver(
        &self,
        channel: Channel,
        identity: &Identity,
        backoff: &mut Backoff,
    ) -> Result<(), Trouble> {
        let validity = identity.validity()?;
        loop {
            match session::hold(self, channel.clone(), &validity, backoff).await {
                End::NextEpoch => tracing::debug!("going on with the next epoch"),
                // The certificate still works: a renewal that fails must not keep records from being delivered.
                End::RenewalDue => match self.renew(identity).await {
                    Ok(()) => return Ok(()),
                    Err(error) => self.tell_once(&error.to_string()),
                },
                // Another PC has this certificate too: until there is a fresh one nothing may be delivered.
                End::StartAnew => return Ok(self.renew(identity).await?),
                // Whether the certificate has expired the collector knows better than the clock of this PC.
                End::Refused(status) if session::is_expired(&status) && self.may_renew() => {
                    return Ok(self.renew(identity).await?);
                }
                End::Refused(status) => return Err(session::trouble_of(&status)),
                End::Lost(text) => return Err(Trouble { text, needs_person: false }),
            }
        }
    }

    async fn renew(&self, identity: &Identity) -> Result<(), RenewalError> {
        self.no_renewal_before.set(Some(Instant::now() + RENEWAL_PAUSE));
        renewal::renew(&self.store, identity, self.lineage.start_id).await
    }

    fn may_renew(&self) -> bool {
        self.no_renewal_before.get().is_none_or(|at| at <= Instant::now())
    }

    /// When the certificate wants to be renewed or looked at again; never twice within the pause unless it helped.
    fn renewal_at(&self, validity: &Validity, now: Instant) -> Instant {
        match Duration::try_from(validity.half_life().duration_since(self.now())) {
            Ok(left) if !left.is_zero() => {
                if let Some(asked) = self.asked_renewal_at.get() {
                    return asked.max(self.no_renewal_before.get().unwrap_or(asked));
                }
                self.no_renewal_before.set(None);
                now + left.min(RENEWAL_PAUSE)
            }
            _ => self.no_renewal_before.get().unwrap_or(now),
        }
    }

    /// The collector wants the certificate renewed soon, or not; each agent does it at a moment of its own.
    fn heed_renewal(&self, soon: bool) {
        let at = || Instant::now() + backoff::spread(RENEWAL_SPREAD);
        self.asked_renewal_at.set(soon.then(|| self.asked_renewal_at.get().unwrap_or_else(at)));
    }

    /// The collector's time as far as it is known.
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.outbox.health.borrow().clock_offset).unwrap_or(now)
    }

    /// Logs what went wrong, once as long as it stays the same.
    fn tell_once(&self, text: &str) {
        let mut health = self.outbox.health.borrow_mut();
        if health.last_error.as_ref().is_none_or(|(_, last)| last != text) {
            tracing::warn!(reason = text, "no delivery");
        }
        health.last_error = Some((Timestamp::now(), text.into()));
    }
}

/// Connects at the first address where the collector answers and proves to be the one; the trouble told is that of the
/// address that worked last.
async fn reach(identity: &Identity) -> Result<(Channel, Identity), Trouble> {
    let mut first = None;
    for identity in identity.at_each_address() {
        match tls::connect(identity.peer()?).await {
            Ok(channel) => return Ok((channel, identity)),
            Err(error) => {
                tracing::debug!(%error, "this address does not serve");
                first.get_or_insert(error);
            }
        }
    }
    Err(first.map_or_else(|| IdentityError::Missing.into(), Trouble::from))
}

impl From<tls::ConnectError> for Trouble {
    fn from(error: tls::ConnectError) -> Self {
        let needs_person = matches!(error, tls::ConnectError::NotPinned { .. });
        Trouble { text: error.to_string(), needs_person }
    }
}

impl From<IdentityError> for Trouble {
    fn from(error: IdentityError) -> Self {
        Trouble { text: error.to_string(), needs_person: true }
    }
}

impl From<RenewalError> for Trouble {
    fn from(error: RenewalError) -> Self {
        let needs_person = matches!(error, RenewalError::Refused(_));
        Trouble { text: error.to_string(), needs_person }
    }
}
