//! Claims about carrying out: the order of requests and what an error ends, against an API server
//! that records what it is asked.

use std::sync::{Arc, Mutex};

use axum::http::{Request, Response};
use http_body_util::BodyExt as _;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use kube::client::Body;
use placement::{Domain, LeaseVersion, Time};
use prometheus_client::registry::Registry;
use serde_json::json;

use super::super::election::{Election, Records, TIMING};
use super::super::metrics::PlacerMetrics;
use super::*;

/// `METHOD PATH` of each request with its body, in the order of arrival.
type Log = Arc<Mutex<Vec<(String, Value)>>>;

/// Answers 200 with the object that it was sent, but with this status where the path has this
/// in it.
fn server(refused: Option<(&'static str, u16)>) -> (ApiServer, Log) {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let service = tower::service_fn(move |request: Request<Body>| {
        let log = Arc::clone(&seen);
        async move {
            let line = format!("{} {}", request.method(), request.uri().path());
            let bytes = request.into_body().collect().await?.to_bytes();
            let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let status = refused.filter(|(part, _)| line.contains(part));
            log.lock().unwrap().push((line, body.clone()));
            let (status, answer) = match status {
                Some((_, code)) => (code, json!({"kind": "Status", "code": code})),
                None => (200, stored(body)),
            };
            let response = Response::builder().status(status);
            let body = Body::from(answer.to_string().into_bytes());
            Ok::<_, tower::BoxError>(response.body(body)?)
        }
    });
    let api = ApiServer {
        client: Client::new(service, "default"),
        namespace: "ours".to_owned(),
        metrics: Arc::new(PlacerMetrics::register(&mut Registry::default())),
    };
    (api, log)
}

fn stored(mut body: Value) -> Value {
    body["metadata"]["resourceVersion"] = json!("77");
    body
}

struct Nothing;

impl Records for Nothing {
    type Error = String;

    async fn read(&self) -> Result<Option<Lease>, String> {
        Ok(None)
    }

    async fn create(&self, _: Lease) -> Result<(), String> {
        Ok(())
    }

    async fn replace(&self, _: Lease) -> Result<(), String> {
        Ok(())
    }
}

/// Leads, or never did.
async fn leadership(leads: bool) -> Leadership {
    let (mut election, mut leadership) = Election::new(Nothing, "we".to_owned(), TIMING);
    if leads {
        tokio::select! {
            () = election.run(|error| panic!("{error}")) => {}
            () = leadership.differs(false) => {}
        }
    }
    leadership
}

fn group(name: &str) -> GroupRef {
    GroupRef {
        root: "root".to_owned(),
        name: name.to_owned(),
        kind: "Job".to_owned(),
        namespace: "a".to_owned(),
    }
}

fn domain() -> Domain {
    Domain {
        key: "pool".to_owned(),
        value: "tpu1".to_owned(),
    }
}

fn claim(of: &str) -> Claim {
    Claim {
        domain: domain(),
        holder: Holder::Group(group(of)),
        empty_since: None,
        excluded: placement::Excluded::new(),
        lease: None,
    }
}

fn release(of: &str, pod: &str) -> Action {
    Action::Release(Release {
        pod: PodRef {
            namespace: "a".to_owned(),
            name: pod.to_owned(),
            uid: format!("uid-{pod}"),
            resource_version: "5".to_owned(),
        },
        group: group(of),
        selector: Some(domain()),
        exclude: None,
        fenced: false,
    })
}

fn lines(log: &Log) -> Vec<String> {
    log.lock()
        .unwrap()
        .iter()
        .map(|(line, _)| line.clone())
        .collect()
}

#[tokio::test]
async fn a_groups_actions_are_sent_in_their_order_each_after_the_answer_to_the_one_before() {
    let (api, log) = server(None);
    let pods = ["p3", "p2", "p1", "p0"];
    let actions = pods.map(|pod| release("g", pod)).into();
    let outcome = carry_out(&api, &leadership(true).await, actions).await;
    let expected = pods.map(|pod| format!("PATCH /api/v1/namespaces/a/pods/{pod}"));
    assert_eq!(lines(&log), expected);
    assert_eq!((outcome.trouble, outcome.pods.len()), (Trouble::None, 4));
    assert_eq!(outcome.released.len(), 1);
}

