//! The cluster under measurement: twenty pools of eight nodes, and our webhook beside it, which
//! runs and is installed only while it is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use sax_tests::controlplane::pools::Pool;
use sax_tests::controlplane::webhook::{Options, Replica, leader};
use sax_tests::controlplane::{Cluster, Ending};
use sax_tests::namespace::TempNamespace;
use sax_tests::product::Product;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};
use xtask::guard::Guard;
use xtask::workspace_root;

use crate::groups::Way;
use crate::lines::Lines;

/// Groups, each of which has a pool that it fills.
const GROUPS: usize = 20;
/// Pods of each group, and nodes of each pool.
const PODS: usize = 8;
/// For one run; it takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// A cluster that no other measurement uses.
pub(crate) struct Bed {
    cluster: Cluster,
    product: Product,
    guard: Guard,
}

/// One run of the JobSet.
pub(crate) struct Run {
    /// From before `kubectl apply` until the last Pod is Running.
    pub(crate) took: Duration,
    /// Pod creations that admission refused.
    pub(crate) refused: u64,
}

impl Bed {
    pub(crate) fn start() -> Result<Self> {
        let root = workspace_root();
        let product = Product::build(&root)?;
        let program = product.webhook.with_file_name("controlplane");
        let name = format!("bench-{}", std::process::id());
        let guard = Guard::start(&program, &name)?;
        let cluster = Cluster::up(&root, &name, &pools())?;
        Ok(Self {
            cluster,
            product,
            guard,
        })
    }

    pub(crate) fn end(self) -> Result<()> {
        self.guard.end()
    }

    /// Applies the JobSet, waits until it runs, checks that it stands as it should, and clears up.
    pub(crate) fn run(&self, way: Way, round: usize) -> Result<Run> {
        let installed = match way {
            Way::Free | Way::JobSet => None,
            Way::Ours => Some(self.install()?),
        };
        let namespace = TempNamespace::create(&self.cluster, &format!("round-{round}"))?;
        let jobset = jobset(way).to_string();
        let watch = Watch::start(&self.cluster, namespace.name())?;
        let start = Instant::now();
        namespace.run_with(&["apply", "-f", "-"], &jobset)?;
        watch.all_running(start + PATIENCE)?;
        let took = start.elapsed();
        if way.is_exclusive() {
            self.check_pools(&namespace)?;
        }
        let refused = refused(&namespace)?;
        self.clear(&namespace)?;
        if let Some(replica) = installed {
            self.uninstall(&replica)?;
        }
        Ok(Run { took, refused })
    }

    fn install(&self) -> Result<Replica> {
        let Self {
            cluster, product, ..
        } = self;
        let replica = Replica::start(cluster, product, "webhook", Options::default())?;
        replica.register(cluster, product)?;
        leader(cluster)?;
        Ok(replica)
    }

    fn uninstall(&self, replica: &Replica) -> Result<()> {
        let arguments = ["webhook", "uninstall"];
        let answer = self.product.sax(self.cluster.kubectl(), &arguments, "")?;
        ensure!(
            answer.success,
            "`kubectl-sax webhook uninstall` failed: {}",
            answer.stderr.trim()
        );
        replica.end(&self.cluster, Ending::Asked)
    }

    /// The next run must find every node free.
    fn clear(&self, namespace: &TempNamespace<'_>) -> Result<()> {
        namespace.run(&["delete", "jobset", "groups", "--cascade=foreground"])?;
        until("the Pods of the last run to be gone", PATIENCE, || {
            self.cluster.check_alive()?;
            Ok(match namespace.list("pods")?.len() {
                0 => Look::Ready(()),
                left => Look::Waiting(format!("{left} Pods are left")),
            })
        })
    }

