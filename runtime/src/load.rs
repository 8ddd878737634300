//! Why a policy or a policy set can't be loaded.

use std::path::PathBuf;

use admission::EvaluateError;

use crate::document::Module;
use crate::limits::LimitError;

/// Why a policy or a policy set can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Too many bytes to compile.
    #[error("policy {policy} has {bytes} bytes, at most {limit} are loaded")]
    TooLarge {
        /// The policy.
        policy: String,
        /// What was found.
        bytes: usize,
        /// What is taken.
        limit: usize,
    },
    /// No WebAssembly component.
    #[error("policy {policy} is no WebAssembly component: {reason}")]
    NotAComponent {
        /// The policy.
        policy: String,
        /// In the compiler's words.
        reason: String,
    },
    /// It asks for something that the contract doesn't offer.
    #[error(
        "policy {policy} imports {import}, which no policy may have; build it without WASI and \
         against sax:policy@0.1.0"
    )]
    ForbiddenImport {
        /// The policy.
        policy: String,
        /// The import.
        import: String,
    },
    /// It asks for reads, and is granted none.
    #[error("policy {policy} imports {import}, and is granted no reads; add spec.grants")]
    UngrantedImport {
        /// The policy.
        policy: String,
        /// The import.
        import: String,
    },
    /// It lacks a function of the world.
    #[error("policy {policy} does not export {export}")]
    MissingExport {
        /// The policy.
        policy: String,
        /// `describe` or `review`.
        export: &'static str,
    },
    /// It offers what the world doesn't have.
    #[error("policy {policy} exports {export}, expected describe, review and choose only")]
    ForbiddenExport {
        /// The policy.
        policy: String,
        /// The export.
        export: String,
    },
    /// Its imports or exports have other types.
    #[error("policy {policy} does not fit sax:policy@0.1.0: {reason}")]
    OtherTypes {
        /// The policy.
        policy: String,
        /// In the linker's words.
        reason: String,
    },
    /// `describe` failed.
    #[error("policy {policy} can't describe itself: it {source}")]
    Describe {
        /// The policy.
        policy: String,
        /// Why.
        source: EvaluateError,
    },
    /// What it says of itself makes no sense.
    #[error("policy {policy} has an invalid description: {reason}")]
    InvalidDescription {
        /// The policy.
        policy: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Its settings schema is no JSON Schema.
    #[error("policy {policy} has an invalid settings schema: {reason}")]
    InvalidSchema {
        /// The policy.
        policy: String,
        /// In the schema compiler's words.
        reason: String,
    },
    /// The settings don't match the schema.
    #[error("settings of policy {policy} at {path:?}: {message}")]
    InvalidSettings {
        /// The policy.
        policy: String,
        /// RFC 6901 pointer into the settings.
        path: String,
        /// In the schema's words.
        message: String,
    },
    /// A limit that no policy may have.
    #[error("policy {policy}: {source}")]
    Limit {
        /// The policy.
        policy: String,
        /// Which.
        source: LimitError,
    },
    /// A file that can't be read.
    #[error("failed to read {}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no `WasmPolicy`.
    #[error("{} is no WasmPolicy: {reason}", path.display())]
    NotADocument {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A built-in policy that doesn't exist.
    #[error("policy {policy} names the built-in {builtin}, expected one of {}", known.join(", "))]
    UnknownBuiltin {
        /// The policy.
        policy: String,
        /// What it names.
        builtin: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A module that only a cluster has.
    #[error(
        "policy {policy} takes its module from {module}, which only a WasmPolicy in a cluster can; \
         name a file with spec.module.file"
    )]
    OnlyInACluster {
        /// The policy.
        policy: String,
        /// Where it should come from.
        module: Module,
    },
    /// Two entries of one name.
    #[error("policy {policy} stands twice in the policy set")]
    Twice {
        /// The policy.
        policy: String,
    },
}
