//! The options about load: what is done at one time, and what a peer may hold open.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::budget::parse_duration;
use crate::http::Capacity;
use crate::server::ConnectionLimits;

/// How much at one time, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// Reviews that are decided at one time; one a core by default, as policies compute.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) workers: Option<NonZero<u16>>,

    /// Reviews that wait for each worker. Those above are told at once to come again (429 with
    /// Retry-After), which the API server does by itself.
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    pub(crate) queue: u16,

    /// Connections at one time; more wait until one is closed.
    #[arg(long, value_name = "NUMBER", default_value = "2048")]
    pub(crate) max_connections: NonZero<u16>,

    /// How long a TLS handshake may take.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub(crate) handshake_timeout: Duration,

    /// From the handshake to the first request: port scanners end here.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) first_request_timeout: Duration,

    /// Without a complete request head on a connection that served one already. Above the 90s
    /// after which the API server itself closes an idle connection: if both did at once, a review
    /// could be lost.
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = parse_duration)]
    pub(crate) idle_timeout: Duration,

    /// After a signal to stop: /readyz fails and every answer closes its connection for so long,
    /// while new ones are still taken, until nobody comes any more.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_duration)]
    pub(crate) shutdown_delay: Duration,

    /// After that: for the reviews in flight.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) drain_timeout: Duration,
}

impl Load {
    /// What is decided, and waits, at one time.
    pub(crate) fn capacity(&self) -> Capacity {
        let cores = || available_parallelism().map_or(1, NonZero::get);
        let workers = self
            .workers
            .map_or_else(cores, |workers| workers.get().into());
        Capacity {
            workers,
            waiting: workers.saturating_mul(self.queue.into()),
        }
    }

    /// What a peer may hold open.
    pub(crate) fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            connections: self.max_connections.get().into(),
            handshake: self.handshake_timeout,
            first_request: self.first_request_timeout,
            idle: self.idle_timeout,
            drain: self.drain_timeout,
        }
    }
}
