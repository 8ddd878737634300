//! Claims about what a watch tells of an API server that breaks, forgets and learns.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use kube::Client;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::super::kinds::{LeaderWorkerSets, Nodes};
use super::super::metrics::PlacerMetrics;
use super::*;

/// What the API server answers, one after the other; then it is silent.
type Script = Vec<(u16, Body)>;

/// The requests that came: path and query.
type Asked = Arc<Mutex<Vec<String>>>;

/// A watch of `K` on an API server that answers by `script`.
fn watch<K: Kind>(script: Script) -> (mpsc::Receiver<Update>, Asked) {
    let (watch, updates, asked) = of(script);
    tokio::spawn(watch.run::<K>());
    (updates, asked)
}

fn of(script: Script) -> (Watch, mpsc::Receiver<Update>, Asked) {
    let script = Arc::new(Mutex::new(VecDeque::from(script)));
    let asked = Asked::default();
    let requests = Arc::clone(&asked);
    let service = tower::service_fn(move |request: Request<kube::client::Body>| {
        requests.lock().unwrap().push(request.uri().to_string());
        let answer = script.lock().unwrap().pop_front();
        async move {
            let Some((status, body)) = answer else {
                return std::future::pending().await;
            };
            let answer = Response::builder().status(StatusCode::from_u16(status).unwrap());
            Ok::<_, Infallible>(answer.body(body).unwrap())
        }
    });
    let (updates, receiver) = mpsc::channel(16);
    let watch = Watch {
        api: ApiServer {
            client: Client::new(service, "default"),
            namespace: "ours".to_owned(),
            metrics: Arc::new(PlacerMetrics::register(&mut Registry::default())),
        },
        updates,
        listed: Arc::new(Semaphore::new(0)),
        not_installed: Duration::from_millis(20),
    };
    (watch, receiver, asked)
}

fn node(name: &str, version: u32) -> Value {
    let metadata = json!({"name": name, "uid": name, "resourceVersion": version.to_string()});
    json!({"metadata": metadata, "spec": {}, "status": {}})
}

fn list(version: u32, more: Option<&str>, items: &[Value]) -> (u16, Body) {
    let metadata = json!({"resourceVersion": version.to_string(), "continue": more});
    let list = json!({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items});
    (200, Body::from(list.to_string()))
}

/// A watch that tells this and ends.
fn events(events: &[(&str, Value)]) -> (u16, Body) {
    let line = |(kind, object): &(&str, Value)| json!({"type": kind, "object": object}).to_string();
    let lines: Vec<_> = events.iter().map(|event| line(event) + "\n").collect();
    (200, Body::from(lines.concat()))
}

fn status(code: u16) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
           "message": "no", "reason": "No", "code": code})
}

fn refusal(code: u16) -> (u16, Body) {
    (code, Body::from(status(code).to_string()))
}

/// What is told next, as short text.
async fn told(updates: &mut mpsc::Receiver<Update>, count: usize) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..count {
        let update = timeout(Duration::from_secs(30), updates.recv()).await;
        told.push(match update.expect("must be told").expect("must go on") {
            Update::Listing(_) => "listing".to_owned(),
            Update::Put(_, item) => format!("put {} {}", item.key, item.version),
            Update::Gone(_, item) => format!("gone {}", item.key),
            Update::Listed(_) => "listed".to_owned(),
        });
    }
    told
}

/// The `resourceVersion` of the request `at`; empty for a list.
fn version(asked: &Asked, at: usize) -> String {
    let asked = asked.lock().unwrap();
    let (_, query) = asked[at].split_once('?').unwrap_or_default();
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("resourceVersion="));
    value.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn all_pages_are_one_list_and_then_changes_are_told() {
    let (mut updates, asked) = watch::<Nodes>(vec![
        list(7, Some("more"), &[node("a", 3)]),
        list(7, None, &[node("b", 4)]),
        events(&[("MODIFIED", node("a", 8)), ("DELETED", node("b", 9))]),
    ]);
    let expected = [
        "listing", "put a 3", "put b 4", "listed", "put a 8", "gone b",
    ];
    assert_eq!(told(&mut updates, 6).await, expected);
    let asked = asked.lock().unwrap();
    assert!(asked[0].contains("limit=500"), "{asked:?}");
    assert!(asked[1].contains("continue=more"), "{asked:?}");
    assert!(asked[2].contains("watch=true"), "{asked:?}");
}

#[tokio::test]
async fn a_watch_that_ends_or_breaks_goes_on_from_what_it_told_last() {
    let half = (200, Body::from(r#"{"type":"ADDED","obj"#));
    let (mut updates, asked) = watch::<Nodes>(vec![
        list(7, None, &[]),
        events(&[("ADDED", node("a", 8))]),
        half,
        refusal(500),
        events(&[("ADDED", node("b", 9))]),
    ]);
    let expected = ["listing", "listed", "put a 8", "put b 9"];
    assert_eq!(told(&mut updates, 4).await, expected);
    let versions: Vec<_> = (1..5).map(|at| version(&asked, at)).collect();
    assert_eq!(versions, ["7", "8", "8", "8"]);
}

#[tokio::test]
async fn where_the_api_server_has_forgotten_the_version_the_list_is_made_anew() {
    let gone: [fn() -> (u16, Body); 2] = [|| refusal(410), || events(&[("ERROR", status(410))])];
    for gone in gone {
        let (mut updates, _) = watch::<Nodes>(vec![
            list(7, None, &[node("a", 3)]),
            gone(),
            list(20, None, &[node("b", 15)]),
        ]);
        let expected = [
            "listing", "put a 3", "listed", "listing", "put b 15", "listed",
        ];
        assert_eq!(told(&mut updates, 6).await, expected);
    }
}

#[tokio::test]
async fn a_list_that_breaks_in_the_middle_begins_anew() {
    let (mut updates, _) = watch::<Nodes>(vec![
        list(7, Some("more"), &[node("a", 3)]),
        refusal(410),
        list(9, Some("more"), &[node("b", 4)]),
        refusal(503),
        list(11, None, &[node("c", 5)]),
    ]);
    let expected = [
        "listing", "put a 3", "listing", "put b 4", "listing", "put c 5", "listed",
    ];
    assert_eq!(told(&mut updates, 7).await, expected);
}

#[tokio::test]
async fn a_kind_that_is_not_installed_has_no_objects_until_it_is() {
    let lws = json!({"metadata": {"name": "l", "namespace": "n", "uid": "u", "resourceVersion": "5"},
                     "spec": {}});
    let missing = (404, Body::from("404 page not found\n"));
    let (mut updates, asked) = watch::<LeaderWorkerSets>(vec![
        missing,
        list(7, None, &[lws]),
        // The definition is deleted, and its objects with it.
        refusal(404),
    ]);
    let expected = [
        "listing", "listing", "listed", // nothing, but complete
        "listing", "put u 5", "listed", // installed
        "listing", "listed", // and gone again
    ];
    assert_eq!(told(&mut updates, 8).await, expected);
    let asked = asked.lock().unwrap();
    let path = "/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets?";
    assert!(asked[0].contains(path), "{asked:?}");
}
