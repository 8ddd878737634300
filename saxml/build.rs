//! Compiles the .proto files without protoc, and keeps their descriptors for tests and for the
//! simulator's reflection.

use std::path::Path;
use std::{env, fs, io};

use prost::Message as _;

const FILES: [&str; 4] = [
    "saxml/protobuf/admin.proto",
    "saxml/protobuf/common.proto",
    "saxml/protobuf/lm.proto",
    "saxml/protobuf/modelet.proto",
];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(FILES, ["proto"]).map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let descriptors_file = Path::new(&out).join("descriptors.bin");
    fs::write(descriptors_file, descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .server_mod_attribute("sax", "#[cfg(feature = \"server\")]")
        .include_file("protobuf.rs")
        .compile_fds(descriptors)
}
