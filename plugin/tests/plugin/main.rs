//! The binary as users run it: what it prints, where, and how it ends.

mod api;
mod deploy;
mod help;
mod lint;
mod placement;
mod policy;
mod run;
mod status;
mod topology;
mod webhook;
