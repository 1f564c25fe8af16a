//! Enrolment codes: one secret, one device, one day.

use std::net::IpAddr;

use jiff::Timestamp;

use super::id::{AreaId, CodeId, DeviceId};

/// How long a code is good for, hours.
pub const CODE_HOURS: i64 = 24;
/// How long a spent code answers the same key again, minutes: a lost reply must not lock a PC out.
pub const REPEAT_MINUTES: i64 = 10;

/// A code as the store knows it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// Identity.
    pub id: CodeId,
    /// SHA-256 of the secret, lower-case hexadecimal.
    pub secret_hash: String,
    /// The area its device will belong to.
    pub area: Option<AreaId>,
    /// First address and prefix length it may be spent from.
    pub network: Option<(IpAddr, u8)>,
    /// The device needs no further approval.
    pub approve: bool,
    /// Its device belongs to the sample municipality.
    pub sample: bool,
    /// When it stops being good.
    pub expires_at: Timestamp,
    /// How it was spent.
    pub spent: Option<Spent>,
}

/// How a code was spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// When.
    pub at: Timestamp,
    /// SHA-256 of the key that spent it, lower-case hexadecimal.
    pub key_hash: String,
    /// The device it made.
    pub device: DeviceId,
}

/// What to do with a code that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// Spend it and make a device.
    Fresh,
    /// The same key asks again: give it the same certificate.
    Repeat(DeviceId),
}

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It expired.
    #[error("el código de alta venció: pida uno nuevo")]
    Expired,
    /// Another key spent it: someone else used it.
    #[error("el código de alta ya se usó en otro equipo: pida uno nuevo y avise a su responsable")]
    SpentByAnother,
    /// The same key, but too late.
    #[error("el código de alta ya se usó: pida uno nuevo")]
    Spent,
    /// The PC is not where the code may be spent.
    #[error("el código de alta no vale en esta red")]
    WrongNetwork,
}

impl EnrolmentCode {
    /// Decides on a code presented by a key from an address.
    ///
    /// # Errors
    /// [`Refusal`] says why it is not good.
    pub fn present(
        &self,
        key_hash: &str,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<Presented, Refusal> {
        if self.network.is_some_and(|(network, prefix)| !contains(network, prefix, from)) {
            return Err(Refusal::WrongNetwork);
        }
        match &self.spent {
            Some(spent) if spent.key_hash != key_hash => Err(Refusal::SpentByAnother),
            Some(spent) if minutes_between(spent.at, now) <= REPEAT_MINUTES => {
                Ok(Presented::Repeat(spent.device.clone()))
            }
            Some(_) => Err(Refusal::Spent),
            None if now >= self.expires_at => Err(Refusal::Expired),
            None => Ok(Presented::Fresh),
        }
    }
}

fn minutes_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second()) / 60
}

fn contains(network: IpAddr, prefix: u8, address: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, true),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => (u128::from(u32::from(v4)) << 96, true),
            None => (u128::from(v6), false),
        },
    };
    let ((network, network_is_v4), (address, address_is_v4)) = (bits(network), bits(address));
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
    network_is_v4 == address_is_v4 && network & mask == address & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> EnrolmentCode {
        EnrolmentCode {
            id: CodeId::new("c"),
            secret_hash: String::new(),
            area: None,
            network: Some(("10.1.0.0".parse().unwrap(), 16)),
            approve: false,
            sample: false,
            expires_at: Timestamp::from_second(86_400).unwrap(),
            spent: None,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_code_is_spent_once_and_answers_the_same_key_for_ten_minutes() {
        let inside = "10.1.2.3".parse().unwrap();
        let mut code = code();
        assert_eq!(code.present("k", inside, at(0)), Ok(Presented::Fresh));
        code.spent = Some(Spent { at: at(0), key_hash: "k".into(), device: DeviceId::new("d") });
        assert_eq!(code.present("k", inside, at(599)), Ok(Presented::Repeat(DeviceId::new("d"))));
        assert_eq!(code.present("k", inside, at(700)), Err(Refusal::Spent));
        assert_eq!(code.present("other", inside, at(1)), Err(Refusal::SpentByAnother));
    }

    #[test]
    fn an_expired_code_and_one_from_another_network_are_refused() {
        let inside = "10.1.2.3".parse().unwrap();
        assert_eq!(code().present("k", inside, at(86_400)), Err(Refusal::Expired));
        let outside = "10.2.2.3".parse().unwrap();
        assert_eq!(code().present("k", outside, at(0)), Err(Refusal::WrongNetwork));
        let mapped = "::ffff:10.1.2.3".parse().unwrap();
        assert_eq!(code().present("k", mapped, at(0)), Ok(Presented::Fresh));
    }
}
