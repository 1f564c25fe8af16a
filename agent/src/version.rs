//! Which version this program is. Its `main` says so: a library does not know which program it became part of.

use std::sync::OnceLock;

static VERSION: OnceLock<&'static str> = OnceLock::new();

/// Says which version the program is; once, before anything else.
pub fn tell(version: &'static str) {
    // A second time would only repeat it.
    let _ = VERSION.set(version);
}

/// The version of the program; that of this library when nobody said.
pub fn version() -> &'static str {
    VERSION.get().copied().unwrap_or(env!("CARGO_PKG_VERSION"))
}

/// Which target it was built for, e.g. `x86_64-unknown-linux-gnu`.
pub const TARGET: &str = env!("ATALAYA_TARGET");
