//! Rows as tables, and as what is watched.

use serde::Serialize;

use super::{CellRow, ModelRow, ServerRow, SliceRow};
use crate::printer::{Printer, Tone};
use crate::render::table::{Cell, Table};

/// The state of what isn't there any more.
const GONE: &str = "Gone";

/// Which columns a table has besides the plain ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    /// The namespace, first?
    pub(crate) namespaces: bool,
    /// Those that are shown on demand, last?
    pub(crate) wide: bool,
}

/// A row of one of the lists.
pub(crate) trait Listed: Clone + PartialEq + Serialize + Sized {
    /// What the list is called.
    const WHAT: &'static str;

    /// What the row is about, alone among those of its namespace.
    fn name(&self) -> &str;

    /// The namespace, where one is known.
    fn namespace(&self) -> Option<&str>;

    /// The same row when there is nothing any more that it is about.
    fn gone(self) -> Self;

    /// Rows as a table.
    fn table(rows: &[Self], columns: Columns, printer: &Printer) -> Table;
}

impl Columns {
    fn table(self, mut header: Vec<&'static str>) -> Table {
        if self.namespaces {
            header.insert(0, "NAMESPACE");
        }
        Table::new(header)
    }

    fn row(self, table: &mut Table, namespace: Option<&str>, mut cells: Vec<Cell>) {
        if self.namespaces {
            cells.insert(0, Cell::from(namespace.unwrap_or_default()));
        }
        table.row(cells);
    }
}

/// The trait of a row: what it is called, the member that names it, how its state becomes `Gone`.
macro_rules! listed {
    ($row:ty, $what:literal, $name:ident, $table:path) => {
        impl Listed for $row {
            const WHAT: &'static str = $what;

            fn name(&self) -> &str {
                &self.$name
            }

            fn namespace(&self) -> Option<&str> {
                self.namespace.as_deref()
            }

            fn gone(mut self) -> Self {
                self.phase = GONE.into();
                self
            }

            fn table(rows: &[Self], columns: Columns, printer: &Printer) -> Table {
                $table(rows, columns, printer)
            }
        }
    };
}

listed!(ModelRow, "models", model, models);
listed!(ServerRow, "servers", server, servers);
listed!(CellRow, "cells", cell, cells);
listed!(SliceRow, "slices", slice, slices);

/// Models, and below each the servers that aren't fine.
fn models(rows: &[ModelRow], columns: Columns, printer: &Printer) -> Table {
    let mut header = vec!["NAME", "CLASS", "STATE", "LOADED", "ASSIGNED"];
    header.extend(
        ["CHECKPOINT", "OVERRIDES"]
            .into_iter()
            .filter(|_| columns.wide),
    );
    let mut table = columns.table(header);
    for row in rows {
        let loaded = row
            .loaded
            .map_or_else(|| "?".to_owned(), |loaded| loaded.to_string());
        let mut cells = vec![
            Cell::from(row.model.clone()),
            Cell::from(row.class.unwrap_or(&row.path)),
            phase(row.phase, printer),
            Cell::from(format!("{loaded}/{}", row.replicas)),
            Cell::from(format!("{}/{}", row.assigned, row.replicas)),
        ];
        if columns.wide {
            let overrides = row.overrides.iter();
            let overrides: Vec<_> = overrides
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            cells.extend([row.checkpoint.clone(), overrides.join(" ")].map(Cell::from));
        }
        columns.row(&mut table, row.namespace.as_deref(), cells);
        for replica in &row.servers {
            if columns.wide || !replica.reason().is_empty() {
                let state = replica.state.word().to_lowercase();
                let reason = match replica.reason() {
                    "" => String::new(),
                    reason => format!(": {reason}"),
                };
                table.line(format!("  {}: {state}{reason}", replica.server));
            }
        }
    }
    table
}

/// Model servers, and below each why it doesn't answer.
fn servers(rows: &[ServerRow], columns: Columns, printer: &Printer) -> Table {
    let mut header = vec!["NAME", "SLICE", "HOSTS", "STATE", "MODELS"];
    header.extend(["ADDRESS", "DEVICES"].into_iter().filter(|_| columns.wide));
    let mut table = columns.table(header);
    for row in rows {
        let mut cells = vec![
            Cell::from(row.server.clone()),
            Cell::from(row.slice.clone().unwrap_or_default()),
            Cell::from(row.hosts.clone().unwrap_or_default()),
            phase(&row.phase, printer),
            Cell::from(row.models_text()),
        ];
        if columns.wide {
            let devices = row.devices.map(|devices| devices.to_string());
            let address = row.address.clone();
            cells.extend([address, devices].map(|text| Cell::from(text.unwrap_or_default())));
        }
        columns.row(&mut table, row.namespace.as_deref(), cells);
        if let Some(reason) = &row.reason {
            table.line(format!("  {reason}"));
        }
    }
    table
}

/// Cells.
fn cells(rows: &[CellRow], columns: Columns, printer: &Printer) -> Table {
    let mut table = columns.table(vec!["NAME", "ADMIN SERVER", "STATE", "SLICES"]);
    for row in rows {
        let cells = vec![
            Cell::from(row.cell.clone()),
            Cell::from(row.admin.join(", ")),
            phase(&row.phase, printer),
            Cell::from(row.slices.to_string()),
        ];
        columns.row(&mut table, row.namespace.as_deref(), cells);
    }
    table
}

/// Slices.
fn slices(rows: &[SliceRow], columns: Columns, printer: &Printer) -> Table {
    let mut header = vec!["NAME", "CELL", "SLICE", "DEVICES", "HOSTS", "STATE"];
    header.extend(["PRIMARY", "ADDRESS"].into_iter().filter(|_| columns.wide));
    let mut table = columns.table(header);
    for row in rows {
        let devices = row.devices.map(|devices| devices.to_string());
        let mut cells = vec![
            Cell::from(row.slice.clone()),
            Cell::from(row.cell.clone()),
            Cell::from(row.shape.clone().unwrap_or_default()),
            Cell::from(devices.unwrap_or_default()),
            Cell::from(format!("{}/{}", row.hosts_ready, row.hosts)),
            phase(&row.phase, printer),
        ];
        if columns.wide {
            let more = [row.primary.clone(), row.address.clone()];
            cells.extend(more.map(|text| Cell::from(text.unwrap_or_default())));
        }
        columns.row(&mut table, row.namespace.as_deref(), cells);
    }
    table
}

fn phase(phase: &str, printer: &Printer) -> Cell {
    match phase {
        "Loaded" | "Running" => Cell::toned(phase, Tone::Good, printer),
        "Failed" | "Missing" | GONE => Cell::toned(phase, Tone::Bad, printer),
        "Idle" => Cell::from(phase),
        _ => Cell::toned(phase, Tone::Warn, printer),
    }
}
