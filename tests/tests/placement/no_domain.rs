//! `--when-no-domain release`: where pools scale from zero, a group that no domain can hold goes
//! without one, for an autoscaler to see.

use serde_json::{Value, json};

use super::broken::released_pods;
use super::cluster::turn;
use super::leaders::Rearmed;
use super::placed::running_pods;
use super::pools::{Nodes, VMS, pool, within};
use super::waits::event;

const POOL: &str = "cloud.google.com/gke-nodepool";

/// The pools that a Pod's affinity keeps it off.
fn excluded(pod: &Value) -> Vec<&str> {
    let path = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution\
                /nodeSelectorTerms/0/matchExpressions/0";
    let expression = pod.pointer(path).unwrap_or(&Value::Null);
    assert_eq!(
        (&expression["key"], &expression["operator"]),
        (&json!(POOL), &json!("NotIn"))
    );
    let values = expression["values"].as_array().into_iter().flatten();
    values.filter_map(Value::as_str).collect()
}

#[test]
fn a_group_that_no_domain_can_hold_goes_off_all_that_exist_to_the_next_that_comes() {
    let turn = turn();
    let _replicas = Rearmed::with(&turn, &["--when-no-domain", "release"]);
    let mut small = pool("none", "nonea", 2);
    let missing = small.split_off(1);
    let nodes = Nodes::create(&turn, small);
    let [first, second, third] = ["first", "second", "third"].map(|name| turn.namespace(name));
    let apply = |namespace: &sax_tests::namespace::TempNamespace<'_>, name: &str| {
        let jobset = within("none", name, 1).to_string();
        namespace.apply(&jobset).expect("must be created");
    };
    apply(&first, "a");
    let said = event(&first, "Released");
    assert!(
        said.contains("not promised that they land together"),
        "{said}"
    );
    for pod in released_pods(&first) {
        let excluded = excluded(&pod);
        assert!(excluded.contains(&"nonea"), "{excluded:?}");
        assert!(excluded.contains(&"tpu1"), "{excluded:?}");
        assert_eq!(pod["spec"]["nodeSelector"][POOL], Value::Null);
    }
    // One at a time: the second waits until the first is bound, or for a domain.
    apply(&second, "b");
    event(&second, "WaitingForDomain");
    nodes.add(missing);
    assert_eq!(turn.pools_of(&running_pods(&second, VMS)), ["nonea"]);
    let pods = first.list("pods").expect("must be listed");
    assert!(pods.iter().all(|pod| pod["spec"]["nodeName"].is_null()));
    nodes.add(pool("none", "noneb", 2));
    assert_eq!(turn.pools_of(&running_pods(&first, VMS)), ["noneb"]);
    apply(&third, "c");
    event(&third, "Released");
    for pod in released_pods(&third) {
        assert!(excluded(&pod).contains(&"noneb"));
    }
}
