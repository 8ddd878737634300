//! Saxml's client: where a cell's servers are, how they are reached, and what is true of a model.
//!
//! Three facts shape it. An admin server counts a server as a model's from the moment it is
//! *assigned*, so only the model servers themselves ([`ModelServer::holdings`]) tell whether a
//! model is loaded. Most requests of Saxml's have no deadline of their own, so each of ours has.
//! And the codes of its errors are often hidden in their text, which [`saxml::Failure`] reads.

mod admin;
mod capacity;
mod door;
mod error;
mod everywhere;
mod extras;
mod http;
mod look;
mod name;
mod parts;
mod peer;
mod published;
mod route;
mod server;
mod transcript;

pub(crate) use admin::Admin;
pub(crate) use capacity::{Demand, capacity};
pub(crate) use error::SaxError;
pub(crate) use everywhere::AllCells;
pub(crate) use extras::{ExtraFlags, Extras};
pub(crate) use http::HttpServer;
pub(crate) use look::{Look, Progression, Replica, State, Verdict};
pub(crate) use name::{ModelName, parse_cell, parse_model};
pub(crate) use parts::{CellParts, Parts, ServerPart};
pub(crate) use peer::Peer;
pub(crate) use published::{Published, full_class};
pub(crate) use route::{Grpc, Reach, Route};
pub(crate) use server::{Answer, Holding, ModelServer};
pub(crate) use transcript::Transcript;
