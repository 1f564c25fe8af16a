//! The collector's own program, from its command line: what it prints, where, and what it says when it cannot.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A settings file with free ports and a data folder of its own.
struct Place {
    folder: tempfile::TempDir,
    web: u16,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let (web, agents) = (free_port(), free_port());
        let text = format!(
            "data_dir = {:?}\n[web]\nlisten = \"127.0.0.1:{web}\"\n[agent_listener]\n\
             listen = \"127.0.0.1:{agents}\"\n",
            folder.path().join("data")
        );
        std::fs::write(folder.path().join("collector.toml"), text).unwrap();
        Place { folder, web }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("collector.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-collector"));
        if !arguments.contains(&"--config") {
            command.arg("--config").arg(self.config());
        }
        command.args(arguments).env_remove("RUST_LOG");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it prints, when it succeeds.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it complains of, when it fails: one line.
    fn complains(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?} should have failed");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
        errors
    }
}

/// A running `serve`.
struct Serving(Child);

impl Serving {
    /// Starts it and waits for the line that says where the pages are.
    fn start(place: &Place) -> (Serving, String) {
        let mut command = place.command(&["serve"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Serving(child), line)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_running_collector_names_its_pages_and_commands_work_beside_it() {
    let place = Place::new();
    let (mut serving, line) = Serving::start(&place);
    assert_eq!(line, format!("Atalaya atiende en http://127.0.0.1:{}/\n", place.web));
    let link = place.says(&["admin", "create", "--login", "ana", "--name", "Ana Núñez"]);
    assert!(link.starts_with(&format!("http://127.0.0.1:{}/bienvenida/", place.web)), "{link}");
    assert_eq!(place.says(&["area", "create", "Tesorería", "--site", "Palacio"]), "Tesorería\n");
    let codes = place.says(&["code", "create", "--area", "Tesorería", "--count", "3"]);
    assert_eq!(codes.lines().filter(|line| line.starts_with("atl1.")).count(), 3);
    assert_eq!(codes.lines().count(), 3);
    let token = place.says(&["token", "create", "--name", "tablero", "--scope", "read"]);
    assert!(token.trim_end().len() >= 43 && token.lines().count() == 1);
    assert_eq!(place.says(&["device", "list"]), "");
    let copy = place.folder.path().join("copia.db");
    place.says(&["backup", copy.to_str().unwrap()]);
    assert!(std::fs::metadata(&copy).unwrap().len() > 0);
    let pid = rustix::process::Pid::from_child(&serving.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(serving.0.wait().unwrap().success());
}

#[test]
fn a_busy_port_is_named_with_the_setting_that_changes_it() {
    let place = Place::new();
    let _taken = TcpListener::bind(("127.0.0.1", place.web)).unwrap();
    let complaint = place.complains(&["serve"]);
    assert!(complaint.contains(&place.web.to_string()), "{complaint}");
    assert!(complaint.contains("web.listen"), "{complaint}");
}

#[test]
fn a_wrong_key_a_wrong_file_and_a_folder_that_cannot_be_used_are_named() {
    let place = Place::new();
    let text = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), format!("{text}publik = \"x\"\n")).unwrap();
    assert!(place.complains(&["check"]).contains("clave desconocida `publik`"));
    std::fs::write(place.config(), text).unwrap();
    assert!(place.complains(&["--config", "/no/hay.toml", "check"]).contains("/no/hay.toml"));
    let complaint = place.complains(&["--data-dir", "/dev/null/datos", "serve"]);
    assert!(complaint.contains("/dev/null/datos") && complaint.contains("data_dir"), "{complaint}");
}

#[test]
fn a_postgresql_that_is_away_is_named_and_its_password_is_not() {
    let place = Place::new();
    let url = format!("postgres://atalaya:secreta@127.0.0.1:{}/atalaya", free_port());
    let complaint = place.complains(&["--database", &url, "device", "list"]);
    assert!(complaint.contains("PostgreSQL") && complaint.contains("en marcha"), "{complaint}");
    assert!(!complaint.contains("secreta"), "{complaint}");
}

#[test]
fn a_code_for_an_area_that_is_not_there_lists_the_areas_there_are() {
    let place = Place::new();
    let complaint = place.complains(&["code", "create", "--area", "Catastro"]);
    assert!(complaint.contains("area create"), "{complaint}");
    place.says(&["area", "create", "Obras Públicas"]);
    let complaint = place.complains(&["code", "create", "--area", "Catastro"]);
    assert!(complaint.contains("Obras Públicas"), "{complaint}");
    assert!(place.complains(&["area", "create", "Obras Públicas"]).contains("ya hay un área"));
    let network = place.complains(&["code", "create", "--network", "10.0.0.0/40"]);
    assert!(network.contains("«10.0.0.0/40»"), "{network}");
}

#[test]
fn the_printed_settings_can_be_used_as_they_are() {
    let place = Place::new();
    let printed = place.says(&["default-config"]);
    let file = place.folder.path().join("printed.toml");
    std::fs::write(&file, printed).unwrap();
    let data = place.folder.path().join("other");
    let areas = ["--config", path(&file), "--data-dir", path(&data), "area", "list"];
    assert_eq!(place.says(&areas), "");
}

#[test]
fn a_copy_over_an_existing_file_and_an_unknown_device_are_refused() {
    let place = Place::new();
    let file = place.config();
    assert!(place.complains(&["backup", path(&file)]).contains("ya existe"));
    assert!(place.complains(&["device", "revoke", "PC-9"]).contains("«PC-9»"));
    assert!(
        place.complains(&["admin", "create", "--login", "dos palabras"]).contains("«dos palabras»")
    );
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
