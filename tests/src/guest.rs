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
    /// Its one code.
    pub code: &'a str,
    /// What it says of an object; where it is empty, the settings that it was asked with.
    pub message: &'a str,
    /// JSON Schema of its settings.
    pub schema: &'a str,
}

impl Default for Denial<'_> {
    fn default() -> Self {
        Self {
            version: "1",
            resource: "configmaps",
            code: Self::CODE,
            message: "not here",
            schema: r#"{"type": "object", "properties": {"strict": {"type": "boolean"}}, "additionalProperties": false}"#,
        }
    }
}

/// A policy that reads one object for each review: where it is there, it denies with the object's
/// JSON as its words, and where it can't be read, with the reason.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// A kind of `v1`.
    pub kind: &'a str,
    /// Where the object is.
    pub namespace: &'a str,
    /// What it is called.
    pub name: &'a str,
}

/// Where a text or a list is, and how many items it has.
type Span = [usize; 2];

/// Its memory, what `cluster` lets it allocate in, and what it says of itself.
const AROUND: &str = r#"(memory (export "memory") 4)
    (global $next (mut i32) (i32.const 131072))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $next))
        (global.set $next (i32.and (i32.const -8)
            (i32.add (i32.const 7) (i32.add (global.get $next) (local.get 3)))))
        (local.get $at))"#;

impl Denial<'_> {
    /// Its code, where it has no other.
    pub const CODE: &'static str = "TST001";

    /// The component.
    ///
    /// # Errors
    /// When it can't be made: the contract is not where it should be.
    pub fn component(&self) -> Result<Vec<u8>> {
        let mut data = Data::default();
        let description = self.description(&mut data);
        let (verdict, words) = self.verdict(&mut data);
        let echo = match self.message {
            "" => echo(words),
            _ => String::new(),
        };
        component(&format!(
            r#"(module {AROUND}
                (data (i32.const {BASE}) "{data}")
                (func (export "describe") (result i32) i32.const {description})
                (func (export "review") (param i32) (result i32) {echo} i32.const {verdict}))"#,
            data = data.escaped(),
        ))
    }

    /// Where the record of what it says of itself is.
    fn description(&self, data: &mut Data) -> usize {
        let [name, code] = ["denial", self.code].map(|text| data.text(text));
        let [version, schema] = [self.version, self.schema].map(|text| data.text(text));
        let [core, resource] = ["", self.resource].map(|text| data.text(text));
        let [groups, resources] = [core, resource].map(|text| [data.words(&text), 1]);
        let nothing = [0, 0];
        let rule = data.words(&[groups, nothing, resources, nothing].concat());
        let codes = data.words(&[code[0], code[1], 0, 0, 0, 0, 0]);
        let matches = [rule, 1];
        let record = [name, version, nothing, matches, schema, [codes, 1], nothing];
        data.words(&record.concat())
    }

    /// Where its verdict is, and in it the span of its words.
    fn verdict(&self, data: &mut Data) -> (usize, usize) {
        let [code, message] = [self.code, self.message].map(|text| data.text(text));
        let nothing = [0, 0];
        let finding = [&code[..], &[0], &nothing, &message, &nothing].concat();
        let findings = data.words(&finding);
        (data.words(&[0, findings, 1, 0, 0]), findings + 20)
    }
}

impl Reader<'_> {
    /// The component.
    ///
    /// # Errors
    /// When it can't be made: the contract is not where it should be.
    pub fn component(&self) -> Result<Vec<u8>> {
        let mut data = Data::default();
        let denial = Denial::default();
        let description = denial.description(&mut data);
        let (verdict, words) = denial.verdict(&mut data);
        let fine = data.words(&[0; 5]);
        let reasons = ["not granted", "unavailable", "exhausted"].map(|text| data.text(text));
        let reasons = data.words(&reasons.concat());
        // result<option<list<u8>>, read-error>: a tag, then at 4 the tag of either, then a span.
        let found = data.words(&[0; 4]);
        let [version, kind, namespace, name] =
            ["v1", self.kind, self.namespace, self.name].map(|text| {
                let [at, length] = data.text(text);
                format!("(i32.const {at}) (i32.const {length})")
            });
        component(&format!(
            r#"(module
                (import "sax:policy/cluster@0.1.0" "get"
                    (func $get (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
                {AROUND}
                (data (i32.const {BASE}) "{data}")
                (func (export "describe") (result i32) i32.const {description})
                (func $say (param $span i32)
                    (i64.store (i32.const {words}) (i64.load (local.get $span))))
                (func (export "review") (param i32) (result i32)
                    (call $get {version} {kind} (i32.const 1) {namespace} {name} (i32.const {found}))
                    (if (i32.load8_u (i32.const {found})) (then
                        (call $say (i32.add (i32.const {reasons})
                            (i32.mul (i32.const 8) (i32.load8_u offset=4 (i32.const {found}))))))
                    (else
                        (if (i32.eqz (i32.load8_u offset=4 (i32.const {found})))
                            (then (return (i32.const {fine}))))
                        (call $say (i32.const {}))))
                    (i32.const {verdict})))"#,
            found + 8,
            data = data.escaped(),
        ))
    }
}

/// Makes the settings, which come after the request of 88 bytes, what stands at `words`.
fn echo(words: usize) -> String {
    format!("(i64.store (i32.const {words}) (i64.load offset=88 (local.get 0)))")
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