#[tokio::test]
async fn a_release_names_the_pod_it_was_decided_on_and_takes_exactly_our_gate() {
    let (api, log) = server(None);
    carry_out(&api, &leadership(true).await, vec![release("g", "p")]).await;
    let (_, patch) = log.lock().unwrap()[0].clone();
    let gates = json!([{"$patch": "delete", "name": placement::GATE}]);
    let expected = json!({
        "metadata": {"uid": "uid-p", "resourceVersion": "5"},
        "spec": {"schedulingGates": gates, "nodeSelector": {"pool": "tpu1"}},
    });
    assert_eq!(patch, expected);
}

#[tokio::test]
async fn the_first_error_ends_its_group_and_no_other() {
    for (code, trouble) in [
        (409, Trouble::Stale),
        (404, Trouble::Stale),
        (500, Trouble::Failed),
        (403, Trouble::Failed),
    ] {
        let (api, log) = server(Some(("pods/bad", code)));
        let actions = vec![
            release("g", "good"),
            release("g", "bad"),
            release("g", "after"),
            release("h", "other"),
        ];
        let outcome = carry_out(&api, &leadership(true).await, actions).await;
        assert_eq!(outcome.trouble, trouble, "{code}");
        let sent = lines(&log);
        assert!(
            !sent.iter().any(|line| line.ends_with("/after")),
            "{sent:?}"
        );
        assert!(sent.iter().any(|line| line.ends_with("/other")), "{sent:?}");
        let released: Vec<_> = outcome
            .released
            .iter()
            .map(|one| one.group.name.as_str())
            .collect();
        assert_eq!(released, ["h"]);
    }
}

#[tokio::test]
async fn who_does_not_lead_sends_nothing() {
    let (api, log) = server(None);
    let outcome = carry_out(&api, &leadership(false).await, vec![release("g", "p")]).await;
    assert_eq!((lines(&log).len(), outcome.trouble), (0, Trouble::Stale));
}

#[tokio::test]
async fn a_claim_is_only_ever_created_and_is_expected_in_its_new_version() {
    let (api, log) = server(None);
    let actions = vec![Action::Claim(claim("g"))];
    let outcome = carry_out(&api, &leadership(true).await, actions).await;
    let path = "POST /apis/coordination.k8s.io/v1/namespaces/ours/leases";
    assert_eq!(lines(&log), [path]);
    let expected = Expected::Version {
        lease: claim("g").lease_name(),
        version: 77,
    };
    assert_eq!(outcome.expected, [expected]);
    let (api, _) = server(Some(("leases", 409)));
    let actions = vec![Action::Claim(claim("g"))];
    let outcome = carry_out(&api, &leadership(true).await, actions).await;
    assert_eq!(
        (outcome.trouble, outcome.expected),
        (Trouble::Stale, vec![])
    );
}

#[tokio::test]
async fn a_claim_is_given_up_only_as_it_was_seen() {
    let (api, log) = server(None);
    let seen = LeaseVersion {
        uid: "u".to_owned(),
        resource_version: "5".to_owned(),
        created: Time(0),
    };
    let claim = Claim {
        lease: Some(seen),
        ..claim("g")
    };
    let actions = vec![Action::Unclaim(claim.clone())];
    let outcome = carry_out(&api, &leadership(true).await, actions).await;
    let (line, body) = log.lock().unwrap()[0].clone();
    assert!(
        line.starts_with("DELETE ") && line.ends_with(&claim.lease_name()),
        "{line}"
    );
    assert_eq!(
        body["preconditions"],
        json!({"uid": "u", "resourceVersion": "5"})
    );
    let lease = claim.lease_name();
    assert_eq!(outcome.expected, [Expected::Gone { lease, version: 5 }]);
}
