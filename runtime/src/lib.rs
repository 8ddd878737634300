//! Runs policies in a sandbox: the only crate that names wasmtime.
//!
//! An [`Engine`] compiles components, or takes them from its cache of compiled code, and checks
//! what they import ([`Engine::load`]). A [`LoadedPolicy`] answers reviews, each in a store of
//! its own and within [`Limits`], and ranks domains where it is a placement policy. [`Loaded`] is a whole policy set, ready for
//! [`admission::admit`]: built-in policies and `WasmPolicy` documents.

mod bindings;
mod cache;
mod call;
mod choice;
mod collection;
mod config;
mod convert;
mod description;
mod document;
mod engine;
mod entry;
mod failure;
mod files;
mod grants;
mod host;
mod key;
mod limits;
mod load;
mod loaded;
mod objects;
mod permits;
mod policy;
mod settings;
mod ticker;
mod verdict;
mod world;

pub use choice::{Choice, ChooseError, Ranking};
pub use collection::Collection;
pub use description::{Code, Description};
pub use document::{ConfigMapKey, DocumentError, Module, WasmPolicy};
pub use engine::{Engine, EngineError, EngineOptions, MOST_COMPONENT_BYTES};
pub use entry::{Entry, digest, replacing};
pub use files::{load_builtin, load_entries, load_files};
pub use grants::{Grant, Grants};
pub use limits::{FUEL_PER_BYTE, LimitError, Limits};
pub use load::LoadError;
pub use loaded::{Evaluator, Loaded};
pub use objects::{ObjectError, Objects};
pub use policy::{Answer, LoadedPolicy};
pub use world::World;
