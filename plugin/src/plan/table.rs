//! A report for people.

use super::fit::list;
use super::report::{
    AcceleratorPart, AlternativePart, MisfitPart, ModelPart, Report, SlicePart, WidthPart,
};
use super::size::{Parameters, gigabytes};
use crate::printer::{Printer, Tone};
use crate::render::{Cell, Table};

/// How wide the names of the facts are.
const NAME: usize = 13;

impl Report {
    /// Facts first, then what else could be had.
    pub(crate) fn table(&self, printer: &Printer) -> String {
        let facts: String = self
            .facts()
            .iter()
            .map(|(name, fact)| line(name, fact))
            .collect();
        let devices = self.model.as_ref().and_then(|model| model.devices);
        let sections = [
            Some(facts),
            section(&self.accelerators, |parts| {
                accelerators_text(parts, devices, printer)
            }),
            section(&self.misfits, |parts| misfits_text(parts, printer)),
            section(&self.alternatives, |parts| {
                alternatives_text(parts, printer)
            }),
        ];
        let texts: Vec<_> = sections.into_iter().flatten().collect();
        texts.join("\n")
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if let Some(model) = &self.model {
            facts.push(("Model", model_text(model)));
        }
        if let Some(weights) = &self.weights {
            let parameters = Parameters::from_count(weights.parameters);
            facts.push(("Parameters", parameters.to_string()));
            facts.push(("By the rule", width_text(&weights.rule)));
            if weights.kept.dtype != weights.rule.dtype {
                facts.push(("As kept", width_text(&weights.kept)));
            }
            if let Some(headroom) = weights.hbm_headroom {
                facts.push(("Headroom", format!("{headroom} of the memory stays free")));
            }
        }
        if let Some(devices) = self.model.as_ref().and_then(|model| model.devices) {
            facts.push(("Mesh", format!("exactly {} devices", list(devices))));
        }
        facts.extend(self.hardware());
        facts
    }

