//! Policies made by hand: a core module in text, its data laid out by the canonical ABI, made a
//! component of the world `policy` with the contract's own WIT.

use anyhow::{Context, Result};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;
use xtask::workspace_root;

/// Where data starts in the guest's memory.
const BASE: usize = 1024;

/// A policy that denies everything that it sees.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    /// What it says of itself.
    pub version: &'a str,
    /// A resource of the core group, such as `configmaps`; it sees no other.
    pub resource: &'a str,
    /// What it says of an object.
    pub message: &'a str,
    /// JSON Schema of its settings.
    pub schema: &'a str,
}

impl Default for Denial<'_> {
    fn default() -> Self {
        Self {
            version: "1",
            resource: "configmaps",
            message: "not here",
            schema: r#"{"type": "object", "properties": {"strict": {"type": "boolean"}}, "additionalProperties": false}"#,
        }
    }
}

/// Where a text or a list is, and how many items it has.
type Span = [usize; 2];

impl Denial<'_> {
    /// Its code.
    pub const CODE: &'static str = "TST001";

    /// The component.
    ///
    /// # Errors
    /// When it can't be made: the contract is not where it should be.
    pub fn component(&self) -> Result<Vec<u8>> {
        let mut data = Data::default();
        let [name, code] = ["denial", Self::CODE].map(|text| data.text(text));
        let [version, schema] = [self.version, self.schema].map(|text| data.text(text));
        let [core, resource] = ["", self.resource].map(|text| data.text(text));
        let [groups, resources] = [core, resource].map(|text| [data.words(&text), 1]);
        let nothing = [0, 0];
        let rule = data.words(&[groups, nothing, resources, nothing].concat());
        let codes = data.words(&[code[0], code[1], 0, 0, 0, 0, 0]);
        let matches = [rule, 1];
        let record = [name, version, nothing, matches, schema, [codes, 1], nothing];
        let description = data.words(&record.concat());
        let message = data.text(self.message);
        let finding = [&code[..], &[0], &nothing, &message, &nothing].concat();
        let findings = data.words(&finding);
        let verdict = data.words(&[0, findings, 1, 0, 0]);
        component(&format!(
            r#"(module
                (memory (export "memory") 4)
                (data (i32.const {BASE}) "{data}")
                (global $next (mut i32) (i32.const 131072))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (global.get $next))
                    (global.set $next (i32.and (i32.const -8)
                        (i32.add (i32.const 7) (i32.add (global.get $next) (local.get 3)))))
                    (local.get $at))
                (func (export "describe") (result i32) i32.const {description})
                (func (export "review") (param i32) (result i32) i32.const {verdict}))"#,
            data = data.escaped(),
        ))
    }
}

/// Makes a component of the world `policy` of a core module in text form.
///
/// # Errors
/// When the text is no such module, or the contract is not where it should be.
pub fn component(module: &str) -> Result<Vec<u8>> {
    let mut module = wat::parse_str(module).context("assemble a guest")?;
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_path(workspace_root().join("wit"))
        .context("read the contract")?;
    let world = resolve.select_world(&[package], Some("policy"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode());
    component.context("encode a guest")
}

/// A guest's memory from [`BASE`] on.
#[derive(Default)]
struct Data(Vec<u8>);

impl Data {
    fn text(&mut self, text: &str) -> Span {
        let at = self.align();
        self.0.extend(text.as_bytes());
        [at, text.len()]
    }

    fn words(&mut self, words: &[usize]) -> usize {
        let at = self.align();
        for word in words {
            let word = u32::try_from(*word).unwrap_or_default();
            self.0.extend(word.to_le_bytes());
        }
        at
    }

    fn align(&mut self) -> usize {
        let length = self.0.len().next_multiple_of(8);
        self.0.resize(length, 0);
        BASE + length
    }

    fn escaped(&self) -> String {
        self.0.iter().map(|byte| format!("\\{byte:02x}")).collect()
    }
}
