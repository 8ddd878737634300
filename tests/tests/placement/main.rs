//! The placer on a real control plane: the groups of exclusive JobSets land whole, each on a
//! domain of its own, or wait and say why.

mod cluster;
mod leaders;
#[path = "../e2e/placed.rs"]
mod placed;
mod places;
mod waits;
