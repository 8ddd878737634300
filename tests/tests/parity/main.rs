//! Parity: whoever asks, and by whichever way, gets the same answer. Every case file of every
//! policy goes through the engine, `lint`, the webhook over HTTPS and a real API server.

mod alone;
mod answer;
mod attempts;
mod cases;
mod catalogue;
mod coverage;
mod groups;
mod https;
mod lint;
mod pipeline;
mod product;
mod reviews;
mod serving;
mod shells;
mod stored;
mod verdicts;
mod workers;
