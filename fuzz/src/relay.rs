//! A guest that hands over whatever it is told to: its settings are copied to the beginning of its
//! memory, and its verdict is what stands there.

use std::path::Path;
use std::sync::LazyLock;

use runtime::{Engine, EngineOptions, Grants, LoadedPolicy};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Bytes from the beginning of the memory that settings may take: what the guest says of itself, and
/// what it is asked, lie above.
pub(crate) const ROOM: usize = 64 << 10;

/// The code that denies.
pub(crate) const DENIES: &str = "BAD001";
/// The code that only warns.
pub(crate) const WARNS: &str = "BAD002";

/// The guest, compiled once.
pub(crate) static RELAY: LazyLock<LoadedPolicy> = LazyLock::new(|| {
    let engine = Engine::new(&EngineOptions::default()).expect("a sandbox");
    let component = component().expect("the guest is a component");
    let loaded = engine.load("relay", &component, &Grants::default());
    loaded.expect("the guest is a policy")
});

/// By the canonical ABI `review` gets a pointer to its arguments, 88 bytes into which stand the
/// settings' own pointer and length. Texts of the description: 65536 is `relay`, 65541 `1`, 65542
/// `{}`, 65544 and 65550 the codes; at 65600 one match rule of empty lists, at 65632 the two codes'
/// records, at 65700 the description.
const MODULE: &str = r#"(module
    (memory (export "memory") 64)
    (data (i32.const 65536) "relay1{}BAD001BAD002")
    (data (i32.const 65632)
        "\08\00\01\00\06\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
        "\0e\00\01\00\06\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
    (data (i32.const 65700)
        "\00\00\01\00\05\00\00\00" "\05\00\01\00\01\00\00\00" "\00\00\00\00\00\00\00\00"
        "\40\00\01\00\01\00\00\00" "\06\00\01\00\02\00\00\00" "\60\00\01\00\02\00\00\00"
        "\00\00\00\00\00\00\00\00")
    (global $next (mut i32) (i32.const 131072))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $next))
        (global.set $next (i32.and (i32.const -8)
            (i32.add (i32.const 7) (i32.add (global.get $next) (local.get 3)))))
        (local.get $at))
    (func (export "describe") (result i32) i32.const 65700)
    (func (export "review") (param i32) (result i32)
        (memory.copy (i32.const 0)
            (i32.load offset=88 (local.get 0)) (i32.load offset=92 (local.get 0)))
        i32.const 0))"#;

fn component() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut module = wat::parse_str(MODULE)?;
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_path(wit)?;
    let world = resolve.select_world(&[package], Some("policy"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    let mut encoder = ComponentEncoder::default();
    Ok(encoder.module(&module)?.validate(true).encode()?)
}
