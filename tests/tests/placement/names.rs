//! Names as long as Kubernetes takes them.

use super::cluster::turn;
use super::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};
use super::pools::{Nodes, VMS, pool, within};

/// Pods get `<JobSet>-slice-<job>-<index>-<five letters>`, and no more than 63 characters.
const JOBSET: usize = 63 - "-slice-0-0-abcde".len();

#[test]
fn a_namespace_of_forty_characters_and_the_longest_jobset_name_change_nothing() {
    let turn = turn();
    let mut nodes = pool("long", "longa", 2);
    nodes.extend(pool("long", "longb", 2));
    let _nodes = Nodes::create(&turn, nodes);
    let namespace = turn.namespace(&"n".repeat(38));
    assert!(namespace.name().len() >= 40, "{}", namespace.name());
    let jobset = within("long", &"j".repeat(JOBSET), 2).to_string();
    namespace.apply(&jobset).expect("must be created");
    let pods = running_pods(&namespace, 2 * VMS);
    assert_each_job_has_a_pool_of_its_own(turn.cluster, &pods, 2);
    let name = |pod: &serde_json::Value| pod["metadata"]["name"].as_str().map(str::len);
    assert!(pods.iter().all(|pod| name(pod) == Some(63)));
}
