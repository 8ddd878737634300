//! The real binary, spoken to over real HTTPS.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod certificates;
mod client;
mod limits;
mod manifests;
mod metrics;
mod process;
mod protocol;
mod reviews;
mod shutdown;
