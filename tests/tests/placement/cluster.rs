//! The one cluster of this program, with two replicas of our webhook, and the JobSets that the
//! tests place in it. A guard process ends it when this program ends, however that happens.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use sax_tests::controlplane::Cluster;
use sax_tests::controlplane::pools::{Pool, default_pools};
use sax_tests::controlplane::webhook::{self, Replica};
use sax_tests::namespace::TempNamespace;
use sax_tests::product::Product;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};
use xtask::guard::Guard;

/// Pools of four v4 VMs each, for many groups at once.
pub(crate) const MANY: u32 = 10;
/// VMs of each of them.
pub(crate) const MANY_VMS: usize = 4;

/// For Pods of an earlier test to be gone.
const CLEAN: Duration = Duration::from_secs(60);

/// The cluster, held by one test at a time: they take turns, for all of them fill pools.
pub(crate) struct Turn {
    pub(crate) cluster: &'static Cluster,
    /// It answers reviews.
    pub(crate) first: &'static Replica,
    /// It only stands for election.
    pub(crate) second: &'static Replica,
    _lock: MutexGuard<'static, ()>,
}

struct Shared {
    cluster: Cluster,
    first: Replica,
    second: Replica,
    _guard: Guard,
}

/// Waits for its turn, and until no TPU Pod of an earlier test is left.
pub(crate) fn turn() -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    static SHARED: OnceLock<Shared> = OnceLock::new();
    let lock = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let shared = SHARED.get_or_init(start);
    let turn = Turn {
        cluster: &shared.cluster,
        first: &shared.first,
        second: &shared.second,
        _lock: lock,
    };
    turn.await_empty();
    turn
}

/// The built plugin and webhook.
pub(crate) fn product() -> &'static Product {
    static PRODUCT: OnceLock<Product> = OnceLock::new();
    PRODUCT
        .get_or_init(|| Product::build(&xtask::workspace_root()).expect("the product must compile"))
}

impl Turn {
    /// A throw-away namespace.
    pub(crate) fn namespace(&self, purpose: &str) -> TempNamespace<'static> {
        TempNamespace::create(self.cluster, purpose).expect("the namespace must be created")
    }

    /// Runs kubectl as an administrator.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        self.cluster
            .kubectl()
            .run(arguments)
            .unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// The pools on which Pods of a namespace run, each once.
    pub(crate) fn pools_of(&self, pods: &[Value]) -> Vec<String> {
        let mut pools: Vec<String> = pods
            .iter()
            .filter_map(|pod| pod["spec"]["nodeName"].as_str())
            .filter_map(|node| Some(node.rsplit_once('-')?.0.to_owned()))
            .collect();
        pools.sort();
        pools.dedup();
        pools
    }

    fn await_empty(&self) {
        let empty = until("the Pods of an earlier test to be gone", CLEAN, || {
            let pods = self.cluster.kubectl().list(&["pods", "--all-namespaces"])?;
            Ok(match pods.len() {
                0 => Look::Ready(()),
                some => Look::Waiting(format!("{some} are left")),
            })
        });
        empty.unwrap_or_else(|error| panic!("{error:#}"));
    }
}

/// A JobSet of `replicas` v5e 4x8 slices, eight VMs each, every slice on a node pool of its own.
pub(crate) fn v5e(name: &str, replicas: u32) -> Value {
    jobset(name, replicas, 8, ("tpu-v5-lite-podslice", "4x8"))
}

/// A JobSet of `replicas` v4 2x2x4 slices, four VMs each, every slice on a node pool of its own.
pub(crate) fn v4(name: &str, replicas: u32) -> Value {
    jobset(name, replicas, MANY_VMS, ("tpu-v4-podslice", "2x2x4"))
}

/// A JobSet of slices of any shape.
pub(crate) fn jobset(name: &str, replicas: u32, vms: usize, shape: (&str, &str)) -> Value {
    let pod = json!({
        "spec": {
            "nodeSelector": {
                "cloud.google.com/gke-tpu-accelerator": shape.0,
                "cloud.google.com/gke-tpu-topology": shape.1,
            },
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "worker",
                "image": "worker",
                "resources": {"limits": {"google.com/tpu": 4}, "requests": {"google.com/tpu": 4}},
            }],
        },
    });
    let job = json!({"spec": {
        "parallelism": vms, "completions": vms, "backoffLimit": 0, "template": pod,
    }});
    json!({
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {
            "name": name,
            "annotations": {"alpha.jobset.sigs.k8s.io/exclusive-topology": "cloud.google.com/gke-nodepool"},
        },
        "spec": {
            "failurePolicy": {"maxRestarts": 4},
            "replicatedJobs": [{"name": "slice", "replicas": replicas, "template": job}],
        },
    })
}

fn start() -> Shared {
    // Two checkouts, or two runs at once, must not meet.
    let name = format!("placement-{}", std::process::id());
    let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_controlplane")), &name)
        .expect("the guard must start");
    let mut pools = default_pools();
    let many = |at| Pool::tpu(&format!("many{at}"), "tpu-v4-podslice", "2x2x4", 4, 4);
    pools.extend((0..MANY).map(many));
    let cluster = Cluster::up(&xtask::workspace_root(), &name, &pools)
        .unwrap_or_else(|error| panic!("{error:#}"));
    let (first, second) =
        webhook::pair(&cluster, product()).unwrap_or_else(|error| panic!("{error:#}"));
    Shared {
        cluster,
        first,
        second,
        _guard: guard,
    }
}
