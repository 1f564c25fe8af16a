//! Updates that wait: readings to messages and back.

use atalaya_reading::{Update, Updates, bounds};
use jiff::Timestamp;

use super::{Malformed, at_most, cut_to, some_instant, some_text_to};
use crate::v1;

impl From<&Updates> for v1::Updates {
    fn from(value: &Updates) -> Self {
        v1::Updates {
            pending: value.pending,
            security: value.security,
            waiting: value.waiting.iter().take(bounds::UPDATES).map(update).collect(),
            last_installed_at_us: value.last_installed_at.map(Timestamp::as_microsecond),
            last_checked_at_us: value.last_checked_at.map(Timestamp::as_microsecond),
            automatic: value.automatic,
        }
    }
}

fn update(update: &Update) -> v1::Update {
    v1::Update {
        name: bounds::text(&update.name, bounds::NAME),
        version: cut_to(&update.version, bounds::VERSION),
        installed_version: cut_to(&update.installed_version, bounds::VERSION),
        security: update.security,
    }
}

impl TryFrom<v1::Updates> for Updates {
    type Error = Malformed;

    fn try_from(message: v1::Updates) -> Result<Self, Malformed> {
        let waiting = at_most("updates.waiting", message.waiting, bounds::UPDATES)?;
        Ok(Updates {
            pending: message.pending,
            security: message.security,
            waiting: waiting.into_iter().map(read_update).collect(),
            last_installed_at: some_instant(message.last_installed_at_us),
            last_checked_at: some_instant(message.last_checked_at_us),
            automatic: message.automatic,
        })
    }
}

fn read_update(message: v1::Update) -> Update {
    Update {
        name: bounds::text(&message.name, bounds::NAME),
        version: some_text_to(&message.version, bounds::VERSION),
        installed_version: some_text_to(&message.installed_version, bounds::VERSION),
        security: message.security,
    }
}
