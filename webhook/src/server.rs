//! The accept loop: TLS, one HTTP/1.1 connection a task, a bound on everything a peer can hold
//! open, and an end that finishes what is in flight.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;

use crate::certificates::has_name;
use crate::http::Peer;
use crate::metrics::Metrics;
use crate::tls::Tls;

/// What a peer may hold open, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionLimits {
    /// Connections at one time; more wait in the kernel's queue.
    pub(crate) connections: usize,
    /// For the TLS handshake.
    pub(crate) handshake: Duration,
    /// From the handshake to the first request: port scanners and half-open peers end here.
    pub(crate) first_request: Duration,
    /// Without a complete request head on a connection that already served one. Above the 90 s
    /// after which Go's client, the API server's, drops an idle connection: if both ended it at
    /// once, a review could be lost in between.
    pub(crate) idle: Duration,
    /// For requests in flight after the signal to stop.
    pub(crate) drain: Duration,
}

/// How the server came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Every request in flight was answered.
    Drained,
    /// This many connections were still busy when the time to drain was over.
    CutOff(usize),
}

/// A listening socket and what it takes to serve on it.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Tls,
    pub(crate) router: Router,
    pub(crate) limits: ConnectionLimits,
    /// Names of which a client's certificate must have one; none says that any will do.
    pub(crate) client_names: Vec<String>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Server {
    /// Serves until `stop` is done, then finishes what is in flight.
    pub(crate) async fn serve(self, stop: impl Future<Output = ()>) -> End {
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        let mut stop = std::pin::pin!(stop);
        loop {
            let (tcp, slot) = tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = accept(&self.listener, &slots) => accepted,
            };
            let connection = Connection {
                tls: self.tls.clone(),
                router: self.router.clone(),
                limits: self.limits.clone(),
                client_names: self.client_names.clone(),
                metrics: Arc::clone(&self.metrics),
                _slot: slot,
            };
            tokio::spawn(connection.run(tcp, graceful.watcher()));
        }
        drop(self.listener);
        drain(graceful, &slots, &self.limits).await
    }
}

/// One accepted connection; its slot is free again when it is dropped.
struct Connection {
    tls: Tls,
    router: Router,
    limits: ConnectionLimits,
    client_names: Vec<String>,
    metrics: Arc<Metrics>,
    _slot: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, tcp: TcpStream, watcher: Watcher) {
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!(%error, "connection lost before the handshake");
            return;
        }
        let Some(acceptor) = self.tls.acceptor() else {
            return self.failed_handshake("there is no certificate yet");
        };
        let tls = match timeout(self.limits.handshake, acceptor.accept(tcp)).await {
            Ok(Ok(tls)) => tls,
            Ok(Err(error)) => return self.failed_handshake(&error.to_string()),
            Err(_) => return self.failed_handshake("timed out"),
        };
        let seen = Arc::new(AtomicBool::new(false));
        let service = FirstRequest {
            seen: Arc::clone(&seen),
            peer: self.peer(&tls),
            inner: TowerToHyperService::new(self.router.clone()),
        };
        let http = self.http().serve_connection(TokioIo::new(tls), service);
        tokio::select! {
            ended = watcher.watch(http) => if let Err(error) = ended {
                tracing::debug!(%error, "connection ended early");
            },
            () = no_first_request(self.limits.first_request, &seen) => {
                tracing::debug!("connection closed: no request came");
            }
        }
    }

    /// The verifier has looked at the certificate's way to its authority; here only its name.
    fn peer(&self, tls: &TlsStream<TcpStream>) -> Peer {
        let certificates = tls.get_ref().1.peer_certificates().unwrap_or_default();
        let names = &self.client_names;
        Peer {
            is_known: certificates
                .first()
                .is_some_and(|own| names.is_empty() || has_name(own, names)),
        }
    }

    fn failed_handshake(&self, reason: &str) {
        self.metrics.failed_handshake();
        tracing::debug!(reason, "TLS handshake failed");
    }

    fn http(&self) -> http1::Builder {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.idle)
            .max_header_size(16 * 1024);
        http
    }
}

/// Notes that a request came, and from whom, before anything else looks at it.
struct FirstRequest {
    seen: Arc<AtomicBool>,
    peer: Peer,
    inner: TowerToHyperService<Router>,
}

impl Service<Request<Incoming>> for FirstRequest {
    type Response = hyper::Response<Body>;
    type Error = std::convert::Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.seen.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(self.peer);
        self.inner.call(request)
    }
}

/// Ends when `limit` is over and no request was seen; never otherwise.
async fn no_first_request(limit: Duration, seen: &AtomicBool) {
    sleep(limit).await;
    if seen.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

/// The next connection, when there is room for one.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .expect("the semaphore of connections must never be closed");
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => return (tcp, slot),
            Err(error) => wait_after(&error).await,
        }
    }
}

/// A peer that is gone already costs nothing; out of file descriptors, trying again at once would
/// only burn the CPU that the open connections need.
async fn wait_after(error: &io::Error) {
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    ) {
        tracing::warn!(%error, "cannot accept a connection");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn drain(graceful: GracefulShutdown, slots: &Semaphore, limits: &ConnectionLimits) -> End {
    match timeout(limits.drain, graceful.shutdown()).await {
        Ok(()) => End::Drained,
        Err(_) => End::CutOff(limits.connections - slots.available_permits()),
    }
}
