//! The control planes that all tests of this program share, with our webhook and without it. A
//! guard process ends each when this program ends, however that happens.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sax_tests::controlplane::pools::default_pools;
use sax_tests::controlplane::{Cluster, webhook};
use sax_tests::namespace::TempNamespace;
use sax_tests::product::Product;
use xtask::guard::Guard;

struct Shared {
    cluster: Cluster,
    _guard: Guard,
}

/// The tutorial's cluster as it is before our webhook is installed.
pub(crate) fn plain() -> &'static Cluster {
    static PLAIN: OnceLock<Shared> = OnceLock::new();
    &PLAIN.get_or_init(|| start("plain")).cluster
}

/// The tutorial's cluster with our webhook installed.
pub(crate) fn admitted() -> &'static Cluster {
    static ADMITTED: OnceLock<Shared> = OnceLock::new();
    let shared = ADMITTED.get_or_init(|| {
        let shared = start("admitted");
        webhook::install(&shared.cluster, product(), &[]).expect("the webhook must serve");
        shared
    });
    &shared.cluster
}

/// A cluster for the one test that changes the settings of the webhook's policies.
pub(crate) fn changing() -> &'static Cluster {
    static CHANGING: OnceLock<Shared> = OnceLock::new();
    &CHANGING.get_or_init(|| start("changing")).cluster
}

/// A cluster for the one test that breaks nodes and JobSet.
pub(crate) fn diagnosed() -> &'static Cluster {
    static DIAGNOSED: OnceLock<Shared> = OnceLock::new();
    &DIAGNOSED.get_or_init(|| start("diagnosed")).cluster
}

/// An API server in which nothing is installed, not even JobSet.
pub(crate) fn bare() -> &'static Cluster {
    static BARE: OnceLock<Shared> = OnceLock::new();
    let start = || start_with("bare", Cluster::up_bare);
    &BARE.get_or_init(start).cluster
}

/// The built plugin and webhook.
pub(crate) fn product() -> &'static Product {
    static PRODUCT: OnceLock<Product> = OnceLock::new();
    PRODUCT
        .get_or_init(|| Product::build(&xtask::workspace_root()).expect("the product must compile"))
}

/// Tests that fill both TPU pools take turns.
pub(crate) fn both_pools() -> MutexGuard<'static, ()> {
    static POOLS: Mutex<()> = Mutex::new(());
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A namespace with the tutorial's ServiceAccount.
pub(crate) fn temporary(cluster: &'static Cluster, purpose: &str) -> TempNamespace<'static> {
    let namespace = TempNamespace::create(cluster, purpose).expect("the namespace must be created");
    namespace
        .run(&["create", "serviceaccount", "sax-sa"])
        .expect("the ServiceAccount must be created");
    namespace
}

/// The tutorial's three manifests, as published; the model servers come last.
pub(crate) fn tutorial() -> [String; 3] {
    ["sax-admin-server", "sax-http", "sax-model-server-set"]
        .map(|name| fixture(&format!("tutorial/{name}.yaml")))
}

/// A file of `fixtures/`.
pub(crate) fn fixture(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn start(purpose: &str) -> Shared {
    start_with(purpose, |root, name| {
        Cluster::up(root, name, &default_pools())
    })
}

fn start_with(purpose: &str, up: impl FnOnce(&Path, &str) -> anyhow::Result<Cluster>) -> Shared {
    // Two checkouts, or two runs at once, must not meet.
    let name = format!("e2e-{purpose}-{}", std::process::id());
    let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_controlplane")), &name)
        .expect("the guard must start");
    let cluster = up(&xtask::workspace_root(), &name).unwrap_or_else(|error| panic!("{error:#}"));
    Shared {
        cluster,
        _guard: guard,
    }
}
