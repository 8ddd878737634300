//! The built-in policies, as the components that both shells embed.
//!
//! Each folder beside this one that links as a `cdylib` is a policy; `build.rs` compiles them to
//! WebAssembly and writes the table. What a policy does stands in its own front page.

/// One built-in policy.
#[derive(Debug, Clone, Copy)]
pub struct Builtin {
    /// Its name, which is also its folder's.
    pub name: &'static str,
    /// The WebAssembly component.
    pub component: &'static [u8],
    /// The `WasmPolicy` document that puts it in force: `policies/<name>/policy.yaml`.
    pub manifest: &'static str,
}

/// All built-in policies, by name; the order of evaluation is in their manifests.
#[must_use]
pub fn builtin() -> &'static [Builtin] {
    BUILTIN
}

const BUILTIN: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
