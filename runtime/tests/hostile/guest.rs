//! Guests made by hand: a core module in text, its data laid out by the canonical ABI, made a
//! component of the world `policy` (or `placement-policy`) with the contract's own WIT.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where data starts in the guest's memory.
const BASE: usize = 1024;

/// A guest: its functions, and the data that they point to.
pub(crate) struct Guest {
    data: Vec<u8>,
    imports: String,
    functions: String,
    review: String,
    describe: Option<String>,
    choose: Option<String>,
    pages: u32,
}

/// A text or a list in memory: where it starts and how many items it has.
pub(crate) type Span = [usize; 2];

/// One finding before it is laid out.
pub(crate) struct Finding<'a> {
    pub(crate) code: &'a [u8],
    pub(crate) deny: bool,
    pub(crate) path: &'a str,
    pub(crate) message: &'a str,
}

impl Default for Finding<'_> {
    fn default() -> Self {
        Self {
            code: b"BAD001",
            deny: true,
            path: "/spec",
            message: "m",
        }
    }
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            data: Vec::new(),
            imports: String::new(),
            functions: String::new(),
            review: "unreachable".to_owned(),
            describe: None,
            choose: None,
            pages: 4,
        }
    }
}

impl Guest {
    /// A guest whose `review` is this core code; the parameter points to the request.
    pub(crate) fn reviewing(code: &str) -> Self {
        Self {
            review: code.to_owned(),
            ..Self::default()
        }
    }

    /// A guest that always gives this verdict; operations are (0 add, 1 replace, 2 remove; path;
    /// value).
    pub(crate) fn answering(findings: &[Finding], patch: &[(u8, &str, &str)]) -> Self {
        let mut guest = Self::default();
        let findings = guest.findings(findings);
        let patch = guest.patch(patch);
        let [at, _] = guest.words(&[0, findings[0], findings[1], patch[0], patch[1]]);
        guest.review = format!("i32.const {at}");
        guest
    }

    /// A guest that says itself that it failed.
    pub(crate) fn failing(reason: &str) -> Self {
        let mut guest = Self::default();
        let reason = guest.text(reason.as_bytes());
        let [at, _] = guest.words(&[1, reason[0], reason[1]]);
        guest.review = format!("i32.const {at}");
        guest
    }

    /// A placement policy whose `choose` is this core code; the parameter points to group,
    /// domains and settings.
    pub(crate) fn choosing(code: &str) -> Self {
        Self::default().chosen_by(code)
    }

    /// A placement policy that always gives this ranking.
    pub(crate) fn ranking(names: &[&[u8]]) -> Self {
        let mut guest = Self::default();
        let texts: Vec<Span> = names.iter().map(|name| guest.text(name)).collect();
        let [list, _] = guest.words(&texts.concat());
        let [at, _] = guest.words(&[0, list, names.len()]);
        guest.chosen_by(&format!("i32.const {at}"))
    }

    pub(crate) fn chosen_by(mut self, code: &str) -> Self {
        self.choose = Some(code.to_owned());
        self
    }

    pub(crate) fn reviewed_by(mut self, code: &str) -> Self {
        self.review = code.to_owned();
        self
    }

    pub(crate) fn with_import(mut self, import: &str) -> Self {
        self.imports.push_str(import);
        self
    }

    pub(crate) fn with_function(mut self, function: &str) -> Self {
        self.functions.push_str(function);
        self
    }

    pub(crate) fn with_pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    pub(crate) fn describing(mut self, code: &str) -> Self {
        self.describe = Some(code.to_owned());
        self
    }

    /// Puts text into memory.
    pub(crate) fn text(&mut self, text: &[u8]) -> Span {
        let at = self.align();
        self.data.extend(text);
        [at, text.len()]
    }

    /// Puts words into memory.
    pub(crate) fn words(&mut self, words: &[usize]) -> Span {
        let at = self.align();
        for word in words {
            self.data
                .extend(u32::try_from(*word).unwrap().to_le_bytes());
        }
        [at, words.len()]
    }

    /// The component.
    pub(crate) fn component(mut self) -> Vec<u8> {
        let describe = match self.describe.take() {
            Some(code) => code,
            None => format!("i32.const {}", self.description()),
        };
        let data: String = self
            .data
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        let Self {
            imports,
            functions,
            review,
            choose,
            pages,
            ..
        } = self;
        let (world, choose) = match choose {
            None => ("policy", String::new()),
            Some(code) => (
                "placement-policy",
                format!(r#"(func (export "choose") (param i32) (result i32) {code})"#),
            ),
        };
        let module = format!(
            r#"(module
                {imports}
                (memory (export "memory") {pages})
                (data (i32.const {BASE}) "{data}")
                (global $next (mut i32) (i32.const 131072))
                (global $count (mut i32) (i32.const 0))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (global.get $next))
                    (global.set $next (i32.and (i32.const -8)
                        (i32.add (i32.const 7) (i32.add (global.get $next) (local.get 3)))))
                    (local.get $at))
                {functions}
                (func (export "describe") (result i32) {describe})
                {choose}
                (func (export "review") (param i32) (result i32) {review}))"#
        );
        encode(&module, world)
    }

    fn align(&mut self) -> usize {
        let length = self.data.len().next_multiple_of(8);
        self.data.resize(length, 0);
        BASE + length
    }

    fn findings(&mut self, findings: &[Finding]) -> Span {
        let mut words = Vec::new();
        for finding in findings {
            let [code, path, message] = [
                finding.code,
                finding.path.as_bytes(),
                finding.message.as_bytes(),
            ]
            .map(|text| self.text(text));
            words.extend(code);
            words.push(usize::from(!finding.deny));
            words.extend([path, message, message].concat());
        }
        let [at, _] = self.words(&words);
        [at, findings.len()]
    }

    fn patch(&mut self, patch: &[(u8, &str, &str)]) -> Span {
        let mut words = Vec::new();
        for (operation, path, value) in patch {
            let [path, value] = [path, value].map(|text| self.text(text.as_bytes()));
            words.push(usize::from(*operation));
            words.extend([path, value].concat());
        }
        let [at, _] = self.words(&words);
        [at, patch.len()]
    }

    /// A description that matches everything and knows BAD001 (deny) and BAD002 (warn).
    fn description(&mut self) -> usize {
        let [name, version, schema] = [&b"guest"[..], b"1", b"{}"].map(|text| self.text(text));
        let [rule, _] = self.words(&[0; 8]);
        let [deny, warn] = [&b"BAD001"[..], b"BAD002"].map(|text| self.text(text));
        let code = |code: Span, severity| [code[0], code[1], severity, 0, 0, 0, 0];
        let [codes, _] = self.words(&[code(deny, 0), code(warn, 1)].concat());
        let nothing = [0, 0];
        let record = [
            name,
            version,
            nothing,
            [rule, 1],
            schema,
            [codes, 2],
            nothing,
        ];
        let [at, _] = self.words(&record.concat());
        at
    }
}

fn encode(module: &str, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(module).unwrap();
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_path(wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&module).unwrap();
    encoder.validate(true).encode().unwrap()
}
