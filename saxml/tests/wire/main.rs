//! The compiled .proto files equal the tables that were taken from Saxml's own descriptors: a
//! number or type that differs would be read as something else without a word.

mod compiled;
mod tables;

use std::collections::BTreeSet;

use compiled::rows;
use tables::TABLES;

#[test]
fn every_field_value_and_rpc_of_the_tables_is_compiled_and_nothing_else() {
    let (tables, compiled) = (tables::rows(TABLES), rows());
    let differing: BTreeSet<_> = tables.symmetric_difference(&compiled).collect();
    assert!(differing.is_empty(), "only on one side: {differing:#?}");
    assert!(compiled.len() > 200, "{} rows are too few", compiled.len());
}

#[test]
fn what_was_reserved_stays_reserved() {
    let chips = compiled::reserved_of_enum("ModelServer.ChipType");
    assert_eq!(chips, [(7, 7), (8, 8)]);
    // The end is exclusive for messages, inclusive for enums.
    assert_eq!(compiled::reserved_of_message("ExportRequest"), [(2, 3)]);
}
