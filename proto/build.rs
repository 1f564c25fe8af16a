//! Compiles the contract. protox parses it, so no protoc is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "atalaya/v1/enrolment.proto",
        "atalaya/v1/uplink.proto",
        "atalaya/v1/reading.proto",
        "atalaya/v1/release.proto",
    ];
    println!("cargo:rerun-if-changed=atalaya");
    let descriptors = protox::compile(files, ["."])?;
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?).join("atalaya.bin");
    std::fs::write(out, prost_encode(&descriptors))?;
    tonic_prost_build::configure()
        .build_client(std::env::var_os("CARGO_FEATURE_CLIENT").is_some())
        .build_server(std::env::var_os("CARGO_FEATURE_SERVER").is_some())
        .build_transport(false)
        .compile_fds(descriptors)?;
    Ok(())
}

fn prost_encode(descriptors: &impl prost::Message) -> Vec<u8> {
    descriptors.encode_to_vec()
}
