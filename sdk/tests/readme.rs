//! README's policies are the crate's doc examples, which compile and run as doc tests.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should say where"
)]

use std::path::Path;

#[test]
fn the_policies_in_readme_are_the_examples_that_are_compiled_and_run() {
    let readme = read("../README.md");
    let shown = blocks(readme.lines(), "```rust");
    assert_eq!(shown.len(), 2, "{shown:?}");
    let source = read("src/lib.rs");
    let docs = source.lines().filter_map(|line| line.strip_prefix("//!"));
    let docs = docs.map(|line| line.strip_prefix(' ').unwrap_or(line));
    // Lines that begin with # are compiled and not shown.
    let docs = docs.filter(|line| *line != "#" && !line.starts_with("# "));
    assert_eq!(blocks(docs, "```"), shown);
}

/// The text of each block that starts with exactly this fence.
fn blocks<'a>(lines: impl Iterator<Item = &'a str>, fence: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<Option<String>> = None;
    for line in lines {
        open = match open.take() {
            None if line == fence => Some(Some(String::new())),
            None if line.starts_with("```") => Some(None),
            None => None,
            Some(block) if line == "```" => {
                blocks.extend(block);
                None
            }
            Some(block) => Some(block.map(|text| text + line + "\n")),
        };
    }
    blocks
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}
