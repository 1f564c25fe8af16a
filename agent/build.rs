//! Tells the program which target it is built for: a release for another one must not take its place.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Cargo always says it; without it no release ever fits, and that is the safe end.
    println!("cargo:rustc-env=ATALAYA_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