    fn hardware(&self) -> [(&'static str, String); 4] {
        let total = &self.total;
        let each = format!("of {}", nodes(total.vms_per_node_pool));
        let quota = &total.quota;
        let name = quota
            .name
            .map_or("TPU chips".to_owned(), |name| format!("{name:?}"));
        [
            ("Slice", slice_text(&self.slice, self.replicas)),
            ("Machines", machines_text(&self.slice)),
            ("Node pools", format!("{} {each}", total.node_pools)),
            (
                "Quota",
                format!(
                    "{} of {name} in the zone's region ({})",
                    chips(quota.chips),
                    quota.service
                ),
            ),
        ]
    }
}

/// What each accelerator offers.
pub(super) fn accelerators_text(
    parts: &[AcceleratorPart],
    devices: Option<&[u32]>,
    printer: &Printer,
) -> String {
    let title = match devices {
        Some(devices) => format!("Slices of exactly {} devices", list(devices)),
        None => "Smallest slices that hold the weights".to_owned(),
    };
    let mut table = Table::new([
        "ACCELERATOR",
        "SLICE",
        "VMS",
        "MACHINE TYPE",
        "MEMORY",
        "SERVES IT",
    ]);
    // What can be had comes first.
    let (serving, others): (Vec<_>, Vec<_>) =
        parts.iter().partition(|part| part.obstacle.is_none());
    for part in serving.into_iter().chain(others) {
        table.row(accelerator_row(part, printer));
    }
    format!("{title}:\n{}", table.text(printer))
}

fn line(name: &str, fact: &str) -> String {
    format!("{:<NAME$}{fact}\n", format!("{name}:"))
}

fn section<T>(parts: &[T], text: impl FnOnce(&[T]) -> String) -> Option<String> {
    (!parts.is_empty()).then(|| text(parts))
}

fn model_text(model: &ModelPart) -> String {
    let version = match model.image_version {
        Some(version) => format!(" in images {version}"),
        None => ", which the catalogue doesn't know".to_owned(),
    };
    let mode = if model.test_mode == Some(true) {
        "; test mode: its weights are random"
    } else {
        ""
    };
    format!("{}{version}{mode}", model.class)
}

fn width_text(width: &WidthPart) -> String {
    let bytes = match width.bytes_per_parameter {
        1 => "1 byte".to_owned(),
        several => format!("{several} bytes"),
    };
    let hold = width
        .chips
        .map_or_else(String::new, |count| format!(": {} or more", chips(count)));
    let size = gigabytes(width.bytes);
    format!("{size} at {bytes} a parameter ({}){hold}", width.dtype)
}

fn slice_text(slice: &SlicePart, replicas: u32) -> String {
    let memory = slice
        .memory
        .as_ref()
        .map_or_else(String::new, |memory| format!(", {memory}"));
    let one = format!("{} ({}{memory})", slice.name, chips(slice.chips));
    match replicas {
        1 => one,
        several => {
            let total = chips(slice.chips.saturating_mul(u64::from(several)));
            format!("{several} x {one} = {total}")
        }
    }
}

fn machines_text(slice: &SlicePart) -> String {
    let machine = slice
        .machine_type
        .unwrap_or("machines of a type that isn't documented");
    let each = chips(u64::from(slice.chips_per_vm));
    match slice.vms {
        1 => format!("one {machine} of {each} for each slice"),
        vms => format!("{vms} {machine} of {each} for each slice"),
    }
}

fn accelerator_row(part: &AcceleratorPart, printer: &Printer) -> [Cell; 6] {
    let serves = match &part.obstacle {
        None => Cell::toned("yes", Tone::Good, printer),
        Some(obstacle) => Cell::from(format!("no: {obstacle}")),
    };
    let Some(slice) = &part.slice else {
        let none = || Cell::from("-");
        return [
            Cell::from(part.name),
            none(),
            none(),
            none(),
            none(),
            serves,
        ];
    };
    let others = part.others.iter().map(|other| topology(other));
    let slices: Vec<_> = std::iter::once(slice.name.as_str()).chain(others).collect();
    [
        Cell::from(part.name),
        Cell::from(slices.join(",")),
        Cell::from(slice.vms.to_string()),
        Cell::from(slice.machine_type.unwrap_or("-")),
        Cell::from(slice.memory.as_deref().unwrap_or("-")),
        serves,
    ]
}

/// `4x8` of `v5e:4x8`.
fn topology(slice: &str) -> &str {
    slice
        .split_once(':')
        .map_or(slice, |(_, topology)| topology)
}

fn misfits_text(parts: &[MisfitPart], printer: &Printer) -> String {
    let mut table = Table::new(["SLICE", "DEVICES"]);
    for part in parts {
        table.row([part.slice.clone(), part.devices.to_string()].map(Cell::from));
    }
    format!(
        "Smaller and larger slices don't serve it: Saxml wants the mesh's number exactly.\n\
         On these the model servers skip the class, publishing it succeeds, it stays at\n\
         0 replicas, and every chip is billed:\n{}",
        table.text(printer)
    )
}

fn alternatives_text(parts: &[AlternativePart], printer: &Printer) -> String {
    let mut table = Table::new(["CLASS", "DEVICES", "SLICE", "VMS", "WEIGHTS"]);
    for part in parts {
        let weights = if part.test_mode {
            "random"
        } else {
            "a checkpoint's"
        };
        table.row([
            Cell::from(part.class),
            Cell::from(list(part.devices)),
            Cell::from(part.slice.name.as_str()),
            Cell::from(part.slice.vms.to_string()),
            Cell::from(weights),
        ]);
    }
    format!("Other classes of this model:\n{}", table.text(printer))
}

fn chips(count: u64) -> String {
    match count {
        1 => "1 chip".to_owned(),
        several => format!("{several} chips"),
    }
}

fn nodes(count: u32) -> String {
    match count {
        1 => "1 node".to_owned(),
        several => format!("{several} nodes"),
    }
}
