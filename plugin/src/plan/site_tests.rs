//! Claims about the Google Cloud commands as text. What a shell does with them is tested with
//! real shells in `tests/plugin/gcloud.rs`.

use proptest::prelude::*;

use super::{Plan, Site, Wish, commands, plan};

fn planned(slice: &str, replicas: u32) -> Plan {
    let wish = Wish {
        slice: Some(slice.to_owned()),
        replicas,
        ..Wish::default()
    };
    plan(&wish).expect("must be planned")
}

fn site() -> Site {
    Site {
        namespace: "default".to_owned(),
        ..Site::default()
    }
}

#[test]
fn slices_of_several_vms_get_a_node_pool_each() {
    let text = commands(&planned("v5e:4x8", 2), &site());
    for pool in ["tpu1", "tpu2"] {
        assert!(
            text.contains(&format!(
                "gcloud container node-pools create \\\n    {pool} "
            )),
            "{text}"
        );
    }
    assert_eq!(text.matches("--num-nodes=8 ").count(), 2);
    assert_eq!(text.matches("--tpu-topology=4x8").count(), 2);
    assert_eq!(text.matches("--machine-type=ct5lp-hightpu-4t").count(), 2);
}

#[test]
fn slices_of_one_vm_are_the_nodes_of_one_pool_without_a_topology() {
    let text = commands(&planned("v5e:2x2", 3), &site());
    assert_eq!(text.matches("node-pools create").count(), 1);
    assert!(text.contains("--num-nodes=3\n"), "{text}");
    assert!(!text.contains("--tpu-topology"), "{text}");
}

#[test]
fn the_text_stays_short_whatever_the_replicas() {
    let text = commands(&planned("v5e:16x16", 1_000_000), &site());
    assert!(
        text.contains("while [ \"$number\" -le 1000000 ]; do"),
        "{text}"
    );
    // Two quotes make it one word of the shell; a third would end it early.
    assert_eq!(text.matches('\'').count(), 2, "{text}");
    assert!(text.len() < 4000, "{}", text.len());
}

#[test]
fn values_that_are_no_names_are_refused_with_one_fix() {
    let project = |value: &str| Site {
        project: Some(value.to_owned()),
        ..site()
    };
    let zone = |value: &str| Site {
        zone: Some(value.to_owned()),
        ..site()
    };
    let cluster = |value: &str| Site {
        cluster: Some(value.to_owned()),
        ..site()
    };
    let namespace = |value: &str| Site {
        namespace: value.to_owned(),
        ..site()
    };
    for (site, fix) in [
        (project("PROJECT_ID"), "give the real value to --project"),
        (
            project("My Project"),
            "give --project the id that `gcloud projects list` shows",
        ),
        (
            project("short"),
            "give --project the id that `gcloud projects list` shows",
        ),
        (
            zone("us-west4"),
            "write --zone us-west4-a, or another zone of it",
        ),
        (
            zone("here"),
            "give --zone a zone that `gcloud compute zones list` shows",
        ),
        (zone("COMPUTE_ZONE"), "give the real value to --zone"),
        (
            cluster("a b"),
            "give --gke-cluster the name that `gcloud container clusters list` shows",
        ),
        (namespace("$(id)"), "write --namespace default"),
        (namespace(""), "write --namespace default"),
    ] {
        let error = site.check().expect_err("must be refused");
        assert_eq!(error.fix(), fix, "{error}");
    }
    for good in ["us-west4-a", "us-south1-ai1b", "northamerica-northeast1-c"] {
        assert_eq!(zone(good).check(), Ok(()), "{good}");
    }
}

proptest! {
    #[test]
    fn a_value_that_passes_is_one_word_for_the_shell(value in "[ -~]{0,40}") {
        let all = Site {
            project: Some(value.clone()),
            zone: Some(value.clone()),
            cluster: Some(value.clone()),
            bucket: Some(value.clone()),
            namespace: value.clone(),
            deploy: Vec::new(),
        };
        let each = [
            Site { project: all.project.clone(), ..site() },
            Site { zone: all.zone.clone(), ..site() },
            Site { cluster: all.cluster.clone(), ..site() },
            Site { bucket: all.bucket.clone(), ..site() },
            Site { namespace: all.namespace, ..site() },
        ];
        for site in each {
            if site.check().is_ok() {
                prop_assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
            }
        }
    }
}
