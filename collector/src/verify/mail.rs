//! Which hosts take the mail of a domain, by the names of the internet. No mail server is spoken to.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::{RData, RecordType};
use jiff::Timestamp;
use url::Host;

use crate::domain::address_check::{MailCheck, MailOutcome};

/// Most hosts kept.
const HOSTS: usize = 10;

/// Looks a domain up.
pub async fn look(
    domain: &str,
    names: Result<&TokioResolver, &String>,
    patience: Duration,
    now: Timestamp,
) -> MailCheck {
    let written: String = domain.trim().trim_end_matches('.').chars().take(253).collect();
    let failed = |why: String| MailOutcome::Failed { why };
    let (domain, outcome) = match Host::parse(&written) {
        Ok(Host::Domain(name)) if name.contains('.') => {
            let outcome = match names {
                Ok(names) => tokio::time::timeout(patience, ask(&name, names))
                    .await
                    .unwrap_or_else(|_| failed("el servidor de nombres no contestó".into())),
                Err(why) => failed(format!("no hay servidor de nombres: {why}")),
            };
            (name, outcome)
        }
        Ok(_) | Err(_) => (written, failed("no es el nombre de un dominio".into())),
    };
    MailCheck { domain, checked_at: now, outcome }
}

async fn ask(domain: &str, names: &TokioResolver) -> MailOutcome {
    // With its last dot the name is complete: no search list is tried.
    let name = format!("{domain}.");
    match names.lookup(name.as_str(), RecordType::MX).await {
        Ok(found) => {
            let mut hosts: Vec<(u16, String)> = found
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    RData::MX(mx) => Some((mx.preference, mx.exchange.to_utf8())),
                    _ => None,
                })
                .map(|(preference, host)| (preference, host.trim_end_matches('.').to_owned()))
                .collect();
            hosts.sort();
            match hosts.as_slice() {
                [] => without_hosts(&name, names).await,
                [(_, root)] if root.is_empty() => MailOutcome::TakesNone,
                _ => MailOutcome::Hosts {
                    hosts: hosts.into_iter().map(|(_, host)| host).take(HOSTS).collect(),
                },
            }
        }
        Err(error) if error.is_nx_domain() => MailOutcome::NoDomain,
        Err(error) if error.is_no_records_found() => without_hosts(&name, names).await,
        Err(error) => MailOutcome::Failed { why: why(&error) },
    }
}

async fn without_hosts(name: &str, names: &TokioResolver) -> MailOutcome {
    match names.lookup_ip(name).await {
        Ok(found) => MailOutcome::NoHosts { has_address: found.iter().next().is_some() },
        Err(error) if error.is_no_records_found() => MailOutcome::NoHosts { has_address: false },
        Err(error) => MailOutcome::Failed { why: why(&error) },
    }
}

fn why(error: &NetError) -> String {
    match error {
        NetError::Timeout | NetError::NoConnections => "el servidor de nombres no contestó".into(),
        _ => "el servidor de nombres no dio respuesta".into(),
    }
}
