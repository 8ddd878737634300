//! Policy sets to measure with.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use policies::builtin;

use crate::guest;

/// How many policies the budgets of start-up and memory speak of.
pub(crate) const TEN: usize = 10;

/// Writes documents that make ten policies with the built-in ones: copies of these as files of
/// their own, so that each is compiled by itself, and `extra` components.
pub(crate) fn write_ten(folder: &Path, extra: &[(&str, Vec<u8>)]) -> Result<()> {
    let copies = TEN.saturating_sub(builtin().len() + extra.len());
    for (index, of) in builtin().iter().cycle().take(copies).enumerate() {
        let name = format!("copy-{index}");
        let mark = u8::try_from(index).context("count the copies")?;
        let component = guest::marked(of.component, mark);
        let of_builtin = format!("builtin: {}", of.name);
        let document = of
            .manifest
            .replace(&of_builtin, &format!("file: {name}.wasm"))
            .replace(&format!("name: {}", of.name), &format!("name: {name}"));
        write(folder, &name, &component, &document)?;
    }
    for (name, component) in extra {
        let document = format!(
            "apiVersion: kubectl-sax.dev/v1alpha1\nkind: WasmPolicy\nmetadata: {{name: {name}}}\n\
             spec: {{module: {{file: {name}.wasm}}, onError: allow}}\n"
        );
        write(folder, name, component, &document)?;
    }
    Ok(())
}

/// Writes a policy that sees nothing but one namespace, and whose failure lets in.
pub(crate) fn write_for_namespace(folder: &Path, namespace: &str, component: &[u8]) -> Result<()> {
    let document = format!(
        "apiVersion: kubectl-sax.dev/v1alpha1\nkind: WasmPolicy\nmetadata: {{name: {namespace}}}\n\
         spec: {{module: {{file: {namespace}.wasm}}, onError: allow, match: {{namespaces: [{namespace}]}}}}\n"
    );
    write(folder, namespace, component, &document)
}

fn write(folder: &Path, name: &str, component: &[u8], document: &str) -> Result<()> {
    fs::write(folder.join(format!("{name}.wasm")), component)
        .and_then(|()| fs::write(folder.join(format!("{name}.yaml")), document))
        .with_context(|| format!("write policy {name}"))
}
