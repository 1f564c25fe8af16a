//! Antivirus products on Windows: Defender in depth, others by their entry in the Security Center and their service.
//! Windows Server has no Security Center; what cannot be asked leaves `unsupported`, never "no antivirus".

use std::time::{Duration, Instant};

use atalaya_reading::{Antivirus, AntivirusProduct, Reading, Section, bounds};

use super::security_center::{Registered, is_of_product, merged};
use super::windows_products::{self, DEFENDER, PRODUCTS, Product};
use super::{Settings, mp_status};
use crate::probe::windows::image::image;
use crate::probe::windows::query::Wmi;
use crate::probe::windows::security_center;
use crate::probe::windows::services::Services;
use crate::probe::{Look, Probe, Unread};

/// WMI gets less than the whole reading, so that the rest still comes through.
const WMI_LIMIT: Duration = Duration::from_secs(6);
const DEFENDER_NAMESPACE: &str = r"ROOT\Microsoft\Windows\Defender";
const DEFENDER_QUERIES: &[&str] = &[
    "SELECT * FROM MSFT_MpComputerStatus",
    "SELECT ThreatID, ThreatName FROM MSFT_MpThreat",
    "SELECT ThreatID, InitialDetectionTime, Resources, ThreatStatusID FROM MSFT_MpThreatDetection",
];

const SECURITY_CENTER_LIMIT: Duration = Duration::from_secs(2);
const SECURITY_CENTER_NAMESPACE: &str = r"ROOT\SecurityCenter2";
const SECURITY_CENTER_QUERIES: &[&str] =
    &["SELECT displayName, productState, pathToSignedReportingExe FROM AntiVirusProduct"];

/// Reads the products; keeps what WMI said.
pub struct Reader {
    ask_every: Duration,
    detections_days: u64,
    wmi: Wmi,
    defender: Option<(Instant, Option<bool>, AntivirusProduct)>,
    by_wmi: Option<(Instant, Vec<Registered>)>,
}

impl Reader {
    /// With these settings.
    pub fn new(settings: &Settings) -> Reader {
        Reader {
            ask_every: Duration::from_secs(settings.ask_every_s),
            detections_days: settings.detections_days,
            wmi: Wmi::default(),
            defender: None,
            by_wmi: None,
        }
    }

    fn products(&mut self, look: &Look) -> Result<Vec<AntivirusProduct>, Unread> {
        let services = Services::read()?;
        let mut registered = security_center::antivirus();
        let by_wmi = self.by_wmi(look);
        let merged = merged(registered.as_mut().ok().map(std::mem::take), &by_wmi);
        let mut products: Vec<AntivirusProduct> = Vec::new();
        let entries: Vec<&Registered> = merged.iter().collect();
        for product in PRODUCTS.iter().filter(|product| installed(product, &services)) {
            let entry = entries.iter().find(|entry| windows_products::by_entry(&entry.name) == Some(product));
            products.push(known(product, &services, entry.copied()));
        }
        let strange = |entry: &&&Registered| {
            !windows_products::is_defender(&entry.name)
                && !windows_products::by_entry(&entry.name).is_some_and(|known| installed(known, &services))
        };
        products.extend(entries.iter().filter(strange).map(|entry| unknown(entry, &services)));
        if installed(&DEFENDER, &services) {
            let mut defender = self.defender(look, &services);
            let entry = entries.iter().find(|entry| windows_products::is_defender(&entry.name));
            let stale = entry.and_then(|entry| entry.signatures_stale);
            defender.signatures_stale = defender.signatures_stale.or(stale);
            products.insert(0, defender);
        }
        products.truncate(bounds::PRODUCTS);
        // Nothing was found; only the Security Center could have said that there is nothing.
        if products.is_empty() {
            registered?;
        }
        Ok(products)
    }

    /// The entries as WMI tells them, which alone names the program that reports. Without it the list still stands.
    fn by_wmi(&mut self, look: &Look) -> Vec<Registered> {
        if self.by_wmi.as_ref().is_none_or(|(at, _)| look.is_due(Some(*at), self.ask_every)) {
            let limit = look.left(SECURITY_CENTER_LIMIT);
            let answer = self.wmi.ask(SECURITY_CENTER_NAMESPACE, SECURITY_CENTER_QUERIES, limit);
            let objects = answer.unwrap_or_default();
            let entries = objects.iter().flatten().filter_map(Registered::from_wmi);
            self.by_wmi = Some((Instant::now(), entries.take(bounds::PRODUCTS).collect()));
        }
        self.by_wmi.as_ref().map(|(_, entries)| entries.clone()).unwrap_or_default()
    }

