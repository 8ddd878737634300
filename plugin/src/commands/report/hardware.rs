//! What a deployment runs on, as far as its slices, its models and the catalogue say.

use std::collections::BTreeMap;

use tpu::Slice;
use tpu::sax::ImageVersion;

use crate::doctor::Evidence;
use crate::printer::Printer;
use crate::render::Table;
use crate::servers::Role;
use crate::standing::CellStanding;

/// The kinds of slices, and the classes of published models.
pub(super) fn table(evidence: &Evidence, cells: &[CellStanding], printer: &Printer) -> String {
    let slices = slices(evidence, printer);
    let servers = evidence.servers();
    let mut servers = servers.iter();
    let version = servers.find_map(|(_, server)| match server.role {
        Role::Model => ImageVersion::from_image(&server.image),
        Role::Admin | Role::Http => None,
    });
    let models = models(cells, version, printer);
    match (slices.is_empty(), models.is_empty()) {
        (false, false) => format!("{slices}\n{models}"),
        _ => slices + &models,
    }
}

/// How many slices of each kind each workload has, and what one of them is.
fn slices(evidence: &Evidence, printer: &Printer) -> String {
    let mut kinds: BTreeMap<(String, &str, u32), usize> = BTreeMap::new();
    for workload in evidence.workloads() {
        for slice in &workload.slices {
            let shape = slice.slice.as_deref().unwrap_or("unknown");
            let kind = (workload.short_name(), shape, slice.pods);
            *kinds.entry(kind).or_default() += 1;
        }
    }
    if kinds.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        "WORKLOAD",
        "SLICES",
        "SLICE",
        "PODS EACH",
        "CHIPS EACH",
        "MEMORY EACH",
    ]);
    for ((workload, shape, pods), count) in kinds {
        let slice = Slice::parse(shape).ok();
        let chips = slice.as_ref().map(|slice| slice.chips().to_string());
        let memory = slice.as_ref().and_then(Slice::hbm);
        let row = [
            workload,
            count.to_string(),
            shape.to_owned(),
            pods.to_string(),
            chips.unwrap_or_default(),
            memory.map(|memory| memory.to_string()).unwrap_or_default(),
        ];
        table.row(row.map(Into::into));
    }
    table.text(printer)
}

/// What each published model needs of a slice.
fn models(cells: &[CellStanding], version: Option<ImageVersion>, printer: &Printer) -> String {
    let models: Vec<_> = cells.iter().flat_map(|cell| &cell.models).collect();
    if models.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["MODEL", "CLASS", "CHIPS", "REPLICAS"]);
    for model in models {
        let class = tpu::sax::find(&model.path);
        let chips = class.and_then(|class| class.chips(version?));
        let row = [
            model.model.clone(),
            model.path.clone(),
            chips.map(any_of).unwrap_or_default(),
            model.wanted.to_string(),
        ];
        table.row(row.map(Into::into));
    }
    table.text(printer)
}

/// `16`, or `8 or 16` where a class has several meshes.
fn any_of(chips: &[u32]) -> String {
    let chips: Vec<_> = chips.iter().map(ToString::to_string).collect();
    chips.join(" or ")
}
