//! Properties of completing new objects: everything comes back, nothing is overwritten, and a
//! second pass has nothing to do.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Outcome, create, includes, remove, tutorial};

const PODS: &str = "/spec/replicatedJobs/0/template/spec/template/spec";

/// What can be taken out of the tutorial's manifest and comes back. Later ones first in a list.
const PARTS: [&str; 12] = [
    "/containers/0/resources/requests",
    "/containers/0/resources/limits",
    "/containers/0/env/1",
    "/containers/0/env",
    "/containers/0/ports/1",
    "/containers/0/ports",
    "/nodeSelector/cloud.google.com~1gke-tpu-topology",
    "/nodeSelector/cloud.google.com~1gke-tpu-accelerator",
    "/nodeSelector",
    "/dnsPolicy",
    "/hostNetwork",
    "/containers/0/args",
];

fn with_slice() -> Value {
    let mut jobset = tutorial();
    jobset["metadata"]["annotations"]["kubectl-sax.dev/slice"] = json!("v5e:4x8");
    jobset
}

fn pods(object: &Value) -> &Value {
    object.pointer(PODS).unwrap()
}

fn assert_idempotent(outcome: &Outcome, settings: &Value) {
    let second = create(&outcome.object, settings);
    assert!(second.is_untouched(), "{}", second.patch);
    assert_eq!(second.findings, outcome.findings);
}

#[test]
fn the_tutorial_is_only_completed() {
    let outcome = create(&tutorial(), &json!({}));
    assert_eq!(outcome.findings, []);
    let env = format!("{PODS}/containers/0/env");
    assert_eq!(
        outcome.patch,
        json!([
            {"op": "add", "path": format!("{env}/2"),
             "value": {"name": "MEGASCALE_SLICE_ID", "value": ""}},
            {"op": "add", "path": format!("{env}/3"),
             "value": {"name": "MEGASCALE_COORDINATOR_ADDRESS", "value": ""}},
        ])
    );
    assert_idempotent(&outcome, &json!({}));
}

#[test]
fn with_the_tutorials_own_vector_there_is_nothing_to_add() {
    let settings = json!({"servingVector": "num-slices"});
    let outcome = create(&tutorial(), &settings);
    assert!(outcome.is_untouched(), "{}", outcome.patch);
}

#[test]
fn each_part_that_is_taken_out_comes_back() {
    let whole = create(&with_slice(), &json!({})).object;
    for part in PARTS {
        if part.ends_with("/args") || part.ends_with("/env") || part.ends_with("/ports") {
            continue;
        }
        let mut jobset = with_slice();
        remove(&mut jobset, &format!("{PODS}{part}"));
        let outcome = create(&jobset, &json!({}));
        assert_eq!(outcome.findings, [], "{part}");
        assert!(
            same_pods(&outcome.object, &whole),
            "{part}: {}",
            outcome.patch
        );
        assert_idempotent(&outcome, &json!({}));
    }
}

/// Equal but for the order of lists and members.
fn same_pods(one: &Value, other: &Value) -> bool {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Array(elements) => {
                let mut elements: Vec<Value> = elements.iter().map(sorted).collect();
                elements.sort_by_key(Value::to_string);
                Value::Array(elements)
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(key, _)| key.to_owned());
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key.clone(), sorted(value)));
                Value::Object(members.collect())
            }
            other => other.clone(),
        }
    }
    sorted(pods(one)) == sorted(pods(other))
}

#[test]
fn absent_empty_null_and_filled_env_end_up_the_same() {
    let mut ends = Vec::new();
    for env in [None, Some(json!([])), Some(Value::Null)] {
        let mut jobset = tutorial();
        let container = jobset.pointer_mut(&format!("{PODS}/containers/0")).unwrap();
        match env {
            None => drop(container.as_object_mut().unwrap().shift_remove("env")),
            Some(env) => container["env"] = env,
        }
        let outcome = create(&jobset, &json!({}));
        assert_idempotent(&outcome, &json!({}));
        ends.push(pods(&outcome.object)["containers"][0]["env"].clone());
    }
    assert_eq!(ends[0].as_array().unwrap().len(), 3);
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}

#[test]
fn null_members_are_absent_members() {
    for part in ["hostNetwork", "dnsPolicy", "nodeSelector"] {
        let (mut absent, mut null) = (with_slice(), with_slice());
        remove(&mut absent, &format!("{PODS}/{part}"));
        *null.pointer_mut(&format!("{PODS}/{part}")).unwrap() = Value::Null;
        let (absent, null) = (create(&absent, &json!({})), create(&null, &json!({})));
        assert!(same_pods(&absent.object, &null.object), "{part}");
    }
}

#[test]
fn a_default_accelerator_brings_the_selectors_back() {
    let mut jobset = tutorial();
    remove(&mut jobset, &format!("{PODS}/nodeSelector"));
    let settings = json!({"defaultAccelerator": "v5e"});
    let outcome = create(&jobset, &settings);
    assert_eq!(
        pods(&outcome.object)["nodeSelector"],
        pods(&tutorial())["nodeSelector"]
    );
    assert_idempotent(&outcome, &settings);
}

