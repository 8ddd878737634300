//! One control plane for all tests of this program. A guard process ends it when this program
//! ends, however that happens.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sax_tests::controlplane::Cluster;
use sax_tests::controlplane::pools::default_pools;

struct Shared {
    cluster: Cluster,
    /// Holds the pipe whose end tells the guard that we are gone.
    _guard: Child,
}

/// The tutorial's cluster as it is before our webhook is installed.
pub(crate) fn plain() -> &'static Cluster {
    static PLAIN: OnceLock<Shared> = OnceLock::new();
    &PLAIN.get_or_init(|| start("plain")).cluster
}

/// Tests that fill both TPU pools take turns.
pub(crate) fn both_pools() -> MutexGuard<'static, ()> {
    static POOLS: Mutex<()> = Mutex::new(());
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tutorial's three manifests, as published.
pub(crate) fn tutorial() -> [String; 3] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tutorial");
    [
        "sax-admin-server.yaml",
        "sax-http.yaml",
        "sax-model-server-set.yaml",
    ]
    .map(|file| std::fs::read_to_string(folder.join(file)).expect("the fixture must be readable"))
}

fn start(purpose: &str) -> Shared {
    // Two checkouts, or two runs at once, must not meet.
    let name = format!("e2e-{purpose}-{}", std::process::id());
    let guard = Command::new(env!("CARGO_BIN_EXE_controlplane"))
        .args(["guard", "--name", &name])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the guard must start");
    let cluster = Cluster::up(&xtask::workspace_root(), &name, &default_pools())
        .unwrap_or_else(|error| panic!("{error:#}"));
    Shared {
        cluster,
        _guard: guard,
    }
}
