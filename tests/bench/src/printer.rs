//! The rows as a table or as JSON.

use std::io::{self, Write};

use serde_json::json;

use crate::machine::Machine;
use crate::row::{Quantity, Row};

/// Writes a table; the notes follow, each below its row, and the machine's state below all.
pub(crate) fn table(rows: &[Row], machine: &Machine, out: &mut impl Write) -> io::Result<()> {
    let width = |text: fn(&Row) -> &str| {
        let widths = rows.iter().map(|row| text(row).chars().count());
        widths.max().unwrap_or_default()
    };
    let (names, whats) = (width(|row| &row.name), width(|row| &row.what));
    writeln!(
        out,
        "{:names$}  {:whats$}  {:>9}  {:>9}  {:>9}  {:>9}  VERDICT",
        "NAME", "WHAT", "BUDGET", "MEASURED", "P99", "OF BUDGET"
    )?;
    for row in rows {
        let p99 = row
            .p99
            .map_or_else(|| "-".to_owned(), |p99| p99.to_string());
        writeln!(
            out,
            "{:names$}  {:whats$}  {:>9}  {:>9}  {p99:>9}  {:>9.2}  {}",
            row.name,
            row.what,
            row.budget,
            row.measured,
            row.share(),
            verdict(row)
        )?;
        if !row.note.is_empty() {
            writeln!(out, "{:names$}    {}", "", row.note)?;
        }
    }
    writeln!(out, "{machine}")
}

/// Writes one JSON document; times are in microseconds, sizes in bytes.
pub(crate) fn json(rows: &[Row], machine: &Machine, out: &mut impl Write) -> io::Result<()> {
    let rows: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "what": row.what,
                "unit": match row.budget {
                    Quantity::Microseconds(_) => "microseconds",
                    Quantity::Bytes(_) => "bytes",
                    Quantity::Times(_) => "times",
                },
                "budget": row.budget.amount(),
                "measured": row.measured.amount(),
                "p99": row.p99.map(Quantity::amount),
                "ofBudget": row.share(),
                "verdict": verdict(row),
                "note": row.note,
            })
        })
        .collect();
    let machine = machine.to_json();
    serde_json::to_writer_pretty(&mut *out, &json!({ "machine": machine, "rows": rows }))?;
    writeln!(out)
}

fn verdict(row: &Row) -> &'static str {
    match row.is_kept() {
        true => "ok",
        false => "missed",
    }
}
