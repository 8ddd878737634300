//! The placer on a real control plane: the groups of exclusive JobSets land whole, each on a
//! domain of its own, or wait and say why.

mod applied;
mod broken;
mod cases;
mod cluster;
mod faults;
mod leaders;
mod live;
mod names;
mod no_domain;
mod outside;
mod owners;
#[path = "../e2e/placed.rs"]
mod placed;
mod places;
mod pools;
mod priorities;
mod restarted;
mod told;
mod uninstalled;
mod waits;
