//! Claims about what a WasmPolicy's status says.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use axum::http::{Request, Response};
use kube::Client;
use kube::api::DynamicObject;
use runtime::{Engine, EngineOptions};

use super::super::catalogue::{Key, Outcome};
use super::super::module::Refusal;
use super::super::report::Report;
use super::*;
use crate::reads::{Caps, Mirror, State};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&EngineOptions::default()).unwrap());

/// A WasmPolicy of this generation, with a status.
fn resource(generation: i64, status: Value) -> Resource {
    let object: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "kubectl-sax.dev/v1alpha1", "kind": "WasmPolicy",
        "metadata": {"name": "p", "uid": "u", "generation": generation},
        "spec": {"module": {"builtin": "exclusive-placement"}, "mode": "warn"},
        "status": status,
    }))
    .unwrap();
    Resource::read(&object)
}

fn good(generation: i64) -> Good {
    static ENTRY: LazyLock<Entry> = LazyLock::new(|| {
        let document = resource(1, Value::Null).document.unwrap();
        let component = document.builtin_component().unwrap().unwrap();
        document.load(&ENGINE, component).unwrap()
    });
    Good {
        generation,
        digest: "sha256:a".to_owned(),
        spec: json!({"order": generation}),
        entry: ENTRY.clone(),
    }
}

/// A catalogue after tries of these generations; false were refused.
fn catalogue(tries: &[(i64, bool)]) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (generation, succeeds) in tries {
        let key = Key {
            uid: "u".to_owned(),
            generation: *generation,
            module: None,
            images: Vec::new(),
            unread: None,
        };
        let outcome = Outcome {
            good: succeeds.then(|| good(*generation)),
            refused: (!succeeds).then_some(Refusal::File),
        };
        catalogue.take("p".to_owned(), key, outcome, Instant::now());
    }
    catalogue
}

fn replica(name: &str, tries: &[(i64, bool)]) -> Replica {
    let report = match tries {
        [] => Report::default(),
        tries => catalogue(tries).report(),
    };
    Replica {
        name: name.to_owned(),
        report,
    }
}

/// Status, reason and message of the three conditions.
fn said(own: &[(i64, bool)], replicas: &[Replica], registered: Registered) -> [[String; 3]; 3] {
    let view = View {
        catalogue: &catalogue(own),
        replicas,
        registered,
        reads: None,
    };
    view.conditions(&resource(2, Value::Null))
        .map(|one| [one.status.to_owned(), one.reason.to_owned(), one.message])
}

fn statuses(said: &[[String; 3]; 3]) -> [&str; 3] {
    said.each_ref().map(|[status, _, _]| status.as_str())
}

#[test]
fn a_policy_is_enforced_when_every_replica_has_it_and_the_api_server_sends_it() {
    let both = [replica("a", &[(2, true)]), replica("b", &[(2, true)])];
    let all = said(&[(2, true)], &both, Registered::Yes);
    assert_eq!(statuses(&all), ["True"; 3], "{all:?}");
    assert_eq!(all[2][2], "mode warn, on 2 replicas");
    for (registered, told) in [
        (Registered::Missing, "webhook install"),
        (Registered::Paused, "webhook pause"),
        (Registered::Behind, "yet"),
    ] {
        let all = said(&[(2, true)], &both, registered);
        assert_eq!(statuses(&all), ["True", "True", "False"]);
        assert!(all[2][2].contains(told), "{all:?}");
    }
}

#[test]
fn a_replica_that_lacks_it_is_named() {
    for lacking in [&[(1, true)][..], &[], &[(1, true), (2, false)]] {
        let both = [replica("a", &[(2, true)]), replica("b", lacking)];
        let all = said(&[(2, true)], &both, Registered::Yes);
        assert_eq!(statuses(&all), ["True", "False", "False"]);
        assert!(all[1][2].starts_with("on 1 of 2 replicas; b: "), "{all:?}");
    }
    let none = said(&[(2, true)], &[], Registered::Yes);
    assert_eq!(none[2][..2], ["False", "NoReplicas"]);
}

