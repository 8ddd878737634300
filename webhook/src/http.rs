//! The routes, and the way of one review through them: content type, body, a free worker, the
//! decision, all within the review's budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use admission::Phase;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use crate::body::{self, BodyError, MAX_BODY};
use crate::budget::Budget;
use crate::metrics::{Metrics, Outcome, Record};
use crate::reviewer::{Reviewed, Reviewer, phase_label};
use crate::shutdown::Begun;

/// Bodies that are in memory at one time: sixteen of the largest.
const MAX_BODIES: usize = 16 * MAX_BODY;

/// What OpenMetrics calls itself.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How much at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    /// Reviews that are decided.
    pub(crate) workers: usize,
    /// Reviews that wait for a worker.
    pub(crate) waiting: usize,
}

/// Who comes in.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    /// How many.
    pub(crate) capacity: Capacity,
    /// Since when nobody else should come.
    pub(crate) ending: Begun,
    /// Are reviews taken only from peers that showed a certificate?
    pub(crate) known_clients_only: bool,
}

/// Who sent a request, as its connection knows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Peer {
    /// It showed a certificate that we trust.
    pub(crate) is_known: bool,
}

/// What every request handler needs.
struct Shared {
    reviewer: Arc<dyn Reviewer>,
    metrics: Arc<Metrics>,
    doors: Doors,
    /// Reviews that wait for a worker now.
    waiting: AtomicUsize,
    /// One permit for each review that is being decided.
    workers: Arc<Semaphore>,
    /// One permit for each byte of a body in memory.
    memory: Semaphore,
}

/// A review that is refused by its HTTP status: the API server's failure policy decides.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "reviews are taken only from a client whose certificate --client-ca vouches for, with a name of --client-name"
    )]
    Stranger,
    #[error("the content type is {found:?}; application/json is expected")]
    ContentType { found: String },
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("the body did not arrive within the review's time")]
    SlowBody,
    #[error("all {workers} workers are busy and {waiting} reviews wait; try again")]
    Overloaded { workers: usize, waiting: usize },
    #[error("the review could not be decided; the server's log names the place")]
    Failed,
}

/// Counts a review as waiting for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

/// All routes.
pub(crate) fn router(reviewer: Arc<dyn Reviewer>, metrics: Arc<Metrics>, doors: Doors) -> Router {
    let shared = Shared {
        reviewer,
        metrics,
        workers: Arc::new(Semaphore::new(doors.capacity.workers)),
        doors,
        waiting: AtomicUsize::new(0),
        memory: Semaphore::new(MAX_BODIES),
    };
    Router::new()
        .route("/mutate", post(mutate))
        .route("/validate", post(validate))
        .route("/livez", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
        .with_state(Arc::new(shared))
}

async fn mutate(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    review(&shared, Phase::Mutate, request).await
}

async fn validate(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    review(&shared, Phase::Validate, request).await
}

/// Alive is whoever answers.
async fn healthy() -> &'static str {
    "ok"
}

/// Ready too, for the socket opens when the policies are loaded, until the end is announced. The
/// placer has no say in it: see [`crate::placer`].
async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    match shared.doors.ending.already() {
        false => "ok".into_response(),
        true => shared.last((StatusCode::SERVICE_UNAVAILABLE, "stopping").into_response()),
    }
}

