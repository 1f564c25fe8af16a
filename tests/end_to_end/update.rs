//! Self-update: real programs, real signatures, a service manager that does what the unit does. The newer version is
//! `atalaya-agent-next`: the same agent, linked with another version number.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use atalaya_tests::fixture::{
    Agent, Collector, Signer, Supervisor, assert_eventually, eventually, program,
};

const NEXT: &str = "999.0.0";

/// An enrolled agent that updates itself by releases of this signer.
fn agent(collector: &Collector, signer: &Signer, more: &str) -> Agent {
    let mut agent = Agent::enrolled(&collector.code());
    let rotated = Signer::new().public_key();
    let keys = format!("keys = [\"{rotated}\", \"{}\"]\n{more}", signer.public_key());
    agent.updates_itself(&keys);
    agent
}

fn says(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace().last().unwrap_or_default().into()
}

/// Version, outcome and detail of the only device's last update.
fn outcome(collector: &Collector) -> Option<[String; 3]> {
    let sql = "SELECT version, outcome, detail FROM device_update WHERE outcome IS NOT NULL";
    collector.sql(sql).first().and_then(|row| row.clone().try_into().ok())
}

fn outcome_is(collector: &Collector, version: &str, expected: &str) -> String {
    let what = format!("update to {version}: {expected}");
    eventually(&what, || {
        outcome(collector)
            .filter(|[v, o, _]| v == version && o == expected)
            .map(|[.., detail]| detail)
    })
}

fn script(folder: &Path, text: &str) -> std::path::PathBuf {
    let file = folder.join("script");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file
}

#[test]
fn an_offered_release_takes_the_programs_place_and_nothing_is_lost() {
    let (collector, signer) = (Collector::start(), Signer::new());
    let agent = agent(&collector, &signer, "ask_every_s = 1\n");
    let before = says(agent.program());
    signer.add(&collector, &program("atalaya-agent-next"), NEXT);
    let mut service = Supervisor::of(&agent, |_| {});
    assert_eventually("the agent asked and was offered nothing", || {
        collector.number("SELECT count(*) FROM device_update WHERE offered_version IS NULL") == 1
    });
    let offered = collector.run(&["release", "list"]);
    assert!(!offered.contains("se ofrece"), "{offered}");
    collector.run(&["release", "offer", NEXT, "--share", "100%"]);

    let detail = outcome_is(&collector, NEXT, "installed");
    assert_eq!(detail, format!("antes: {before}"));
    assert_eventually("the new version greets", || {
        collector.sql("SELECT agent_version FROM device") == [[NEXT]]
    });
    assert_eq!(says(agent.program()), NEXT);
    assert_eq!(says(&agent.program().with_extension("old")), before);
    assert_eq!(service.starts(), 2);
    let status = agent.status();
    assert_eq!(status["updates_itself"], true, "{status}");
    let samples = collector.number("SELECT count(*) FROM sample");
    assert_eventually("it goes on measuring", || {
        collector.number("SELECT count(*) FROM sample") > samples
    });
    service.stop();
    // The same spool went on: nothing is missing, and nothing of the update is left lying about.
    assert_eq!(collector.number("SELECT count(*) FROM device_gap"), 0);
    assert_eq!(collector.number("SELECT count(DISTINCT epoch) FROM device_stream"), 1);
    assert!(
        !agent.state().file("update").exists() && !agent.state().file("update-trial.json").exists()
    );
    let acts =
        collector.sql("SELECT act FROM audit WHERE act LIKE 'release.%' OR act = 'device.update'");
    assert_eq!(acts, [["release.add"], ["release.offer"], ["device.update"]]);
    let list = collector.run(&["release", "list"]);
    assert!(list.contains("se ofrece al 100 %") && list.contains("instalada: 1"), "{list}");
}

#[test]
fn a_release_that_dies_at_its_start_gives_way_to_the_version_before() {
    let (collector, signer) = (Collector::start(), Signer::new());
    let agent = agent(&collector, &signer, "ask_every_s = 1\n");
    let before = says(agent.program());
    let dies = script(
        agent.folder(),
        "#!/bin/sh\n[ \"$1\" = --version ] && echo atalaya-agent 999.1.0 && exit\nexit 3\n",
    );
    signer.add(&collector, &dies, "999.1.0");
    collector.run(&["release", "offer", "999.1.0"]);
    let mut service = Supervisor::of(&agent, |_| {});

    let detail = outcome_is(&collector, "999.1.0", "restored");
    assert!(detail.contains(&before), "{detail}");
    assert_eq!(says(agent.program()), before);
    // Not offered again, and a newer one still is.
    assert_eventually("nothing more is offered", || {
        collector.number("SELECT count(*) FROM device_update WHERE offered_version IS NULL") == 1
    });
    let starts = service.starts();
    signer.add(&collector, &program("atalaya-agent-next"), NEXT);
    collector.run(&["release", "offer", NEXT]);
    let detail = outcome_is(&collector, NEXT, "refused");
    assert!(detail.contains("no es más nueva que 999.1.0"), "{detail}");
    assert_eq!(service.starts(), starts);
    service.stop();
}

#[test]
fn a_release_that_is_not_welcomed_in_time_gives_way_to_the_version_before() {
    let (collector, link) = Collector::start_behind_a_link();
    let (signer, link) = (Signer::new(), std::sync::Arc::new(link));
    let agent = agent(&collector, &signer, "ask_every_s = 1\nwelcome_within_s = 5\n");
    let before = says(agent.program());
    signer.add(&collector, &program("atalaya-agent-next"), NEXT);
    collector.run(&["release", "offer", NEXT]);
    // The network goes just when the new version starts, and comes back with the old one.
    let shared = link.clone();
    let mut service = Supervisor::of(&agent, move |starts| match starts {
        1 => shared.cut(),
        2 => shared.mend(),
        _ => {}
    });
    let detail = outcome_is(&collector, NEXT, "restored");
    assert!(detail.contains("no logró conectarse"), "{detail}");
    assert_eq!(says(agent.program()), before);
    assert_eq!(collector.sql("SELECT agent_version FROM device"), [[before]]);
    service.stop();
    assert_eq!(collector.number("SELECT count(*) FROM device_gap"), 0);
}

