//! The binary as users run it: what it prints, where, and how it ends.

mod deploy;
mod help;
mod lint;
mod policy;
mod run;
mod webhook;
