//! A silent site: when most PCs behind one gateway fall silent or lose the internet together, one run about their network
//! opens and takes their alerts, in place of a corrective run each. An alert waits a little for others of its network;
//! then it is its PC's own.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::Offset;
use uuid::Uuid;

use super::Result;
use super::judge::Bench;
use super::networks::{groups, note_gateways};
use super::open_run::{Opening, begin};
use super::runs::{append_machine_event, edition_of, join_corrective, take_in};
use crate::domain::access::Actor;
use crate::domain::alert::{Alert, Judgement, Rule, Verdict};
use crate::domain::id::{DeviceId, NetworkId, RunId, SiteId};
use crate::domain::network::{Group, Network, Placed};
use crate::domain::outage::{AT_LEAST, PATIENCE, is_outage};
use crate::domain::run::{Entry, Event, Evidence, Planned, Priority};
use crate::store::{Read, Store, Write};

/// The code of the procedure an outage opens.
const NETWORK: &str = "network";

/// Whether an alert of this rule waits for others of its PC's network before it opens a run.
///
/// # Errors
/// When the store refuses.
pub(super) async fn waits_for_others(
    db: &mut Read,
    bench: &Bench,
    rule: Rule,
    device: &DeviceId,
) -> Result<bool> {
    if !matches!(rule, Rule::Silent | Rule::NoInternet) || bench.library.get(NETWORK).is_none() {
        return Ok(false);
    }
    let neighbours = db.behind_its_gateway(device).await?;
    Ok(usize::try_from(neighbours).is_ok_and(|count| count >= AT_LEAST))
}

/// Gives alerts that wait for others of their network to the run of that network, or to their own PC. Returns how many.
///
/// # Errors
/// When the store refuses; what was done before stays done.
pub async fn gather_outages(store: &Store, bench: &Bench, now: Timestamp) -> Result<usize> {
    note_gateways(store).await?;
    let mut db = store.read().await?;
    let disconnected = db.disconnected().await?;
    if disconnected.iter().all(|alert| alert.run.is_some()) {
        return Ok(0);
    }
    let groups = groups(&mut db).await?;
    drop(db);
    let mut placed: HashMap<DeviceId, (Group, usize)> = HashMap::new();
    for (group, members) in &groups {
        for member in members {
            placed.insert(member.device.clone(), (group.clone(), members.len()));
        }
    }
    let mut given = 0;
    let mut of_groups: HashMap<Group, Vec<Alert>> = HashMap::new();
    for alert in disconnected {
        match placed.get(&alert.device) {
            Some((group, _)) => of_groups.entry(group.clone()).or_default().push(alert),
            None if alert.run.is_none() => given += own(store, bench, &[&alert], now).await?,
            None => {}
        }
    }
    for (group, alerts) in of_groups {
        let members = groups.get(&group).map(Vec::as_slice).unwrap_or_default();
        given += settle_group(store, bench, &group, members, &alerts, now).await?;
    }
    Ok(given)
}

async fn settle_group(
    store: &Store,
    bench: &Bench,
    group: &Group,
    members: &[Placed],
    alerts: &[Alert],
    now: Timestamp,
) -> Result<usize> {
    let waiting: Vec<&Alert> = alerts.iter().filter(|alert| alert.run.is_none()).collect();
    if waiting.is_empty() {
        return Ok(0);
    }
    let open = match group {
        Group::Network(network) => store.read().await?.open_run_of_network(network).await?,
        Group::Gateway(..) => None,
    };
    let mut fallen: HashMap<&DeviceId, Timestamp> = HashMap::new();
    for alert in alerts {
        let since = fallen.entry(&alert.device).or_insert(alert.opened_at);
        *since = alert.opened_at.min(*since);
    }
    let since: Vec<Timestamp> = fallen.values().copied().collect();
    if open.is_none() && !is_outage(members.len(), &since) {
        let late = |alert: &&&Alert| now.duration_since(alert.opened_at) >= PATIENCE;
        let alone: Vec<&Alert> = waiting.iter().filter(late).copied().collect();
        return own(store, bench, &alone, now).await;
    }
    let mut db = store.write().await?;
    let run = match open {
        Some(run) => run,
        None => open_outage(&mut db, bench, group, (fallen.len(), members), now).await?,
    };
    for alert in &waiting {
        // It may have ended, or found its run, since it was read.
        let open = db.open_alerts(&alert.device).await?;
        let Some(alert) = open.iter().find(|one| one.id == alert.id && one.run.is_none()) else {
            continue;
        };
        let name = members.iter().find(|member| member.device == alert.device);
        let name = name.map_or_else(String::new, |member| format!("{}: ", member.name));
        let evidence = Evidence { summary: format!("{name}{}", alert.summary), ..evidence(alert) };
        db.set_alert_run(&alert.id, &run).await?;
        append_machine_event(&mut db, bench, &run, Event::AlertJoined { evidence }, now).await?;
    }
    db.set_clear_since(&run, None).await?;
    db.commit().await?;
    tracing::info!(%run, alerts = waiting.len(), "alerts of one network were gathered in its run");
    Ok(waiting.len())
}

