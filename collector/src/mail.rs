//! Notices leave by SMTP: the settings of the server, the message as it is written, the dialogue with the server and
//! the worker that empties the outbox. Only this module knows lettre; what is sent to whom is decided in `actions`.

mod dialogue;
mod message;
mod settings;
mod worker;

pub use dialogue::{Delivery, Patience, Server, SetUp};
pub use settings::{MailSettings, Security};
pub use worker::{announce, run};

#[cfg(test)]
mod tests;
