//! A control plane for this program's tests. A guard process ends it, however the tests end.

use std::path::Path;
use std::sync::OnceLock;

use sax_tests::controlplane::Cluster;
use sax_tests::product::Product;
use xtask::guard::Guard;

struct Shared {
    cluster: Cluster,
    _guard: Guard,
}

/// A store and an API server, and nothing in them.
pub(crate) fn cluster(purpose: &str) -> &'static Cluster {
    static CLUSTERS: OnceLock<std::sync::Mutex<Vec<(String, &'static Shared)>>> = OnceLock::new();
    let mut clusters = CLUSTERS.get_or_init(Default::default).lock().unwrap();
    if let Some((_, found)) = clusters.iter().find(|(name, _)| name == purpose) {
        return &found.cluster;
    }
    // They live as long as the program, and the guard ends them.
    let shared: &'static Shared = Box::leak(Box::new(start(purpose)));
    clusters.push((purpose.to_owned(), shared));
    &shared.cluster
}

/// The built plugin and webhook.
pub(crate) fn product() -> &'static Product {
    static PRODUCT: OnceLock<Product> = OnceLock::new();
    PRODUCT
        .get_or_init(|| Product::build(&xtask::workspace_root()).expect("the product must compile"))
}

fn start(purpose: &str) -> Shared {
    let name = format!("service-{purpose}-{}", std::process::id());
    let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_controlplane")), &name)
        .expect("the guard must start");
    let cluster = Cluster::up_bare(&xtask::workspace_root(), &name);
    Shared {
        cluster: cluster.unwrap_or_else(|error| panic!("{error:#}")),
        _guard: guard,
    }
}
