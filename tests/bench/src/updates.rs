//! How soon an update of a policy is enforced on every replica.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sax_tests::controlplane::Cluster;
use sax_tests::controlplane::pools::default_pools;
use sax_tests::controlplane::webhook::{Options, Replica, leader};
use sax_tests::product::Product;
use serde_json::json;
use xtask::guard::Guard;
use xtask::workspace_root;

use crate::guest::marked;
use crate::lines::Lines;
use crate::row::Row;
use crate::sample::Sample;

const BUDGET: Duration = Duration::from_secs(1);
/// Each with bytes that nobody has compiled before.
const UPDATES: u8 = 30;
/// For one update; it takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// The policy that is updated, and its size's example.
const NAME: &str = "tpu-shape";
/// The digest in force, and whether all replicas judge by it.
const SAID: &str = "jsonpath={.status.inForce.digest} \
                    {.status.conditions[?(@.type==\"Enforced\")].status}{\"\\n\"}";

/// Measures updates of a policy with two replicas, from before `kubectl apply` until its status
/// says that it is enforced.
pub(crate) fn measure(product: &Product) -> Result<Vec<Row>> {
    let name = format!("bench-updates-{}", std::process::id());
    let program = product.webhook.with_file_name("controlplane");
    let guard = Guard::start(&program, &name)?;
    let cluster = Cluster::up(&workspace_root(), &name, &default_pools())?;
    let replica = |name| Replica::start(&cluster, product, name, Options::default());
    let (first, _second) = (replica("webhook")?, replica("webhook-2")?);
    first.register(&cluster, product)?;
    leader(&cluster)?;
    let builtin = policies::builtin().iter().find(|one| one.name == NAME);
    let component = builtin.context("find the built-in policy")?.component;
    update(&cluster, component)?;
    let lines = Lines::of(
        &cluster,
        &["get", "wasmpolicy", "bench", "--watch", "-o", SAID],
    )?;
    let mut mark = 0;
    let sample = Sample::of_runs(usize::from(UPDATES), || {
        mark += 1;
        let component = marked(component, mark);
        let start = Instant::now();
        update(&cluster, &component)?;
        enforced(&lines, &runtime::digest(&component), start)
    })?;
    guard.end()?;
    let what = "policy update to enforced on every replica";
    let note = format!(
        "a component of {} KB that nobody has compiled, two replicas, from before kubectl apply \
         until the status says so; {UPDATES} updates",
        component.len() / 1000
    );
    Ok(vec![
        Row::of_time("policy-update", what, BUDGET, &sample).noting(note),
    ])
}

/// As `policy install` does it, but checked nowhere else.
fn update(cluster: &Cluster, component: &[u8]) -> Result<()> {
    let digest = runtime::digest(component);
    let short: String = digest.chars().skip("sha256:".len()).take(12).collect();
    let map = format!("bench-{short}");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        {
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": map, "namespace": "kubectl-sax-system"},
            "binaryData": {"policy.wasm": STANDARD.encode(component)},
        },
        {
            "apiVersion": "kubectl-sax.dev/v1alpha1", "kind": "WasmPolicy",
            "metadata": {"name": "bench"},
            "spec": {
                "module": {"configMap": {"name": map}},
                "grants": [{"apiVersion": "batch/v1", "kind": "Job"}],
            },
        },
    ]});
    let apply = ["apply", "--server-side", "-f", "-"];
    cluster.kubectl().run_with(&apply, &list.to_string())?;
    Ok(())
}

fn enforced(lines: &Lines, digest: &str, start: Instant) -> Result<Duration> {
    let wanted = format!("{digest} True");
    let mut last = String::new();
    while let Some(line) = lines.next(start + PATIENCE) {
        if line == wanted {
            return Ok(start.elapsed());
        }
        last = line;
    }
    bail!(
        "not enforced after {} s; last seen: {last}",
        PATIENCE.as_secs()
    )
}
