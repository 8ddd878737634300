//! Every input that fuzzing found worth keeping, replayed: seconds instead of minutes, and no
//! libFuzzer.

use std::panic::catch_unwind;

use sax_fuzz::{TARGETS, replay};

/// A corpus of fewer inputs says little.
const LEAST: usize = 10;
/// Bytes of an input: larger ones belong into a test of their own.
const MOST_BYTES: usize = 16 << 10;

#[test]
fn what_was_found_before_holds() {
    for target in TARGETS {
        let paths = replay::corpus(target.name).expect("a corpus is a folder of files");
        assert!(paths.len() >= LEAST, "{} has {}", target.name, paths.len());
        for path in paths {
            let bytes = std::fs::read(&path).expect("an input is a file");
            assert!(bytes.len() <= MOST_BYTES, "{} is large", path.display());
            let outcome = catch_unwind(|| (target.check)(&bytes));
            assert!(
                outcome.is_ok(),
                "{} fails: cargo run --package sax-fuzz --bin {} -- {}",
                target.name,
                target.name,
                path.display()
            );
        }
    }
}
