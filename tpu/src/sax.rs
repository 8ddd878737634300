//! What Saxml accepts: model classes and the chips that they need, flag strings, names.

mod classes;
mod flags;
mod names;
mod table;

pub use classes::{ImageVersion, ModelClass, Registration, all, find, suggestions};
pub use flags::{
    PLATFORM_CHIPS, PLATFORM_TOPOLOGIES, platform_chip_known, platform_topology_known,
    platform_topology_of,
};
pub use names::{
    CellName, ModelId, NameError, cell_name_valid, checkpoint_path_valid, model_path_valid,
};

/// Where an admin server listens.
pub const ADMIN_PORT: u16 = 10_000;
/// Where an admin server shows its status pages, on its own machine's loopback address only.
pub const STATUS_PORT: u16 = 8080;
/// Where a model server listens.
pub const MODEL_SERVER_PORT: u16 = 10_001;
/// Where the HTTP server of the `sax-http` image listens.
pub const HTTP_PORT: u16 = 8888;
