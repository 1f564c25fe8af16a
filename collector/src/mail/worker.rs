//! Empties the outbox: of several collectors on one database the holder of a lease sends, one message after another, at
//! a bounded rate. Each message's way is noted before it is gone, see `store/outbox.rs`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use super::MailSettings;
use super::dialogue::{Delivery, Server};
use crate::domain::mail::{Mail, MailState, next_attempt};
use crate::store::{Attempt, MailSetting, Result, Store};

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// How often the lease is renewed while a server takes its time.
const RENEW: Duration = Duration::from_secs(5);
/// How long a collector that died keeps others from taking over.
const LEASE: SignedDuration = SignedDuration::from_secs(20);
/// Of whoever sends.
const LEASE_NAME: &str = "mail";
/// How often it is tried to note what a server has said, a second apart.
const NOTE_ATTEMPTS: u32 = 60;
/// What is said of a message that was held back.
const NOT_NOTED: &str = "no se entregó, porque la base de datos no pudo anotarlo antes";
/// What is said of a message whose sender died in the wrong moment.
const DIED: &str = "el colector se detuvo mientras lo entregaba: el servidor puede tenerlo";

/// Tells whoever queues and the pages what is configured. Called at the start, with or without a server.
///
/// # Errors
/// When the store refuses.
pub async fn announce(
    store: &Store,
    settings: &MailSettings,
    web_url: &str,
    now: Timestamp,
) -> Result<()> {
    let setting = MailSetting {
        enabled: settings.server.is_some(),
        web_url: web_url.to_owned(),
        server: settings.server.clone().unwrap_or_default(),
        port: i64::from(settings.port()),
        security: settings.security.as_str().to_owned(),
        account: settings.user.clone().unwrap_or_default(),
        sender: settings.from.clone(),
        reply_to: settings.reply_to.clone().unwrap_or_default(),
    };
    let mut db = store.write().await?;
    db.put_mail_setting(&setting, now).await?;
    db.commit().await
}

/// Sends until `shutdown` resolves; a message that is under way is finished. A failure of the store is logged and
/// tried again at the next look.
pub async fn run(
    store: Store,
    server: Server,
    per_minute: u32,
    shutdown: impl Future<Output = ()>,
) {
    let worker = Worker { store, server, holder: Uuid::now_v7().to_string(), per_minute };
    worker.work(shutdown).await;
    worker.leave().await;
}

struct Worker {
    store: Store,
    server: Server,
    holder: String,
    per_minute: u32,
}

