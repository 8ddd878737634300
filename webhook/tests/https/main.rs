//! The real binary, spoken to over real HTTPS.

mod client;
mod manifests;
mod process;
mod protocol;
mod reviews;
mod shutdown;
