//! WasmPolicies on a real control plane, with two replicas of the webhook: what is installed
//! judges, what is bad replaces nothing, and status says which is which.

mod audited;
mod bad;
mod cluster;
mod custom;
mod granted;
mod imaged;
mod installed;