/// Opens the run about a network that lost its PCs, planned for today.
async fn open_outage(
    db: &mut Write,
    bench: &Bench,
    group: &Group,
    (fallen, members): (usize, &[Placed]),
    now: Timestamp,
) -> Result<RunId> {
    let network = match group {
        Group::Network(id) => db.networks().await?.into_iter().find(|network| network.id == *id),
        Group::Gateway(gateway, site) => {
            Some(found_network(db, gateway, site.as_ref(), now).await?)
        }
    };
    let network = network.ok_or(super::Error::NotFound("la red"))?;
    let title = format!("{} sin conexión: {fallen} de {} equipos", network.name, members.len());
    let note = format!(
        "{fallen} de {} equipos de la red dejaron de reportar o perdieron internet casi al mismo tiempo.",
        members.len()
    );
    let opening = Opening {
        subjects: vec![(network.id.to_string(), network.name.clone())],
        priority: Priority::High,
        entry: Entry::note(note),
        sample: network.sample,
        ..Opening::new(NETWORK, title)
    };
    let run = begin(db, bench, opening, &Actor::Machine, now).await?;
    let id = run.id.clone();
    let procedure = edition_of(&bench.library, &run)?;
    let step = run.present_step().and_then(|step| procedure.step(step));
    // An edition of one's own may begin otherwise: then a person goes on from its first step.
    let plans = step.filter(|step| step.plans).map(|step| step.id.clone());
    if let Some(step) = plans {
        let minutes = i32::from(bench.hours.utc_offset_minutes);
        let offset = Offset::from_seconds(minutes * 60).unwrap_or(Offset::UTC);
        let today = Planned { position: 1, on: offset.to_datetime(now).date() };
        let entry = Entry { plan: vec![today], ..Entry::default() };
        take_in(db, bench, run, Event::Complete { step, entry }, &Actor::Machine, now).await?;
    }
    Ok(id)
}

/// A network nobody had named yet, made from what its PCs tell.
async fn found_network(
    db: &mut Write,
    gateway: &str,
    site: Option<&SiteId>,
    now: Timestamp,
) -> Result<Network> {
    let known = db.networks().await?;
    let plain = format!("Red de {gateway}");
    let taken = |name: &str| known.iter().any(|network| network.name == name);
    let name = match taken(&plain) {
        false => plain,
        true => (2..)
            .map(|number| format!("{plain} ({number})"))
            .find(|name| !taken(name))
            .unwrap_or(plain),
    };
    let network = Network {
        id: NetworkId::new(Uuid::now_v7().to_string()),
        name,
        site: site.cloned(),
        site_name: None,
        gateway: gateway.to_owned(),
        gateway_mac: String::new(),
        provider: String::new(),
        provider_phone: String::new(),
        provider_contract: String::new(),
        sample: false,
    };
    db.add_network(&network, now).await?;
    Ok(network)
}

/// Alerts that are their PC's own affair join its corrective run.
async fn own(store: &Store, bench: &Bench, alerts: &[&Alert], now: Timestamp) -> Result<usize> {
    let mut given = 0;
    for alert in alerts {
        let mut db = store.write().await?;
        let Some(device) = db.device(&alert.device).await? else { continue };
        let judgement = Judgement {
            rule: alert.rule,
            verdict: if alert.severity.is_critical() {
                Verdict::Critical
            } else {
                Verdict::Warning
            },
            summary: alert.summary.clone(),
            source: evidence(alert).source,
            taken_at: Some(alert.opened_at),
        };
        let run = join_corrective(&mut db, bench, &device, &judgement, now).await?;
        db.set_alert_run(&alert.id, &run).await?;
        db.commit().await?;
        given += 1;
    }
    Ok(given)
}

fn evidence(alert: &Alert) -> Evidence {
    Evidence {
        rule: alert.rule.as_str().to_owned(),
        summary: alert.summary.clone(),
        source: match alert.rule {
            Rule::Silent => "colector",
            _ => "agente",
        }
        .to_owned(),
        taken_at: Some(alert.opened_at),
    }
}