    fn defender(&mut self, look: &Look, services: &Services) -> AntivirusProduct {
        let running = running(&DEFENDER, services);
        let known = self.defender.take().filter(|(at, ran, _)| {
            *ran == running && !look.is_due(Some(*at), self.ask_every)
        });
        let (at, product) = known.map(|(at, _, product)| (at, product)).unwrap_or_else(|| {
            let product = AntivirusProduct { name: DEFENDER.name.into(), running, ..Default::default() };
            (Instant::now(), self.ask_defender(look, product))
        });
        self.defender = Some((at, running, product.clone()));
        product
    }

    /// What WMI does not answer stays unknown; a service that is stopped does not watch.
    fn ask_defender(&self, look: &Look, mut product: AntivirusProduct) -> AntivirusProduct {
        if product.running == Some(false) {
            product.real_time = Some(false);
            return product;
        }
        let answer = self.wmi.ask(DEFENDER_NAMESPACE, DEFENDER_QUERIES, look.left(WMI_LIMIT));
        match answer.as_deref() {
            Ok([status, threats, found]) => {
                if let Some(status) = status.first() {
                    mp_status::complete(&mut product, status);
                }
                let since = mp_status::since(look.now, self.detections_days);
                product.detections = mp_status::detections(threats, found, since);
            }
            Ok(_) => {}
            Err(unread) => tracing::debug!(%unread, "Defender's state is unknown"),
        }
        product
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        let mut products = self.products(look)?;
        for product in &mut products {
            product.set_signatures_age(look.now);
        }
        let source = "services, IWSCProductList, AntiVirusProduct, MSFT_MpComputerStatus";
        Ok(Section::Antivirus(Reading::ok(Antivirus { products }, source, look.now)))
    }
}

fn installed(product: &Product, services: &Services) -> bool {
    product.services.iter().any(|service| services.is_installed(service))
}

/// Whether any of its services runs; unknown while the system is still starting.
fn running(product: &Product, services: &Services) -> Option<bool> {
    let states = product.services.iter().map(|service| services.running(service));
    states.reduce(|one, other| if one == Some(true) { one } else { other }).flatten()
}

/// A service says that a product runs, its entry that it watches.
fn known(product: &Product, services: &Services, entry: Option<&Registered>) -> AntivirusProduct {
    let running = running(product, services);
    let real_time = match running {
        Some(false) => Some(false),
        _ => entry.and_then(|entry| entry.state.real_time()),
    };
    let name = entry.map_or(product.name, |entry| &entry.name);
    AntivirusProduct {
        name: name.into(),
        running,
        real_time,
        signatures_stale: entry.and_then(|entry| entry.signatures_stale),
        expired: entry.and_then(|entry| entry.state.expired()),
        ..Default::default()
    }
}

/// An entry of a product whose service is not known. Where even its program is gone, the product was uninstalled and
/// left the entry behind: it protects nothing. That it protects is believed once a service of its own folder runs.
fn unknown(entry: &Registered, services: &Services) -> AntivirusProduct {
    let program = entry.program(|name| std::env::var(name).ok());
    let gone = program.as_ref().is_some_and(|program| !program.exists());
    let running = match &program {
        _ if gone => Some(false),
        Some(program) => services.any_process(|pid| {
            image(pid).is_some_and(|image| is_of_product(&image, &program.to_string_lossy()))
        }),
        None => None,
    };
    let watches = entry.state.real_time();
    AntivirusProduct {
        name: entry.name.clone(),
        running,
        real_time: match running {
            Some(false) => Some(false),
            Some(true) => watches,
            // Its own word that it watches is not enough; that it does not is.
            None => watches.filter(|watches| !watches),
        },
        signatures_stale: entry.signatures_stale.filter(|_| !gone),
        expired: entry.state.expired().filter(|_| !gone),
        ..Default::default()
    }
}
