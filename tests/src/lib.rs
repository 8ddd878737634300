//! The test harness: real Kubernetes control planes on this machine, and what end-to-end tests
//! do with them.
//!
//! [`controlplane`] starts and ends clusters. [`guest`] makes policies. [`kubectl`], [`helm`],
//! [`https`], [`product`], [`registry`], [`namespace`] and [`wait`] are the hands of a test.

pub mod controlplane;
mod go_tools;
pub mod guest;
pub mod helm;
pub mod https;
pub mod kubectl;
pub mod namespace;
pub mod product;
pub mod registry;
pub mod wait;
