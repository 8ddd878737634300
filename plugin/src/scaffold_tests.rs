//! Claims about the scaffold.

use proptest::prelude::*;
use serde_json::Value;
use tpu::sax::CellName;

use super::{Expose, Images, Names, Object, Request, objects};
use crate::plan::{Plan, Wish, plan};

fn request(name: &str) -> Request {
    Request {
        names: Names::of(name).expect("must be a name"),
        namespace: "default".to_owned(),
        bucket: "my-bucket".to_owned(),
        cell: CellName::parse("/sax/test").expect("must be a cell"),
        google_service_account: Some("sax@p.iam.gserviceaccount.com".to_owned()),
        service_account: format!("{name}-sa"),
        service_account_is_given: false,
        expose: Expose::None,
        images: Images::of(None),
    }
}

fn tutorial_plan(replicas: u32, slice: Option<&str>) -> Plan {
    plan(&Wish {
        model: slice
            .is_none()
            .then(|| "lm_cloud.LmCloudSpmd175B32Test".to_owned()),
        slice: slice.map(str::to_owned),
        replicas,
        model_image: Images::of(None).model,
        ..Wish::default()
    })
    .expect("must be plannable")
}

fn of_kind<'a>(objects: &'a [Object], kind: &str) -> &'a Value {
    let found = objects.iter().find(|object| object.kind == kind);
    &found.expect("must be there").value
}

#[test]
fn the_tutorials_objects_come_in_the_order_of_their_needs() {
    let objects = objects(&request("sax"), &tutorial_plan(2, None));
    let names: Vec<_> = objects.iter().map(Object::display_name).collect();
    assert_eq!(
        names,
        [
            "serviceaccount/sax-sa",
            "deployment.apps/sax-admin-server",
            "jobset.jobset.x-k8s.io/sax-model-server-set",
            "deployment.apps/sax-http",
            "service/sax-http-lb",
        ]
    );
}

#[test]
fn the_jobset_says_what_the_tutorials_says() {
    let objects = objects(&request("sax"), &tutorial_plan(2, None));
    let jobset = of_kind(&objects, "JobSet");
    let at = |pointer: &str| jobset.pointer(pointer).cloned().unwrap_or_default();
    let job = "/spec/replicatedJobs/0/template/spec";
    assert_eq!(at("/spec/failurePolicy/maxRestarts"), 4);
    assert_eq!(at("/spec/replicatedJobs/0/replicas"), 2);
    for (field, number) in [("parallelism", 8), ("completions", 8), ("backoffLimit", 0)] {
        assert_eq!(at(&format!("{job}/{field}")), number, "{field}");
    }
    let container = format!("{job}/template/spec/containers/0");
    assert_eq!(
        at(&format!("{container}/resources/limits")),
        serde_json::json!({"google.com/tpu": "4"})
    );
    assert_eq!(
        at(&format!("{container}/args")),
        serde_json::json!([
            "--port=10001",
            "--sax_cell=/sax/test",
            "--platform_chip=tpuv5e",
            "--platform_topology=4x8"
        ])
    );
}

#[test]
fn who_is_on_the_nodes_network_has_no_service_account_that_does_nothing_there() {
    let account = |slice, is_given| {
        let request = Request {
            service_account_is_given: is_given,
            ..request("sax")
        };
        let objects = objects(&request, &tutorial_plan(1, Some(slice)));
        let pods = "/spec/replicatedJobs/0/template/spec/template/spec";
        let pods = of_kind(&objects, "JobSet").pointer(pods).cloned();
        pods.expect("must be there")["serviceAccountName"].clone()
    };
    assert_eq!(account("v5e:4x8", false), Value::Null);
    assert_eq!(account("v5e:4x8", true), "sax-sa");
    assert_eq!(account("v5e:2x2", false), "sax-sa");
}

#[test]
fn slices_of_one_vm_need_neither_host_network_nor_a_pool_of_their_own() {
    let objects = objects(&request("sax"), &tutorial_plan(2, Some("v5e:2x2")));
    let text = of_kind(&objects, "JobSet").to_string();
    for word in ["hostNetwork", "exclusive-topology", "MEGASCALE", "8471"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn nothing_is_public_unless_asked_for() {
    let service = |expose| {
        let request = Request {
            expose,
            ..request("sax")
        };
        of_kind(&objects(&request, &tutorial_plan(1, None)), "Service").clone()
    };
    assert_eq!(service(Expose::None)["spec"]["type"], "ClusterIP");
    let internal = service(Expose::Internal);
    assert_eq!(
        internal["metadata"]["annotations"]["networking.gke.io/load-balancer-type"],
        "Internal"
    );
    let external = service(Expose::External);
    assert_eq!(external["spec"]["type"], "LoadBalancer");
    assert_eq!(external["metadata"].get("annotations"), None);
}

fn refused(request: &Request) -> (String, String) {
    let error = request
        .check(&tutorial_plan(2, None))
        .expect_err("must be refused");
    (error.to_string(), error.fix())
}

#[test]
fn placeholders_and_schemes_in_the_bucket_are_refused() {
    for (bucket, message, fix) in [
        (
            "BUCKET_NAME",
            "\"BUCKET_NAME\" is a placeholder",
            "give the real value to --bucket",
        ),
        (
            "PROJECT_ID-gke-bucket",
            "\"PROJECT_ID\" is a placeholder",
            "give the real value to --bucket",
        ),
        (
            "gs://b-1/sax-root",
            "must be the bare name",
            "write --bucket b-1",
        ),
        (
            "my-bucket/",
            "must be the bare name",
            "write --bucket my-bucket",
        ),
        (
            "My_Bucket",
            "3 to 63 lower-case letters",
            "give --bucket the name that `gcloud storage buckets list` shows",
        ),
    ] {
        let request = Request {
            bucket: bucket.to_owned(),
            ..request("sax")
        };
        let (error, found_fix) = refused(&request);
        assert!(error.contains(message), "{error}");
        assert_eq!(found_fix, fix);
    }
}

#[test]
fn a_name_that_makes_pod_names_too_long_says_how_much_to_cut() {
    let name = "a-name-of-23-characters";
    let (error, fix) = refused(&request(name));
    assert_eq!(
        error,
        format!(
            "NAME \"{name}\": the Pod name \"{name}-model-server-set-sax-model-server-1-7-xxxxx\" \
             would have 67 characters, the limit is 63"
        )
    );
    assert_eq!(fix, "cut 4 characters from NAME");
}

#[test]
fn a_name_that_is_no_label_gets_a_suggestion() {
    for (name, fix) in [
        ("Sax", "write sax"),
        ("1sax", "write sax"),
        ("my_sax", "write my-sax"),
        ("é", "take a name such as sax"),
    ] {
        let error = Names::of(name).expect_err("must be refused");
        assert_eq!(error.fix(), fix);
    }
}

proptest! {
    #[test]
    fn accepted_names_never_make_names_that_are_too_long(
        name in "[a-z][a-z0-9-]{0,30}[a-z0-9]",
        replicas in 1_u32..2000,
    ) {
        let plan = tutorial_plan(replicas, None);
        let request = request(&name);
        if request.check(&plan).is_ok() {
            for object in objects(&request, &plan) {
                prop_assert!(object.name.len() <= 63);
            }
            let pod = format!("{name}-model-server-set-sax-model-server-{}-7-abcde", replicas - 1);
            prop_assert!(pod.len() <= 63);
        }
    }
}
