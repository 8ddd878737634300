//! Where the slices of a plan would go, for programs and for people.

use serde::Serialize;

use super::lint::counted;
use super::status::why_lines;
use super::table::{Cell, Table};
use crate::plan::{Plan, Report, Wish};
use crate::printer::{Printer, Tone};
use crate::prospect::Prospect;

/// What `plan --on-cluster -o json` and `-o yaml` print: the plan, and where its slices would go.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacedReport<'a> {
    #[serde(flatten)]
    report: Report,
    /// One for each slice.
    on_cluster: &'a [Prospect],
}

impl<'a> PlacedReport<'a> {
    /// A plan and where its slices would go.
    pub(crate) fn of(wish: &Wish, plan: &Plan, on_cluster: &'a [Prospect]) -> Self {
        Self {
            report: Report::of(wish, plan),
            on_cluster,
        }
    }
}

/// A line for each slice, below it why it would wait, and the sum.
pub(crate) fn prospects_text(found: &[Prospect], printer: &Printer) -> String {
    let mut table = Table::new(["SLICE", "GOES TO"]);
    for prospect in found {
        let goes = match &prospect.domain {
            Some(domain) => Cell::toned(domain.as_str(), Tone::Good, printer),
            None => Cell::toned("waits", Tone::Warn, printer),
        };
        table.row([Cell::from(prospect.name.as_str()), goes]);
        for line in why_lines(&prospect.why, None) {
            table.line(format!("   {line}"));
        }
    }
    let waiting = found
        .iter()
        .filter(|prospect| prospect.domain.is_none())
        .count();
    let sum = match waiting {
        0 => printer.out("all slices could start now", Tone::Good),
        waiting => {
            let of = counted(found.len(), "slice", "slices");
            printer.out(&format!("{waiting} of {of} would wait"), Tone::Warn)
        }
    };
    format!("\n{}\n{sum}\n", table.text(printer))
}