#[test]
fn every_slice_of_the_catalogue_can_be_named_by_one_annotation() {
    for accelerator in tpu::Accelerator::all() {
        for topology in accelerator.published() {
            let (slice, _) = tpu::Slice::new(accelerator, topology).unwrap();
            for chips in slice.chips_per_vm_choices() {
                assert_named(&slice, chips);
            }
        }
    }
}

fn assert_named(slice: &tpu::Slice, chips: u32) {
    let mut jobset = with_slice();
    let name = format!("{}:{}", slice.accelerator().label(), slice.topology());
    jobset["metadata"]["annotations"]["kubectl-sax.dev/slice"] = json!(name);
    let vms = slice.vms(chips).unwrap();
    let job = jobset
        .pointer_mut("/spec/replicatedJobs/0/template/spec")
        .unwrap();
    job["parallelism"] = json!(vms);
    let pods = &mut job["template"]["spec"];
    for part in ["nodeSelector", "hostNetwork", "dnsPolicy"] {
        pods.as_object_mut().unwrap().shift_remove(part);
    }
    let chips = json!({"google.com/tpu": chips});
    pods["containers"][0]["resources"] = json!({"limits": chips, "requests": chips});
    let outcome = create(&jobset, &json!({}));
    assert!(outcome.is_allowed(), "{name}: {:?}", outcome.findings);
    let pods = self::pods(&outcome.object);
    let selector = &pods["nodeSelector"];
    assert_eq!(
        selector[tpu::keys::TOPOLOGY_LABEL],
        slice.topology().to_string()
    );
    assert_eq!(
        selector[tpu::keys::ACCELERATOR_LABEL],
        slice.accelerator().label()
    );
    assert_eq!(pods["hostNetwork"] == json!(true), vms > 1, "{name}");
    let has_count = selector.get(tpu::keys::CHIPS_PER_VM_LABEL).is_some();
    assert_eq!(has_count, slice.is_ambiguous() && vms > 1, "{name}");
    assert_idempotent(&outcome, &json!({}));
}

#[test]
fn several_replicated_jobs_get_ids_from_0_to_n_minus_1() {
    let names = |kinds: &str| -> Vec<String> {
        let outcome = create(&multislice(kinds), &json!({}));
        assert_idempotent(&outcome, &json!({}));
        let jobs = outcome.object["spec"]["replicatedJobs"]
            .as_array()
            .unwrap()
            .clone();
        jobs.iter().map(slice_id).collect()
    };
    assert_eq!(names("1"), ["job-index"]);
    assert_eq!(names("3"), ["job-index"]);
    assert_eq!(names("11"), ["0", "1"]);
    assert_eq!(names("c11"), ["", "0", "1"]);
    assert_eq!(names("21c"), ["job-global-index", "job-global-index", ""]);
    let outcome = create(&multislice("c21"), &json!({}));
    assert_eq!(outcome.codes(), ["TPU109", "TPU112"]);
    assert!(!outcome.is_allowed());
}

/// A JobSet with one replicatedJob per letter: `c` without TPUs, a digit with so many slices.
fn multislice(kinds: &str) -> Value {
    let mut jobset = with_slice();
    let annotations = jobset["metadata"]["annotations"].as_object_mut().unwrap();
    annotations.insert("kubectl-sax.dev/megascale".to_owned(), json!("multislice"));
    if kinds.contains('c') && kinds.contains('2') {
        annotations.shift_remove("alpha.jobset.sigs.k8s.io/exclusive-topology");
    }
    let mut template = jobset["spec"]["replicatedJobs"][0].take();
    template["template"]["spec"]["template"]["spec"]["containers"][0]["env"] = Value::Null;
    let jobs = kinds.chars().enumerate().map(|(at, kind)| {
        let mut job = template.clone();
        job["name"] = json!(format!("job{at}"));
        job["replicas"] = json!(kind.to_digit(10).unwrap_or(1));
        if kind == 'c' {
            job["template"]["spec"]["template"]["spec"]["containers"][0]["resources"] = Value::Null;
        }
        job
    });
    jobset["spec"]["replicatedJobs"] = jobs.collect();
    jobset
}

fn slice_id(job: &Value) -> String {
    let env = &job["template"]["spec"]["template"]["spec"]["containers"][0]["env"];
    let variables = env.as_array().cloned().unwrap_or_default();
    let id = variables
        .iter()
        .find(|env| env["name"] == "MEGASCALE_SLICE_ID");
    let Some(id) = id else {
        return String::new();
    };
    match id["value"].as_str() {
        Some(value) => value.to_owned(),
        None => {
            let path = id["valueFrom"]["fieldRef"]["fieldPath"].as_str().unwrap();
            path.split(['/', '\'']).nth(2).unwrap().to_owned()
        }
    }
}