async fn metrics_text(State(shared): State<Arc<Shared>>) -> Response {
    match shared.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn review(shared: &Shared, phase: Phase, request: Request) -> Response {
    let arrived = Instant::now();
    let _in_flight = shared.metrics.enter();
    let answer = answer(shared, phase, request, arrived).await;
    let (kind, outcome) = match &answer {
        Ok(reviewed) => (reviewed.kind, reviewed.outcome),
        Err(refusal) => ("unknown", Outcome::Refused(refusal.status().as_u16())),
    };
    shared.metrics.reviewed(Record {
        phase: phase_label(phase),
        kind,
        outcome,
        took: arrived.elapsed(),
    });
    shared.last(match answer {
        Ok(reviewed) => json(StatusCode::OK, reviewed.body),
        Err(refusal) => refuse(&refusal),
    })
}

async fn answer(
    shared: &Shared,
    phase: Phase,
    request: Request,
    arrived: Instant,
) -> Result<Reviewed, Refusal> {
    let budget = Budget::new(arrived, request.uri().query());
    shared.require_known(&request)?;
    require_json(request.headers())?;
    // Before the body is read: who is sent away should cost little.
    shared.require_room()?;
    let body = request.into_body();
    let _memory = shared.memory_for(body::announced(&body), budget).await?;
    let read = timeout_at(budget.evaluate_until.into(), body::read(body)).await;
    let bytes = read.map_err(|_| Refusal::SlowBody)??;
    let worker = shared.worker(budget).await?;
    shared.decide(phase, bytes, worker, budget).await
}

impl Shared {
    fn require_known(&self, request: &Request) -> Result<(), Refusal> {
        let peer = request.extensions().get::<Peer>().copied();
        match self.doors.known_clients_only && !peer.unwrap_or_default().is_known {
            true => Err(Refusal::Stranger),
            false => Ok(()),
        }
    }

    fn require_room(&self) -> Result<(), Refusal> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let is_full =
            waiting >= self.doors.capacity.waiting && self.workers.available_permits() == 0;
        if is_full {
            Err(self.overloaded())
        } else {
            Ok(())
        }
    }

    /// The end is announced by closing the connection behind an answer: the client knows it, and
    /// loses no review on a connection that we close while it sends one.
    fn last(&self, mut response: Response) -> Response {
        if self.doors.ending.already() {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }

    /// Room for the body, before it is read.
    async fn memory_for(
        &self,
        bytes: usize,
        budget: Budget,
    ) -> Result<SemaphorePermit<'_>, Refusal> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let room = timeout_at(budget.start_by.into(), self.memory.acquire_many(bytes)).await;
        room.map_err(|_| self.overloaded())?
            .map_err(|_| Refusal::Failed)
    }

    /// A worker, or the advice to come again while there is time for it.
    async fn worker(&self, budget: Budget) -> Result<OwnedSemaphorePermit, Refusal> {
        if let Ok(free) = Arc::clone(&self.workers).try_acquire_owned() {
            return Ok(free);
        }
        self.require_room()?;
        let _waiting = Waiting::count(&self.waiting);
        let free = Arc::clone(&self.workers).acquire_owned();
        let free = timeout_at(budget.start_by.into(), free).await;
        free.map_err(|_| self.overloaded())?
            .map_err(|_| Refusal::Failed)
    }

    /// Decides on a thread of its own, for policies compute. When the time is over all the same,
    /// the review is decided once more with no time for any policy: each one's on-error answers.
    async fn decide(
        &self,
        phase: Phase,
        bytes: Bytes,
        worker: OwnedSemaphorePermit,
        budget: Budget,
    ) -> Result<Reviewed, Refusal> {
        let (reviewer, body) = (Arc::clone(&self.reviewer), bytes.clone());
        let decision = tokio::task::spawn_blocking(move || {
            let _worker = worker;
            reviewer.review(phase, &body, &budget)
        });
        match timeout_at(budget.answer_by.into(), decision).await {
            Ok(decided) => decided.map_err(|_| Refusal::Failed),
            Err(_) => self.decide_out_of_time(phase, bytes, budget.over()).await,
        }
    }

    async fn decide_out_of_time(
        &self,
        phase: Phase,
        bytes: Bytes,
        over: Budget,
    ) -> Result<Reviewed, Refusal> {
        let reviewer = Arc::clone(&self.reviewer);
        tokio::task::spawn_blocking(move || reviewer.review(phase, &bytes, &over))
            .await
            .map_err(|_| Refusal::Failed)
    }

    fn overloaded(&self) -> Refusal {
        Refusal::Overloaded {
            workers: self.doors.capacity.workers,
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}

impl Waiting<'_> {
    fn count(waiting: &AtomicUsize) -> Waiting<'_> {
        waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::Stranger => StatusCode::FORBIDDEN,
            Refusal::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::Body(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Body(BodyError::Broken(_)) => StatusCode::BAD_REQUEST,
            Refusal::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Refusal::Overloaded { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// `application/json`, with or without parameters.
fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_TYPE);
    let found = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = found.split(';').next().unwrap_or_default().trim();
    match media_type.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(Refusal::ContentType {
            found: found.chars().take(100).collect(),
        }),
    }
}

/// The answer is a Kubernetes Status: the API server shows its message instead of a bare number.
fn refuse(refusal: &Refusal) -> Response {
    let status = refusal.status();
    tracing::warn!(status = status.as_u16(), reason = %refusal, "review refused");
    let body = serde_json::json!({
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": refusal.to_string(),
        "code": status.as_u16(),
    });
    let mut response = json(status, body.to_string().into_bytes());
    if matches!(refusal, Refusal::Overloaded { .. }) {
        // client-go tries again on its own when it is told when.
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body).into_response()
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
