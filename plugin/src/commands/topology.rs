//! `topology`: read, sort into domains, draw.

use super::block_on;
use crate::cli::{TopologyArgs, TopologyFormat};
use crate::cluster::Cluster;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::{pretty_json, topology_svg, topology_text};
use crate::topology::topology;

pub(super) fn run(args: &TopologyArgs, printer: &Printer) -> Result<Exit, Failure> {
    let reading = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        Ok(cluster.read(args.selector.as_deref()).await?)
    })?;
    super::tell_unreadable(&reading, printer)?;
    let topology = topology(&reading.inventory, &args.topology_key);
    if topology.domains.is_empty() {
        printer.note(&nothing(args))?;
    }
    printer.data(&match args.output {
        TopologyFormat::Text => topology_text(&topology, printer.width(), printer),
        TopologyFormat::Json => pretty_json(&topology),
        TopologyFormat::Svg => topology_svg(&topology),
    })?;
    Ok(Exit::Fine)
}

fn nothing(args: &TopologyArgs) -> String {
    let key = &args.topology_key;
    match &args.selector {
        Some(selector) => format!("No nodes with TPU chips and a label {key} match {selector}."),
        None => format!("No nodes with TPU chips have a label {key}."),
    }
}