#[test]
fn a_bad_one_says_why_and_what_stays() {
    let tries = [(1, true), (2, false)];
    let all = said(&tries, &[replica("a", &tries)], Registered::Yes);
    assert_eq!(statuses(&all), ["False"; 3]);
    assert_eq!(all[0][1], "InvalidSpec");
    assert!(
        all[0][2].ends_with("; generation 1 stays in force"),
        "{all:?}"
    );
    let first = said(&[(2, false)], &[], Registered::Yes);
    assert!(!first[0][2].contains("stays"), "{first:?}");
}

#[test]
fn what_is_in_force_is_told_with_its_spec_so_that_a_new_replica_can_load_it() {
    let view = View {
        catalogue: &catalogue(&[(1, true), (2, false)]),
        replicas: &[replica("a", &[(1, true)])],
        registered: Registered::Yes,
        reads: None,
    };
    let resource = resource(2, Value::Null);
    let status = view.status(&resource, &view.conditions(&resource), "now");
    assert_eq!(status["observedGeneration"], 2);
    assert_eq!(status["inForce"]["generation"], 1);
    assert_eq!(status["inForce"]["spec"], json!({"order": 1}));
    let replicas = json!([{"name": "a", "generation": 1, "digest": "sha256:a"}]);
    assert_eq!(status["replicas"], replicas);
}

#[test]
fn a_condition_keeps_the_time_of_its_last_change() {
    let view = View {
        catalogue: &catalogue(&[(2, true)]),
        replicas: &[],
        registered: Registered::Yes,
        reads: None,
    };
    let status = |resource: &Resource, now| view.status(resource, &view.conditions(resource), now);
    let first = status(&resource(2, Value::Null), "then");
    assert_eq!(first["conditions"][0]["lastTransitionTime"], "then");
    let again = resource(2, first.clone());
    assert_eq!(status(&again, "now"), first);
    let mut other = first;
    other["conditions"][0]["status"] = json!("Unknown");
    let changed = status(&resource(2, other), "now");
    assert_eq!(changed["conditions"][0]["lastTransitionTime"], "now");
    assert_eq!(changed["conditions"][1]["lastTransitionTime"], "then");
}

#[test]
fn what_was_in_force_can_be_read_from_the_status() {
    let spec = json!({"module": {"builtin": "tpu-shape"}});
    let told = json!({"inForce": {"generation": 1, "digest": "sha256:a", "spec": spec}});
    let earlier = resource(2, told).earlier().unwrap();
    assert_eq!(
        (earlier.generation, earlier.digest.as_str()),
        (1, "sha256:a")
    );
    assert_eq!(earlier.document.module.to_string(), "built-in tpu-shape");
    let broken = json!({"inForce": {"generation": 1, "digest": "sha256:a", "spec": {}}});
    assert!(resource(2, broken).earlier().is_none());
}

#[tokio::test]
async fn what_a_policy_is_granted_is_told_though_it_is_not_in_force_yet() {
    let silent = tower::service_fn(|_: Request<kube::client::Body>| {
        std::future::pending::<Result<Response<axum::body::Body>, Infallible>>()
    });
    let caps = Caps {
        objects: 1,
        bytes: 1,
    };
    let client = Client::new(silent, "default");
    let mut reads = Reads::new(client, caps, Arc::new(Mirror::new()));
    let mut resource = resource(1, Value::Null);
    let pods = Grant {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
    };
    resource
        .document
        .as_mut()
        .unwrap()
        .grants
        .0
        .push(pods.clone());
    reads.want(&BTreeSet::from([pods]));
    let view = View {
        catalogue: &Catalogue::default(),
        replicas: &[],
        registered: Registered::Yes,
        reads: Some(&reads),
    };
    let told = view.status(&resource, &view.conditions(&resource), "now");
    let expected = json!([{"apiVersion": "v1", "kind": "Pod", "synced": false, "objects": 0}]);
    assert_eq!(told["grants"], expected);
    assert_eq!(
        reads.lacking(resource.grants().unwrap()),
        Some(State::Listing)
    );
    reads.want(&BTreeSet::new());
    assert_eq!(reads.sums()[0], 0);
}
