//! Guests made by hand: one that does nothing, one that wants all memory. Both take any review.

use anyhow::Result;
use sax_tests::guest;

/// Where the description starts in a guest's memory.
const BASE: usize = 1024;
/// The data segment's three texts: name, version and settings schema.
const TEXTS: [&str; 3] = ["guest", "1", "{}"];

/// A policy that finds nothing, without a look at the object: what a review costs before any
/// policy does any work.
///
/// # Errors
/// When it can't be made: the contract is not where it should be.
pub(crate) fn idle() -> Result<Vec<u8>> {
    // The memory's first bytes are zero: `ok`, no findings, no patch.
    component("i32.const 0")
}

/// A policy that allocates and writes to all the memory that it can get.
///
/// # Errors
/// As for [`idle`].
pub(crate) fn hog() -> Result<Vec<u8>> {
    component(
        "(local $at i32)
         (local.set $at (i32.mul (memory.size) (i32.const 65536)))
         (loop $more
            (drop (memory.grow (i32.const 16)))
            (loop $write
                (i32.store (local.get $at) (i32.const 1))
                (local.set $at (i32.add (local.get $at) (i32.const 4096)))
                (br_if $write (i32.lt_u (local.get $at)
                    (i32.mul (memory.size) (i32.const 65536)))))
            (br $more))
         unreachable",
    )
}

/// A policy that never ends by itself.
///
/// # Errors
/// As for [`idle`].
pub(crate) fn looping() -> Result<Vec<u8>> {
    component("(loop $again (br $again)) unreachable")
}

/// A policy that traps at once.
///
/// # Errors
/// As for [`idle`].
pub(crate) fn trapping() -> Result<Vec<u8>> {
    component("unreachable")
}

/// A component like `component` but for its bytes, so that no cache takes one for the other: a
/// custom section that holds `mark` is appended.
pub(crate) fn marked(component: &[u8], mark: u8) -> Vec<u8> {
    const NAME: &[u8] = b"copy";
    let length = 1 + NAME.len() + 1;
    let mut copy = component.to_vec();
    copy.push(0);
    copy.extend(u8::try_from(length));
    copy.extend(u8::try_from(NAME.len()));
    copy.extend(NAME);
    copy.push(mark);
    copy
}

fn component(review: &str) -> Result<Vec<u8>> {
    let (data, description) = description();
    let data: String = data.iter().map(|byte| format!("\\{byte:02x}")).collect();
    guest::component(&format!(
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
            (func (export "review") (param i32) (result i32) {review}))"#
    ))
}

/// The data, and where in it the description is, laid out by the canonical ABI. Its one match
/// rule is four empty lists: it matches everything.
fn description() -> (Vec<u8>, usize) {
    let rule = BASE;
    let mut data = vec![0; 32];
    let [name, version, schema] = TEXTS.map(|text| {
        let at = BASE + data.len();
        data.extend(text.as_bytes());
        [at, text.len()]
    });
    data.resize(data.len().next_multiple_of(8), 0);
    let at = BASE + data.len();
    let nothing = [0, 0];
    for word in [name, version, nothing, [rule, 1], schema, nothing, nothing].concat() {
        data.extend(u32::try_from(word).unwrap_or_default().to_le_bytes());
    }
    (data, at)
}
