//! Saxml on the wire: what a client of it sends and understands, and what the simulator answers.
//!
//! - [`sax`] and [`lm`]: the messages and gRPC services of the admin server and of model servers,
//!   compiled from `proto/`, which was written from the field tables of three versions of Saxml.
//! - [`Failure`]: an error with the code that it means, which often isn't the code that it has.
//! - [`http`]: the two dialects of the HTTP server in front of Saxml.
//! - Chips and topologies by the names that the model server's flags give them, on
//!   [`ChipType`] and [`ChipTopology`].
//!
//! Names of cells, models and paths are checked by `tpu::sax`.

mod chip;
mod failure;
pub mod http;

pub use failure::{Failure, go_name};
pub use sax::model_server::{ChipTopology, ChipType};

#[expect(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated from the .proto files, which have the words"
)]
mod protobuf {
    include!(concat!(env!("OUT_DIR"), "/protobuf.rs"));
}

/// The admin server (`admin_client::AdminClient`) and the management side of model servers
/// (`modelet_client::ModeletClient`).
pub use protobuf::sax;
/// The data side of model servers (`lm_service_client::LmServiceClient`).
pub use protobuf::sax::server::lm;

/// The compiled .proto files, an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
