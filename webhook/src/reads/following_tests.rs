//! Claims about what is known of a kind, on an API server that refuses, forgets and has too much.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use serde_json::json;
use tokio::time::timeout;

use super::*;

/// What the API server answers, one after the other; then it is silent.
type Script = Vec<(u16, Value)>;

struct Followed {
    grant: Grant,
    mirror: Arc<Mirror>,
    state: watch::Receiver<State>,
}

/// Pods, of which two are kept, on an API server that answers by `script`.
fn follow_pods(script: Script) -> Followed {
    let script = Arc::new(Mutex::new(VecDeque::from(script)));
    let service = tower::service_fn(move |_: Request<kube::client::Body>| {
        let answer = script.lock().unwrap().pop_front();
        async move {
            let Some((status, body)) = answer else {
                return std::future::pending().await;
            };
            let answer = Response::builder().status(StatusCode::from_u16(status).unwrap());
            let text = match body {
                Value::Array(events) => events.iter().map(|event| format!("{event}\n")).collect(),
                whole => whole.to_string(),
            };
            Ok::<_, Infallible>(answer.body(Body::from(text)).unwrap())
        }
    });
    let grant = Grant {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
    };
    let mirror = Arc::new(Mirror::new());
    let (says, state) = watch::channel(State::Listing);
    let following = Following {
        client: Client::new(service, "default"),
        grant: grant.clone(),
        caps: Caps {
            objects: 2,
            bytes: 1_000,
        },
        mirror: Arc::clone(&mirror),
        says,
        changed: Arc::default(),
    };
    tokio::spawn(following.run());
    Followed {
        grant,
        mirror,
        state,
    }
}

impl Followed {
    async fn until(&mut self, wanted: impl Fn(&State, Option<usize>) -> bool) {
        let looking = async {
            loop {
                let held = self.mirror.now().of(&self.grant).map(Collection::objects);
                if wanted(&self.state.borrow(), held) {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        let found = timeout(Duration::from_secs(20), looking).await;
        found.unwrap_or_else(|_| panic!("it is {:?}", self.state.borrow()));
    }
}

fn served() -> (u16, Value) {
    let pods = json!({"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod",
                      "verbs": ["list", "watch"]});
    let list = json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [pods]});
    (200, list)
}

fn pod(name: &str, label: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "a", "resourceVersion": "2",
                        "labels": {"l": label}}})
}

fn list(names: &[&str]) -> (u16, Value) {
    let items: Vec<Value> = names.iter().map(|name| pod(name, "")).collect();
    let list = json!({"kind": "PodList", "apiVersion": "v1",
                      "metadata": {"resourceVersion": "1"}, "items": items});
    (200, list)
}

fn refusal(code: u16) -> (u16, Value) {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                        "message": "no", "reason": "No", "code": code});
    (code, status)
}

fn is_too_many(state: &State) -> bool {
    matches!(state, State::Unknown(Trouble::TooMany { .. }))
}

#[tokio::test]
async fn what_is_listed_is_known_and_what_happens_to_it() {
    let events = json!([
        {"type": "ADDED", "object": pod("c", "")},
        {"type": "DELETED", "object": pod("a", "")},
        {"type": "DELETED", "object": pod("b", "")},
    ]);
    let mut pods = follow_pods(vec![served(), list(&["a"]), (200, events)]);
    pods.until(|state, held| *state == State::Known && held == Some(1))
        .await;
}

#[tokio::test]
async fn what_may_not_be_read_is_unknown_until_it_may_and_comes_with_a_command() {
    let mut pods = follow_pods(vec![served(), refusal(403), list(&["a"])]);
    let command = "create clusterrole sax-webhook-reads-pods --verb=list,watch --resource=pods";
    pods.until(|state, held| match state {
        State::Unknown(trouble) => trouble.to_string().contains(command) && held.is_none(),
        _ => false,
    })
    .await;
    pods.until(|state, held| *state == State::Known && held == Some(1))
        .await;
}

#[tokio::test]
async fn what_may_no_longer_be_read_is_forgotten_and_listed_anew() {
    let mut pods = follow_pods(vec![
        served(),
        list(&["a"]),
        refusal(403),
        list(&["a", "b"]),
    ]);
    pods.until(|state, held| matches!(state, State::Unknown(_)) && held.is_none())
        .await;
    pods.until(|state, held| *state == State::Known && held == Some(2))
        .await;
}

#[tokio::test]
async fn more_than_is_kept_is_an_error_and_never_a_part() {
    let mut pods = follow_pods(vec![served(), list(&["a", "b", "c"])]);
    pods.until(|state, held| is_too_many(state) && held.is_none())
        .await;
    let more = json!([{"type": "ADDED", "object": pod("c", "")}]);
    let mut pods = follow_pods(vec![served(), list(&["a", "b"]), (200, more)]);
    pods.until(|state, held| is_too_many(state) && held.is_none())
        .await;
    let large = json!([{"type": "ADDED", "object": pod("b", &"x".repeat(1_000))}]);
    let mut pods = follow_pods(vec![served(), list(&["a"]), (200, large)]);
    pods.until(|state, held| is_too_many(state) && held.is_none())
        .await;
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_named() {
    let (_, mut others) = served();
    others["resources"] = json!([]);
    let mut pods = follow_pods(vec![(200, others)]);
    pods.until(|state, _| matches!(state, State::Unknown(Trouble::NotServed { .. })))
        .await;
}

#[tokio::test]
async fn nothing_is_put_in_once_nobody_wants_it() {
    let pods = follow_pods(vec![served(), list(&["a"])]);
    drop(pods.state);
    // On a runtime of one thread it has listed when it has nothing left to do.
    sleep(Duration::from_millis(100)).await;
    assert!(pods.mirror.now().of(&pods.grant).is_none());
}

#[test]
fn a_policy_gets_an_object_with_its_kind_and_without_its_managed_fields() {
    let object: DynamicObject = serde_json::from_value(json!({
        "metadata": {"name": "a", "managedFields": [{"manager": "kubectl"}]}, "data": {"k": "v"},
    }))
    .unwrap();
    let grant = Grant {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
    };
    let read: Value = serde_json::from_slice(&json(&grant, object)).unwrap();
    let expected = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
                          "data": {"k": "v"}});
    assert_eq!(read, expected);
}
