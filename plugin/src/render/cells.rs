//! A cell's models below the workloads of `status`: each with its state by its servers' own word.

use super::table::{Cell, Table};
use super::wrap::wrapped;
use crate::printer::{Printer, Tone};
use crate::sax::Replica;
use crate::standing::{CellStanding, ModelStanding, ServerStanding};

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
    let table = table(cell, name, printer);
    let notes = notes(cell).map(|note| wrapped(&note, printer.width()) + "\n");
    format!("\n{table}{}", notes.collect::<String>())
}

/// Servers, then models.
fn table(cell: &CellStanding, name: &str, printer: &Printer) -> String {
    let count = cell.servers.len() + cell.models.len();
    if count == 0 {
        return String::new();
    }
    let mut branches = (1..=count).map(|index| match index == count {
        true => ("└─ ", "   "),
        false => ("├─ ", "│  "),
    });
    let mut table = Table::new(["CELL", "STATE", "LOADED", "LAG"]);
    table.row([name, "", "", ""].map(Cell::from));
    for (server, (branch, _)) in cell.servers.iter().zip(branches.by_ref()) {
        add_server(server, branch, &mut table, printer);
    }
    for (model, (branch, below)) in cell.models.iter().zip(branches) {
        add(model, branch, below, &mut table, printer);
    }
    table.text(printer)
}

/// What the table has no place for.
fn notes(cell: &CellStanding) -> impl Iterator<Item = String> {
    let name = cell.cell.as_deref().unwrap_or("of this namespace");
    let empty = cell.models.is_empty();
    let empty = empty.then(|| format!("cell {name}: no models are published"));
    let unheard = cell.servers_message.as_ref().map(|message| {
        let message = message.lines().collect::<Vec<_>>().join(" ");
        format!("cell {name}: which model servers have joined isn't known: {message}")
    });
    empty.into_iter().chain(unheard)
}

fn add_server(server: &ServerStanding, branch: &str, table: &mut Table, printer: &Printer) {
    let tone = match server.phase.as_str() {
        "Joined" | "Running" => Tone::Good,
        "Missing" => Tone::Bad,
        _ => Tone::Warn,
    };
    let lag = server.lag_seconds.map(|lag| {
        let text = format!("{:.0}s", lag.0);
        match lag.is_late() {
            true => Cell::toned(text, Tone::Warn, printer),
            false => Cell::from(text),
        }
    });
    table.row([
        Cell::from(format!("{branch}{}", server.server)),
        Cell::toned(server.phase.clone(), tone, printer),
        Cell::from(""),
        lag.unwrap_or_else(|| Cell::from("")),
    ]);
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
        Cell::from(""),
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
