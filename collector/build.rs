//! Bundles the pages' styles, script and icons (collector/web) with npm and esbuild into
//! collector/web/dist, which `web::assets` embeds. It must not need the network once installed.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::SystemTime;

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Absent, it makes cargo run this again; it is dated back, else cargo would run this every time.
const MARK: &str = "web/dist/icons.svg";

fn main() -> ExitCode {
    for input in
        ["package.json", "package-lock.json", "build.mjs", "src", "static", "dist/icons.svg"]
    {
        println!("cargo::rerun-if-changed=web/{input}");
    }
    // askama reads the templates itself; a new one still has to be noticed.
    println!("cargo::rerun-if-changed=templates");
    match bundle() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("cargo::error={problem}");
            ExitCode::FAILURE
        }
    }
}

fn bundle() -> Result<(), String> {
    let web = Path::new("web");
    if !installed(web) {
        npm(web, &["ci", "--no-fund", "--no-audit"])?;
    }
    npm(web, &["run", "--silent", "build"])?;
    File::options()
        .append(true)
        .open(MARK)
        .and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH))
        .map_err(|error| format!("{MARK} was not made by the bundle: {error}"))
}

/// Whether node_modules is what package-lock.json asks for.
fn installed(web: &Path) -> bool {
    let modified = |path: &str| web.join(path).metadata().and_then(|data| data.modified());
    match (modified("node_modules/.package-lock.json"), modified("package-lock.json")) {
        (Ok(installed), Ok(wanted)) => installed >= wanted,
        _ => false,
    }
}

fn npm(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let command = format!("npm {}", arguments.join(" "));
    let output = Command::new(NPM).args(arguments).current_dir(web).output().map_err(|error| {
        format!(
            "the pages are bundled with Node.js, but `{command}` could not be started ({error}): \
             install Node.js 20 or newer with npm (Debian: apt-get install nodejs npm)"
        )
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).replace('\n', " | ");
    Err(format!("`{command}` in collector/web failed ({}): {said}", output.status))
}
