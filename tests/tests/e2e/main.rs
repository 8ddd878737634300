//! End-to-end tests on real control planes. Each module is one promise to a user.

mod again;
mod audited;
mod completed;
mod contains;
mod deploy;
mod diagnosed;
mod forward;
mod installed;
mod placed;
mod printed;
mod reached;
mod refused;
mod scaffolded;
mod served;
mod shared;
mod simulated;
mod tutorial;
mod untouched;