impl Worker {
    async fn work(&self, shutdown: impl Future<Output = ()>) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                _ = ticks.tick() => {}
            }
            loop {
                match self.next().await {
                    Ok(false) => break,
                    Ok(true) => {}
                    Err(error) => {
                        tracing::error!(%error, "mail: the store failed, the next look tries again");
                        break;
                    }
                }
                tokio::select! {
                    () = &mut shutdown => return,
                    () = self.pause() => {}
                }
            }
        }
    }

    /// Sends the next message, if there is one and it is ours to send; true when there may be another.
    async fn next(&self) -> Result<bool> {
        let Some(mail) = self.take(Timestamp::now()).await? else { return Ok(false) };
        let delivery = self.deliver(&mail).await;
        let now = Timestamp::now();
        let again = || next_attempt(mail.attempts, chance(), now);
        let attempt = match delivery {
            Delivery::Taken(answer) => {
                tracing::info!(mail = mail.id, kind = mail.kind.as_str(), answer, "mail: sent");
                Attempt::Sent
            }
            Delivery::Unreachable(said) => {
                tracing::warn!(said, "mail: the server cannot be used, the messages wait");
                let mut db = self.store.write().await?;
                db.put_off_mails(&said, again(), now).await?;
                db.commit().await?;
                Attempt::Again(again(), said)
            }
            Delivery::Later(said) => Attempt::Again(again(), said),
            Delivery::Withdrawn => Attempt::Again(again(), NOT_NOTED.to_owned()),
            Delivery::Refused(said) => {
                tracing::warn!(mail = mail.id, said, "mail: refused for good");
                Attempt::GivenUp(said)
            }
            Delivery::Unknown(said) => {
                tracing::warn!(
                    mail = mail.id,
                    said,
                    "mail: the server may have it, a person decides"
                );
                Attempt::Uncertain(said)
            }
        };
        self.note(&mail, &attempt).await?;
        Ok(true)
    }

    /// The message to send now: only for whoever holds the lease, after what a dead sender left was taken over.
    async fn take(&self, now: Timestamp) -> Result<Option<Mail>> {
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let mut db = self.store.write().await?;
        if !db.take_lease(LEASE_NAME, &self.holder, now, until).await? {
            return Ok(None);
        }
        let (again, uncertain) = db.recover_mails(&self.holder, DIED).await?;
        let given_up = db.give_up_mails(now).await?;
        let mail = db.claim_mail(&self.holder, now).await?;
        let counts = if mail.is_none() { Some(db.mail_counts().await?) } else { None };
        db.commit().await?;
        if again + uncertain + given_up > 0 {
            tracing::warn!(again, uncertain, given_up, "mail: taken over or given up");
        }
        if let Some(counts) = counts {
            show(&counts);
        }
        Ok(mail)
    }

    /// The dialogue, with the lease renewed as long as it takes.
    async fn deliver(&self, mail: &Mail) -> Delivery {
        let hand = async || match self.hand(mail).await {
            Ok(ours) => ours,
            Err(error) => {
                tracing::error!(%error, "mail: not given to the server, since that could not be noted");
                false
            }
        };
        let delivering = self.server.deliver(mail, hand);
        tokio::pin!(delivering);
        let mut renewals = tokio::time::interval_at(Instant::now() + RENEW, RENEW);
        loop {
            tokio::select! {
                delivery = &mut delivering => return delivery,
                _ = renewals.tick() => self.renew().await,
            }
        }
    }

    async fn hand(&self, mail: &Mail) -> Result<bool> {
        let mut db = self.store.write().await?;
        let ours = db.hand_mail(&mail.id, &self.holder, Timestamp::now()).await?;
        db.commit().await?;
        Ok(ours)
    }

    async fn renew(&self) {
        let now = Timestamp::now();
        self.lease_until(now, now.checked_add(LEASE).unwrap_or(Timestamp::MAX)).await;
    }

    /// Lets another collector take over at once.
    async fn leave(&self) {
        let now = Timestamp::now();
        self.lease_until(now, now).await;
    }

    async fn lease_until(&self, now: Timestamp, until: Timestamp) {
        let renew = async {
            let mut db = self.store.write().await?;
            db.take_lease(LEASE_NAME, &self.holder, now, until).await?;
            db.commit().await
        };
        if let Err(error) = renew.await {
            tracing::error!(%error, "mail: the lease could not be renewed or left");
        }
    }

    /// Notes what came of it. The server's word is not to be lost to a store that is away for a moment.
    async fn note(&self, mail: &Mail, attempt: &Attempt) -> Result<()> {
        let outcome = match attempt {
            Attempt::Sent => "sent",
            Attempt::Again(..) => "again",
            Attempt::Uncertain(_) => "uncertain",
            Attempt::GivenUp(_) => "given_up",
        };
        metrics::counter!("atalaya_mail_attempts_total", "outcome" => outcome).increment(1);
        for _ in 1..NOTE_ATTEMPTS {
            match self.try_note(mail, attempt).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::error!(%error, mail = mail.id, "mail: outcome not noted yet")
                }
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.try_note(mail, attempt).await
    }

    async fn try_note(&self, mail: &Mail, attempt: &Attempt) -> Result<()> {
        let mut db = self.store.write().await?;
        db.end_attempt(&mail.id, &self.holder, attempt, Timestamp::now()).await?;
        db.commit().await
    }

    /// So that there are at most as many a minute as the server is to see.
    async fn pause(&self) {
        tokio::time::sleep(Duration::from_secs(60) / self.per_minute.max(1)).await;
    }
}

/// A number from 0 to 1: the random end of an identifier is good enough to spread attempts.
fn chance() -> f64 {
    let bytes = Uuid::now_v7().into_bytes();
    f64::from(bytes[15]) / f64::from(u8::MAX)
}

fn show(counts: &[(MailState, i64)]) {
    for state in MailState::ALL {
        let count = counts.iter().find(|(found, _)| *found == state).map_or(0, |(_, count)| *count);
        #[allow(clippy::cast_precision_loss, reason = "a figure to look at")]
        metrics::gauge!("atalaya_mail_messages", "state" => state.as_str()).set(count as f64);
    }
}
