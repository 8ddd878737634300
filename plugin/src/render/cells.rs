//! A cell's models below the workloads of `status`: each with its state by its servers' own word.

use super::table::{Cell, Table};
use super::wrap::wrapped;
use crate::printer::{Printer, Tone};
use crate::sax::Replica;
use crate::standing::{CellStanding, ModelStanding};

/// Nothing where there is no cell.
pub(super) fn cells_text(cells: &[CellStanding], printer: &Printer) -> String {
    cells.iter().map(|cell| cell_text(cell, printer)).collect()
}

fn cell_text(cell: &CellStanding, printer: &Printer) -> String {
    let name = cell.cell.as_deref().unwrap_or("of this namespace");
    if let Some(message) = &cell.message {
        let line = format!("cell {name}: what its models do isn't known: {message}");
        let line = line.lines().collect::<Vec<_>>().join(" ");
        return format!("\n{}\n", wrapped(&line, printer.width()));
    }
    if cell.models.is_empty() {
        return format!("\ncell {name}: no models are published\n");
    }
    let mut table = Table::new(["CELL", "STATE", "LOADED"]);
    table.row([Cell::from(name), Cell::from(""), Cell::from("")]);
    let last = cell.models.len() - 1;
    for (index, model) in cell.models.iter().enumerate() {
        let (branch, below) = match index == last {
            true => ("└─ ", "   "),
            false => ("├─ ", "│  "),
        };
        add(model, branch, below, &mut table, printer);
    }
    format!("\n{}", table.text(printer))
}

fn add(model: &ModelStanding, branch: &str, below: &str, table: &mut Table, printer: &Printer) {
    let tone = match model.phase {
        "Loaded" | "Ready" => Tone::Good,
        "Failed" => Tone::Bad,
        _ => Tone::Warn,
    };
    table.row([
        Cell::from(format!("{branch}{}", model.model)),
        Cell::toned(model.phase, tone, printer),
        Cell::from(format!("{}/{}", model.loaded, model.wanted)),
    ]);
    for replica in &model.replicas {
        table.line(format!("{below}   {}", replica_line(replica)));
    }
    if let Some(why) = model.why() {
        table.line(format!("{below}   {why}"));
    }
}

fn replica_line(replica: &Replica) -> String {
    let reason = replica.reason();
    let reason = match reason.is_empty() {
        true => String::new(),
        false => format!(": {}", reason.lines().collect::<Vec<_>>().join(" ")),
    };
    format!("{}  {}{reason}", replica.server, replica.state.word())
}
