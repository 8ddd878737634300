//! Plays Saxml on the wire: both HTTP dialects, and gRPC `sax.Admin`, `sax.Modelet` and
//! `LMService`, with the timing rules of the real ones and states that a script says.
//!
//! It was written from tables of what real servers answer, and loads no model: answers are canned.
//! What a class needs of devices it takes from `tpu`, so that a class whose mesh doesn't fit is
//! never served, without a word, as with the real ones.
//!
//! - [`Script`]: which Saxml, which servers, how loads go, what happens when.
//! - [`Sax`]: a simulation in this process; the program `sax-simulator` is one in its own.
//! - [`pods`]: a simulation behind the Pods of a namespace.

mod admin;
mod control;
mod http;
mod log;
pub mod pods;
mod process;
mod refusal;
mod sax;
pub mod saxutil;
pub mod script;
mod server;
mod world;

pub use sax::{Endpoints, Sax};
pub use script::{Action, Script};