    fn check_pools(&self, namespace: &TempNamespace<'_>) -> Result<()> {
        let mut pools_of_jobs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for pod in namespace.list("pods")? {
            let text = |pointer| pod.pointer(pointer).and_then(Value::as_str);
            let job = text("/metadata/labels/batch.kubernetes.io~1job-name");
            let node = text("/spec/nodeName").context("a Pod without a node")?;
            let (pool, _) = node.rsplit_once('-').context("a node of no pool")?;
            let pools = pools_of_jobs.entry(job.unwrap_or_default().to_owned());
            pools.or_default().insert(pool.to_owned());
        }
        let used: BTreeSet<_> = pools_of_jobs.values().flatten().collect();
        ensure!(
            used.len() == GROUPS && pools_of_jobs.values().all(|pools| pools.len() == 1),
            "the groups don't stand on a pool each: {pools_of_jobs:?}"
        );
        Ok(())
    }
}

/// Pods as they change.
struct Watch(Lines);

impl Watch {
    fn start(cluster: &Cluster, namespace: &str) -> Result<Self> {
        let shown = "jsonpath={.metadata.name} {.status.phase}{\"\\n\"}";
        let watch = [
            "get",
            "pods",
            "--namespace",
            namespace,
            "--watch",
            "-o",
            shown,
        ];
        Lines::of(cluster, &watch).map(Self)
    }

    fn all_running(&self, until: Instant) -> Result<()> {
        let mut running = BTreeSet::new();
        while running.len() < GROUPS * PODS {
            let Some(line) = self.0.next(until) else {
                bail!(
                    "{} of {} Pods run after {} s",
                    running.len(),
                    GROUPS * PODS,
                    PATIENCE.as_secs()
                );
            };
            if let Some(name) = line.strip_suffix(" Running") {
                running.insert(name.to_owned());
            }
        }
        Ok(())
    }
}

fn pools() -> Vec<Pool> {
    let pool = |index| Pool::tpu(&format!("pool{index}"), "tpu-v5-lite-podslice", "4x8", 8, 4);
    (0..GROUPS).map(pool).chain([Pool::cpu("cpu", 1)]).collect()
}

/// How often admission refused a Pod, by the Events that the Job controller wrote.
fn refused(namespace: &TempNamespace<'_>) -> Result<u64> {
    let events = namespace.list("events")?;
    let refusals = events
        .iter()
        .filter(|event| event["reason"] == "FailedCreate")
        .map(|event| event["count"].as_u64().unwrap_or(1));
    Ok(refusals.sum())
}

/// Complete, so that our admission has nothing to add but the placement.
fn jobset(way: Way) -> Value {
    let annotations = match way.is_exclusive() {
        true => {
            json!({"alpha.jobset.sigs.k8s.io/exclusive-topology": "cloud.google.com/gke-nodepool"})
        }
        false => json!({}),
    };
    json!({
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": "groups", "annotations": annotations},
        "spec": {
            "failurePolicy": {"maxRestarts": 1},
            "replicatedJobs": [{"name": "slice", "replicas": GROUPS, "template": {"spec": {
                "parallelism": PODS,
                "completions": PODS,
                "completionMode": "Indexed",
                "backoffLimit": 0,
                "template": {"spec": pod()},
            }}}],
        },
    })
}

fn pod() -> Value {
    let empty = |name| json!({"name": name, "value": ""});
    json!({
        "restartPolicy": "Never",
        "hostNetwork": true,
        "dnsPolicy": "ClusterFirstWithHostNet",
        "nodeSelector": {
            "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
            "cloud.google.com/gke-tpu-topology": "4x8",
        },
        "containers": [{
            "name": "server",
            "image": "sax-model-server:v1.1.0",
            "args": ["--sax_cell=/sax/bench", "--port=10001", "--platform_chip=tpuv5e", "--platform_topology=4x8"],
            "ports": [{"containerPort": 8471}, {"containerPort": 10001}],
            "env": [
                {"name": "SAX_ROOT", "value": "gs://bench/sax-root"},
                empty("MEGASCALE_NUM_SLICES"),
                empty("MEGASCALE_SLICE_ID"),
                empty("MEGASCALE_COORDINATOR_ADDRESS"),
            ],
            "resources": {"requests": {"google.com/tpu": "4"}, "limits": {"google.com/tpu": "4"}},
        }],
    })
}
