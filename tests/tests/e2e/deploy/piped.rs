//! What `deploy -o yaml` prints is what kubectl applies.

use super::generations;
use super::session::{Deployment, NOWHERE};
use crate::shared::{admitted, temporary};

#[test]
fn kubectl_apply_takes_the_printed_objects_and_a_deploy_over_them_changes_nothing() {
    for (purpose, apply) in [
        ("piped-client", &["apply", "-f", "-"][..]),
        ("piped-server", &["apply", "--server-side", "-f", "-"]),
    ] {
        let deployment = Deployment::of(admitted(), temporary(admitted(), purpose));
        let printed = [&NOWHERE[..], &["--dry-run=client", "-o", "yaml"]].concat();
        let printed = deployment.deploy_ends(0, &printed).stdout;
        for _ in 0..2 {
            let applied = deployment.namespace.run_with(apply, &printed);
            applied.unwrap_or_else(|error| panic!("{purpose}: {error:#}"));
        }
        let before = generations(&deployment.namespace);
        assert_eq!(before.len(), 3, "{before:?}");
        deployment.deploy_ends(0, &NOWHERE);
        assert_eq!(generations(&deployment.namespace), before, "{purpose}");
        let applied = deployment.namespace.run_with(apply, &printed);
        applied.unwrap_or_else(|error| panic!("{purpose}: {error:#}"));
        assert_eq!(generations(&deployment.namespace), before, "{purpose}");
    }
}

#[test]
fn what_is_printed_after_an_apply_shows_the_stored_objects_as_kubectl_does() {
    let deployment = Deployment::in_new_namespace(admitted(), "piped-stored");
    let answer = deployment.deploy_ends(0, &[&NOWHERE[..], &["-o", "json"]].concat());
    let list: serde_json::Value = serde_json::from_str(&answer.stdout).expect("must be JSON");
    let items = list["items"].as_array().expect("must be a list");
    assert_eq!(items.len(), 5);
    for item in items {
        assert!(item["metadata"]["uid"].is_string(), "{item:#}");
        assert!(item["metadata"].get("managedFields").is_none(), "{item:#}");
    }
}