#[test]
fn what_a_stranger_signed_or_somebody_touched_is_not_installed() {
    let (collector, signer) = (Collector::start(), Signer::new());
    let agent = agent(&collector, &signer, "ask_every_s = 1\n");
    let before = says(agent.program());
    let mut service = Supervisor::of(&agent, |_| {});
    let next = program("atalaya-agent-next");

    Signer::new().add(&collector, &next, NEXT);
    collector.run(&["release", "offer", NEXT]);
    let detail = outcome_is(&collector, NEXT, "refused");
    assert!(detail.contains("una llave en la que este equipo no confía"), "{detail}");

    // The collector's file is not the one that was signed: another byte, then more bytes.
    collector.run(&["release", "remove", NEXT]);
    signer.add(&collector, &next, NEXT);
    let kept = fs::read_dir(collector.folder().join("data/releases"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&kept).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&kept, &bytes).unwrap();
    collector.run(&["release", "offer", NEXT]);
    eventually("a program that was touched", || {
        outcome(&collector).filter(|[.., detail]| detail.contains("su SHA-256 es otro"))
    });
    collector.run(&["release", "withdraw", NEXT]);
    assert_eq!(says(agent.program()), before);
    assert_eq!(service.starts(), 1);
    assert_eq!(
        fs::read_dir(agent.program().parent().unwrap()).unwrap().count(),
        2,
        "program and ledger"
    );
    service.stop();
}

#[test]
fn an_agent_without_keys_or_without_a_home_of_its_own_leaves_itself_alone() {
    let (collector, signer) = (Collector::start(), Signer::new());
    let packaged = Agent::enrolled(&collector.code());
    let mut keyless = Agent::enrolled(&collector.code());
    keyless.updates_itself("keys = []\nask_every_s = 1\n");
    let mut managed = Agent::enrolled(&collector.code());
    managed.updates_itself(&format!("keys = [\"{}\"]\nmanaged = true\n", signer.public_key()));
    signer.add(&collector, &program("atalaya-agent-next"), NEXT);
    collector.run(&["release", "offer", NEXT]);
    for (mut agent, why) in [
        (packaged, "vía por la que se instaló"),
        (keyless, "no hay llaves"),
        (managed, "otro medio"),
    ] {
        agent.start();
        assert_eventually("it delivers", || agent.status()["service"]["connected"] == true);
        let status = agent.status();
        assert_eq!(status["updates_itself"], false, "{status}");
        assert!(status["updates_detail"].as_str().unwrap().contains(why), "{status}");
    }
    assert_eq!(collector.number("SELECT count(*) FROM device_update"), 0);
}

#[test]
fn killed_at_any_step_of_an_exchange_a_program_that_starts_is_left() {
    let (collector, signer) = (Collector::start(), Signer::new());
    let agent = agent(&collector, &signer, "");
    let before = says(agent.program());
    // What a download leaves.
    let next = program("atalaya-agent-next");
    signer.add(&collector, &next, NEXT);
    let row = &collector.sql("SELECT manifest FROM agent_release").concat().join("\n");
    let stage = agent.state().file("update");
    fs::create_dir_all(&stage).unwrap();
    fs::write(stage.join("manifest.toml"), format!("{}\n", row.trim_end())).unwrap();
    let signature = signer.sign(&stage.join("manifest.toml"));
    fs::rename(signature, stage.join("manifest.toml.minisig")).unwrap();
    fs::copy(&next, stage.join("program")).unwrap();

    let (pristine, home) = (agent.folder().join("pristine"), agent.program().parent().unwrap());
    fs::copy(agent.program(), &pristine).unwrap();
    let mut left = Vec::new();
    for call in ["fsync", "rename", "linkat", "unlink", "fchmod"] {
        for time in 1.. {
            for entry in fs::read_dir(home).unwrap().flatten() {
                fs::remove_file(entry.path()).unwrap();
            }
            fs::copy(&pristine, agent.program()).unwrap();
            fs::write(home.join("self-update.json"), "{}").unwrap();
            if !install_killed_at(&agent, call, time) {
                assert!(time > 1, "{call} is never called: it is no step");
                break;
            }
            let now = says(agent.program());
            assert!(now == before || now == NEXT, "{call} {time}: {now:?}");
            left.push(now);
            // Whatever was left lying about is no hindrance.
            assert!(!install_killed_at(&agent, call, 1_000), "it was not to be killed");
            assert_eq!(says(agent.program()), NEXT, "after {call} {time}");
        }
    }
    assert!(left.len() > 8 && left[0] == before && left.contains(&NEXT.into()), "{left:?}");
    assert_eq!(says(&agent.program().with_extension("old")), before);
}

/// Installs what is staged and is killed at that call, counted among its kind; whether it was.
fn install_killed_at(agent: &Agent, call: &str, time: u32) -> bool {
    let install = agent.command(&["update", "answer"]);
    let mut child = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:signal=KILL:when={time}")])
        .arg(install.get_program())
        .args(install.get_args())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(agent.log_file())
        .spawn()
        .expect("strace is installed");
    use std::io::Write;
    child.stdin.take().unwrap().write_all(b"install").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.is_empty() || said.contains("Done") || said.contains("no es más nueva"), "{said}");
    said.is_empty()
}
