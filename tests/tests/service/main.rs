//! The webhook as a service: two replicas that share certificates and a leader, behind one address
//! as a Service is, while everything changes that can change.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod client;
mod installed;
mod load;
mod pairs;
mod paused;
mod replicas;
mod rotation;
mod shared;
mod shipped;
