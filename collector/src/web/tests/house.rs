//! A collector's web side over a SQLite of its own, people who may enter it, and PCs with real judgements.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use tower::ServiceExt;

use crate::actions::attach::{Attachments, Scanner};
use crate::actions::judge::{Bench, judge};
use crate::actions::seal::Seal;
use crate::actions::secret::Secret;
use crate::actions::{Library, sign_in};
use crate::domain::access::TotpRule;
use crate::domain::area::Area;
use crate::domain::device::{Device, DeviceStatus, Hints};
use crate::domain::id::{AreaId, DeviceId, PersonId, TokenId};
use crate::domain::person::{Person, Role, Roles, Scope, Token};
use crate::domain::reading::{
    Antivirus, AntivirusProduct, Connectivity, Disk, Firewall, ListeningSocket, Reading, Section,
    Status, System, Verdict, Volume,
};
use crate::domain::run::Run;
use crate::live::Live;
use crate::store::{Arrival, Database, RunFilter, Store};
use crate::verify::{Checks, Verifier};
use crate::web::{Settings, Web, router};

pub const PASSWORD: &str = "cuatro palabras al azar";

pub struct House {
    _folder: tempfile::TempDir,
    pub store: Store,
    pub bench: Arc<Bench>,
    router: Router,
}

