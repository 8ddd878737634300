//! A plan for programs, and where its slices would go for people.

use serde::Serialize;

use super::lint::counted;
use super::status::why_lines;
use super::table::{Cell, Table};
use crate::plan::Plan;
use crate::printer::{Printer, Tone};
use crate::prospect::Prospect;

/// What `plan -o json` and `-o yaml` print.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanReport<'a> {
    model: Option<&'static str>,
    slice: String,
    accelerator: &'static str,
    topology: String,
    replicas: u32,
    chips: u64,
    vms_per_slice: u32,
    chips_per_vm: u32,
    platform_chip: &'static str,
    platform_topology: Option<&'static str>,
    /// Only with `--on-cluster`: one for each slice.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_cluster: Option<&'a [Prospect]>,
}

impl<'a> PlanReport<'a> {
    /// A plan, and where its slices would go where that was asked.
    pub(crate) fn of(plan: &Plan, on_cluster: Option<&'a [Prospect]>) -> Self {
        Self {
            model: plan.model.as_ref().map(|model| model.class.name()),
            slice: plan.slice.to_string(),
            accelerator: plan.slice.accelerator().label(),
            topology: plan.slice.topology().to_string(),
            replicas: plan.replicas,
            chips: plan.total_chips(),
            vms_per_slice: plan.vms,
            chips_per_vm: plan.chips_per_vm,
            platform_chip: plan.chip,
            platform_topology: plan.platform_topology,
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
