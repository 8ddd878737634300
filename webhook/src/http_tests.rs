//! Claims about the HTTP side with reviewers that are slow, busy or broken on purpose.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::shutdown::Trigger;

/// A reviewer that does what the function says.
struct Does<F>(F);

impl<F: Fn(&Budget) -> &'static str + Send + Sync + 'static> Reviewer for Does<F> {
    fn review(&self, _: Phase, _: &[u8], budget: &Budget) -> Reviewed {
        Reviewed {
            body: (self.0)(budget).as_bytes().to_vec(),
            kind: "other",
            outcome: Outcome::Allowed,
        }
    }
}

fn routes<F>(workers: usize, does: F) -> Router
where
    F: Fn(&Budget) -> &'static str + Send + Sync + 'static,
{
    routes_of(doors(workers, 1000), does)
}

fn routes_of<F>(doors: Doors, does: F) -> Router
where
    F: Fn(&Budget) -> &'static str + Send + Sync + 'static,
{
    router(Arc::new(Does(does)), Arc::new(Metrics::new()), doors)
}

/// Nothing ends as long as the process lives.
fn doors(workers: usize, waiting: usize) -> Doors {
    let (trigger, ending) = Trigger::new();
    std::mem::forget(trigger);
    Doors {
        capacity: Capacity { workers, waiting },
        ending,
        known_clients_only: false,
    }
}

fn post_json(path: &str) -> Request {
    Request::post(path)
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .unwrap()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A reviewer can wait for the sender's end, so that a test holds a worker as long as it wants.
fn held() -> (mpsc::Sender<()>, impl Fn() + Send + Sync + 'static) {
    let (hold, held) = mpsc::channel();
    let held = Mutex::new(held);
    (hold, move || while held.lock().unwrap().recv().is_ok() {})
}

#[tokio::test]
async fn a_policy_that_never_returns_is_answered_for_before_the_timeout() {
    let (hold, wait) = held();
    let stuck = move |budget: &Budget| match budget.evaluate_until > Instant::now() {
        true => {
            wait();
            "late"
        }
        false => "out of time",
    };
    let started = Instant::now();
    let response = routes(1, stuck)
        .oneshot(post_json("/mutate?timeout=1s"))
        .await
        .unwrap();
    assert_eq!(text(response).await, "out of time");
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    drop(hold);
}

#[tokio::test]
async fn above_capacity_the_client_is_told_to_come_again_in_time() {
    let (hold, wait) = held();
    let routes = routes(1, move |_| {
        wait();
        "done"
    });
    let first = tokio::spawn(routes.clone().oneshot(post_json("/mutate?timeout=10s")));
    tokio::task::yield_now().await;
    let second = routes
        .oneshot(post_json("/mutate?timeout=1s"))
        .await
        .unwrap();
    assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(second.headers()[header::RETRY_AFTER], "1");
    drop(hold);
    assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_full_queue_sends_away_at_once_however_much_time_there_is() {
    let (hold, wait) = held();
    let routes = routes_of(doors(1, 1), move |_| {
        wait();
        "done"
    });
    let post = || tokio::spawn(routes.clone().oneshot(post_json("/mutate?timeout=30s")));
    let (first, second) = (post(), post());
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    let started = Instant::now();
    let third = post().await.unwrap().unwrap();
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third.headers()[header::RETRY_AFTER], "1");
    let said = text(third).await;
    assert!(
        said.contains("1 workers are busy and 1 reviews wait"),
        "{said}"
    );
    assert!(started.elapsed() < Duration::from_secs(10), "it waited");
    drop(hold);
    for admitted in [first, second] {
        assert_eq!(admitted.await.unwrap().unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn an_announced_end_fails_readiness_and_closes_connections_behind_their_answers() {
    let (trigger, ending) = Trigger::new();
    let routes = routes_of(
        Doors {
            ending,
            ..doors(1, 1)
        },
        |_| "{}",
    );
    let ask = |request: Request| routes.clone().oneshot(request);
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    assert_eq!(ask(get("/readyz")).await.unwrap().status(), 200);
    assert!(
        !ask(post_json("/mutate"))
            .await
            .unwrap()
            .headers()
            .contains_key("connection")
    );
    trigger.pull();
    assert_eq!(ask(get("/readyz")).await.unwrap().status(), 503);
    assert_eq!(ask(get("/livez")).await.unwrap().status(), 200);
    let last = ask(post_json("/mutate")).await.unwrap();
    assert_eq!(
        (last.status().as_u16(), &last.headers()["connection"]),
        (200, &"close".parse().unwrap())
    );
}

#[tokio::test]
async fn where_clients_are_checked_a_stranger_gets_the_probes_only() {
    let only = Doors {
        known_clients_only: true,
        ..doors(1, 1)
    };
    let routes = routes_of(only, |_| "{}");
    for (is_known, status) in [(Some(true), 200), (Some(false), 403), (None, 403)] {
        let mut request = post_json("/mutate");
        if let Some(is_known) = is_known {
            request.extensions_mut().insert(Peer { is_known });
        }
        let response = routes.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{is_known:?}");
    }
    let probe = Request::get("/readyz").body(Body::empty()).unwrap();
    assert_eq!(routes.oneshot(probe).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_next_review_is_decided() {
    let panics = Mutex::new(true);
    let routes = routes(1, move |_| {
        let now = std::mem::take(&mut *panics.lock().unwrap());
        assert!(!now, "on purpose");
        "fine"
    });
    let response = routes
        .clone()
        .oneshot(post_json("/validate"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(body["kind"], "Status");
    let response = routes.oneshot(post_json("/validate")).await.unwrap();
    assert_eq!(text(response).await, "fine");
}

#[tokio::test]
async fn only_json_is_read() {
    for (content_type, status) in [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/yaml", 415),
        ("application/jsonp", 415),
        ("", 415),
    ] {
        let request = Request::post("/mutate")
            .header("content-type", content_type)
            .body(Body::from("{}"))
            .unwrap();
        let response = routes(1, |_| "{}").oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{content_type:?}");
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_no_reviews() {
    for (request, status) in [
        (Request::get("/mutate"), 405),
        (Request::delete("/validate"), 405),
        (Request::post("/livez"), 405),
        (Request::post("/"), 404),
        (Request::post("/mutate/"), 404),
        (Request::get("/livez"), 200),
        (Request::get("/readyz"), 200),
        (Request::get("/metrics"), 200),
    ] {
        let request = request.body(Body::empty()).unwrap();
        let shown = format!("{} {}", request.method(), request.uri());
        let response = routes(1, |_| "{}").oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{shown}");
    }
}