/// What came back, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie it sets, ready to be sent back.
    pub fn cookie(&self) -> String {
        let set = self.headers[header::SET_COOKIE].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

impl House {
    pub async fn new() -> House {
        House::with_totp(TotpRule::Nobody).await
    }

    /// A house where some must have a second factor.
    pub async fn with_totp(totp: TotpRule) -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::Sqlite(folder.path().join("a.db"))).await.unwrap();
        let bench = Arc::new(Bench {
            thresholds: Default::default(),
            library: Library::embedded().unwrap(),
            hours: Default::default(),
        });
        let live = Live::new(&store).await.unwrap();
        let attachments = Attachments::new(folder.path().join("attachments"), Scanner::Absent);
        let checks = Checks { allow_private: true, ..Checks::default() };
        let settings = Settings {
            store: store.clone(),
            bench: bench.clone(),
            live,
            attachments,
            verifier: Verifier::new(checks).unwrap(),
            metrics: None,
            seal: Seal::open(folder.path()).unwrap(),
            totp,
            web_url: "https://atalaya.ejemplo.gob.mx".into(),
            privacy_notice: Some("Aviso <de> privacidad.".into()),
        };
        let router = router::router(Web::new(settings));
        House { _folder: folder, store, bench, router }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 10_000_000).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header("host", "localhost").header("cookie", cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A form sent from one of our own pages.
    pub async fn post(&self, path: &str, cookie: &str, form: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(path)
            .header("host", "localhost")
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    pub async fn person(&self, login: &str, role: Role) -> PersonId {
        let id = PersonId::new(format!("person-{login}"));
        let name = format!("{login} <b>Núñez</b>");
        let person = Person::new(id.clone(), login, name, Roles::of(role));
        let mut write = self.store.write().await.unwrap();
        write.add_person(&person, Timestamp::now()).await.unwrap();
        write.commit().await.unwrap();
        id
    }

    pub async fn link(&self, person: &PersonId) -> String {
        let mut write = self.store.write().await.unwrap();
        let link = sign_in::create_link(&mut write, person, false, Timestamp::now()).await.unwrap();
        write.commit().await.unwrap();
        format!("/bienvenida/{}", link.expose())
    }

    pub fn library(&self) -> &Library {
        &self.bench.library
    }

    /// How many files are on the disk: still coming in, and in their place.
    pub fn attachments(&self) -> (usize, usize) {
        let folder = self._folder.path().join("attachments");
        let list = |folder: std::path::PathBuf| std::fs::read_dir(folder).unwrap().flatten();
        let (files, folders): (Vec<_>, Vec<_>) =
            list(folder).partition(|entry| entry.file_type().unwrap().is_file());
        (files.len(), folders.into_iter().flat_map(|one| list(one.path())).count())
    }

    /// The session cookie of somebody new.
    pub async fn signed_in(&self, login: &str, role: Role) -> String {
        let person = self.person(login, role).await;
        let link = self.link(&person).await;
        self.post(&link, "", &[("clave", PASSWORD), ("otra", PASSWORD)]).await.cookie()
    }

    pub async fn token(&self, scope: Scope) -> String {
        let secret = Secret::fresh().unwrap();
        let token = Token {
            id: TokenId::new(format!("token-{}", scope.as_str())),
            name: "tablero".into(),
            scope,
            revoked_at: None,
        };
        let mut write = self.store.write().await.unwrap();
        write.add_token(&token, &secret.hash(), Timestamp::now()).await.unwrap();
        write.commit().await.unwrap();
        secret.expose().to_owned()
    }

    pub async fn area(&self, name: &str) -> AreaId {
        let area = Area {
            id: AreaId::new(format!("area-{name}")),
            name: name.into(),
            site: None,
            sample: false,
        };
        let mut write = self.store.write().await.unwrap();
        write.add_area(&area, Timestamp::now()).await.unwrap();
        write.commit().await.unwrap();
        area.id
    }

    pub async fn device(
        &self,
        name: &str,
        status: DeviceStatus,
        area: Option<&AreaId>,
    ) -> DeviceId {
        let device = Device {
            id: DeviceId::new(uuid::Uuid::now_v7().to_string()),
            number: 0,
            name: name.to_owned(),
            area: area.cloned(),
            status,
            hints: Hints { hostname: name.to_owned(), os: "Debian 12".into(), ..Hints::default() },
            enrolled_at: Timestamp::now(),
            sample: false,
        };
        let mut write = self.store.write().await.unwrap();
        write.add_device(&device).await.unwrap();
        write.commit().await.unwrap();
        device.id
    }

    /// The PC reports these sections and is judged, as the intake does it.
    pub async fn reports(&self, device: &DeviceId, sections: &[Section]) {
        let now = Timestamp::now();
        let mut write = self.store.write().await.unwrap();
        for section in sections {
            write.put_section(device, section, now).await.unwrap();
        }
        let arrival = Arrival {
            device: device.clone(),
            seen_at: now,
            taken_at: now,
            clock_skew_us: 0,
            unchanged: String::new(),
        };
        write.touch(&[arrival]).await.unwrap();
        // Some rules believe a change at the second look only.
        for _ in 0..4 {
            judge(&mut write, &self.bench, device, now).await.unwrap();
        }
        write.commit().await.unwrap();
    }

    pub async fn healthy(&self, name: &str) -> DeviceId {
        let id = self.device(name, DeviceStatus::Approved, None).await;
        self.reports(&id, &healthy(name)).await;
        id
    }

    /// A PC without antivirus: an open alert and its run.
    pub async fn broken(&self, name: &str) -> (DeviceId, Run) {
        let id = self.device(name, DeviceStatus::Approved, None).await;
        let mut sections = healthy(name);
        sections[0] =
            Section::Antivirus(Reading::ok(Antivirus::default(), "clamd", Timestamp::now()));
        self.reports(&id, &sections).await;
        let filter = RunFilter { device: Some(id.clone()), limit: 1, ..RunFilter::default() };
        let (mut runs, _) = self.store.read().await.unwrap().list_runs(&filter).await.unwrap();
        (id, runs.remove(0).run)
    }
}

/// Sections of a PC with nothing wrong, the antivirus first.
pub fn healthy(hostname: &str) -> Vec<Section> {
    let now = Timestamp::now();
    let product = AntivirusProduct {
        name: "ClamAV".into(),
        running: Some(true),
        real_time: Some(true),
        signatures_at: Some(now - SignedDuration::from_hours(5)),
        ..AntivirusProduct::default()
    };
    let socket = ListeningSocket {
        protocol: "tcp".into(),
        address: "0.0.0.0".into(),
        port: 22,
        process: Some("sshd".into()),
        pid: Some(700),
        loopback: false,
        service: None,
    };
    let firewall = Firewall {
        enabled: Some(true),
        listening_status: Status::Ok,
        listening: vec![socket],
        ..Firewall::default()
    };
    let volume = Volume {
        mount: "/".into(),
        filesystem: "ext4".into(),
        total_bytes: 250_000_000_000,
        free_bytes: 125_000_000_000,
        ..Volume::default()
    };
    let disk = Disk { drives_status: Status::Ok, volumes: vec![volume], ..Disk::default() };
    let connectivity = Connectivity { verdict: Verdict::Ok, ..Connectivity::default() };
    let system =
        System { hostname: Some(hostname.to_owned()), uptime_s: Some(9_000), ..System::default() };
    vec![
        Section::Antivirus(Reading::ok(Antivirus { products: vec![product] }, "clamd", now)),
        Section::Firewall(Reading::ok(firewall, "nft -j list ruleset", now)),
        Section::Disk(Reading::ok(disk, "statvfs", now)),
        Section::Connectivity(Reading::ok(connectivity, "icmp", now)),
        Section::System(Reading::ok(system, "procfs", now)),
    ]
}
