//! What tests ask of Pods: do they run, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sax_tests::controlplane::Cluster;
use sax_tests::namespace::TempNamespace;
use sax_tests::wait::{Look, until};
use serde_json::Value;

/// For all Pods of a test to be Running; it takes seconds.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits for exactly `count` Pods, all Running.
pub(crate) fn running_pods(namespace: &TempNamespace<'_>, count: usize) -> Vec<Value> {
    let what = format!("{count} Pods to be Running in {}", namespace.name());
    let pods = until(&what, DEADLINE, || {
        let pods = namespace.list("pods")?;
        let running = pods
            .iter()
            .filter(|pod| pod["status"]["phase"] == "Running")
            .count();
        Ok(if (pods.len(), running) == (count, count) {
            Look::Ready(pods)
        } else {
            Look::Waiting(format!("{running} of {} are", pods.len()))
        })
    });
    pods.unwrap_or_else(|error| panic!("{error:#}"))
}

/// Every Job's Pods are on one pool, and no two Jobs share one.
pub(crate) fn assert_each_job_has_a_pool_of_its_own(
    cluster: &Cluster,
    pods: &[Value],
    jobs: usize,
) {
    let pools = pool_of_each_node(cluster);
    let mut pools_of_jobs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for pod in pods {
        let node = pod["spec"]["nodeName"]
            .as_str()
            .expect("a Running Pod must have a node");
        let job = pod["metadata"]["labels"]["batch.kubernetes.io/job-name"].as_str();
        if let Some(job) = job {
            pools_of_jobs.entry(job).or_default().insert(&pools[node]);
        }
    }
    assert_eq!(pools_of_jobs.len(), jobs, "{pools_of_jobs:?}");
    assert!(
        pools_of_jobs.values().all(|pools| pools.len() == 1),
        "{pools_of_jobs:?}"
    );
    let used: BTreeSet<_> = pools_of_jobs.values().flatten().collect();
    assert_eq!(used.len(), jobs, "{pools_of_jobs:?}");
}

fn pool_of_each_node(cluster: &Cluster) -> BTreeMap<String, String> {
    let nodes = cluster
        .kubectl()
        .list(&["nodes"])
        .expect("the nodes must be listed");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    nodes
        .iter()
        .map(|node| {
            (
                text(&node["metadata"]["name"]),
                text(&node["metadata"]["labels"]["cloud.google.com/gke-nodepool"]),
            )
        })
        .collect()
}
