//! The policy against its case files, against every accelerator and topology of the catalogue,
//! and against objects that make no sense.

mod cases;
mod catalogue;
mod never_panics;
mod tutorial;