fn settings() -> impl Strategy<Value = Value> {
    let accelerator = prop_oneof![Just(Value::Null), Just(json!("v5e")), Just(json!("v6e"))];
    let network = prop_oneof![Just("inject"), Just("check"), Just("off")];
    let vector = prop_oneof![Just("all"), Just("num-slices")];
    let exclusive = prop_oneof![
        Just(Value::Null),
        Just(json!("cloud.google.com/gke-nodepool"))
    ];
    (accelerator, network, vector, exclusive).prop_map(
        |(accelerator, network, vector, exclusive)| {
            json!({
                "defaultAccelerator": accelerator,
                "hostNetwork": network,
                "servingVector": vector,
                "exclusiveTopology": exclusive,
            })
        },
    )
}

/// The tutorial with parts taken out, other values, annotations and kinds.
fn mutation() -> impl Strategy<Value = Value> {
    let parts = proptest::sample::subsequence(PARTS.to_vec(), 0..6);
    let slice = prop_oneof![
        Just(None),
        Just(Some("v5e:4x8")),
        Just(Some("v6e:2x4")),
        Just(Some("tpu7x:2x2x2")),
        Just(Some("v5e:2x2")),
        Just(Some("nonsense")),
    ];
    let mode = prop_oneof![
        Just(None),
        Just(Some("serving")),
        Just(Some("multislice")),
        Just(Some("off")),
    ];
    let values = (0_u8..64, 1_i64..4, prop_oneof![Just(4), Just(8), Just(1)]);
    let kind = prop_oneof![Just("JobSet"), Just("Job"), Just("Pod"), Just("Deployment")];
    (parts, slice, mode, values, kind).prop_map(
        |(parts, slice, mode, (flags, replicas, chips), kind)| {
            let mut jobset = tutorial();
            vary(&mut jobset, flags, replicas, chips);
            for part in parts {
                if jobset.pointer(&format!("{PODS}{part}")).is_some() {
                    remove(&mut jobset, &format!("{PODS}{part}"));
                }
            }
            for (key, value) in [("slice", slice), ("megascale", mode)] {
                if let Some(value) = value {
                    jobset["metadata"]["annotations"][format!("kubectl-sax.dev/{key}")] =
                        json!(value);
                }
            }
            as_kind(jobset, kind)
        },
    )
}

fn vary(jobset: &mut Value, flags: u8, replicas: i64, chips: i64) {
    jobset["spec"]["replicatedJobs"][0]["replicas"] = json!(replicas);
    let pods = jobset.pointer_mut(PODS).unwrap();
    pods["containers"][0]["resources"]["limits"]["google.com/tpu"] = json!(chips);
    if flags & 1 != 0 {
        pods["hostNetwork"] = json!(false);
    }
    if flags & 2 != 0 {
        pods["dnsPolicy"] = json!("ClusterFirst");
    }
    if flags & 4 != 0 {
        pods["containers"][0]["env"][1]["value"] = json!("2");
    }
    if flags & 8 != 0 {
        let twin = pods["containers"][0]["env"][1].clone();
        pods["containers"][0]["env"]
            .as_array_mut()
            .unwrap()
            .push(twin);
    }
    if flags & 16 != 0 {
        let mut init = pods["containers"][0].clone();
        init["name"] = json!("init");
        init["env"] = json!([]);
        pods["initContainers"] = json!([init]);
    }
    if flags & 32 != 0 {
        let annotations = jobset["metadata"]["annotations"].as_object_mut().unwrap();
        annotations.clear();
    }
}

fn as_kind(jobset: Value, kind: &str) -> Value {
    let job = &jobset["spec"]["replicatedJobs"][0]["template"]["spec"];
    let (api_version, spec) = match kind {
        "JobSet" => return jobset,
        "Job" => ("batch/v1", job.clone()),
        "Pod" => ("v1", job["template"]["spec"].clone()),
        _ => ("apps/v1", json!({"template": job["template"]})),
    };
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": jobset["metadata"],
        "spec": spec,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_second_pass_has_nothing_to_do_and_nothing_is_overwritten(
        object in mutation(),
        settings in settings(),
    ) {
        let outcome = create(&object, &settings);
        let second = create(&outcome.object, &settings);
        prop_assert!(second.is_untouched(), "{}", second.patch);
        prop_assert_eq!(&second.findings, &outcome.findings);
        // `ClusterFirst` is the one value that is replaced: it is the API's own default.
        let mut said = object.clone();
        let places = [
            "/spec/dnsPolicy",
            "/spec/template/spec/dnsPolicy",
            "/spec/replicatedJobs/0/template/spec/template/spec/dnsPolicy",
        ];
        for place in places {
            if said.pointer(place) == Some(&json!("ClusterFirst")) {
                remove(&mut said, place);
            }
        }
        prop_assert!(includes(&outcome.object, &said), "{}", outcome.patch);
    }
}
