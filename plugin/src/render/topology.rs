//! A topology in the terminal: a line for each pool, a cell for each node, and who is who.

use super::lint::counted;
use super::table::{Cell, Table};
use super::wrap::wrapped;
use crate::printer::{Printer, Tone};
use crate::topology::{Domain, Site, Topology};

/// The most nodes in a row.
const ROW: usize = 16;
/// The width that is assumed where there is no terminal.
const WIDTH: usize = 120;
/// What the columns before the nodes may take of it.
const BESIDE: usize = 48;
/// Where fewer nodes than a domain has, and than this, find room beside them, they stand below.
const FEW: usize = 8;
/// How far those are indented.
const INDENT: &str = "   ";

/// The drawing. `width` is the terminal's, in characters.
pub(crate) fn topology_text(
    topology: &Topology,
    width: Option<usize>,
    printer: &Printer,
) -> String {
    let mut text = wrapped(&summary(topology), width) + "\n";
    if !topology.domains.is_empty() {
        text += &format!("\n{}", pools(topology, width, printer));
    }
    if !topology.workloads.is_empty() {
        text += &format!("\n{}", workloads(topology, printer));
    }
    text + &troubles(topology, width, printer)
}

/// `2 domains of cloud.google.com/gke-nodepool: 16 nodes, 32 of 64 chips in use`
pub(super) fn summary(topology: &Topology) -> String {
    let nodes = topology
        .domains
        .iter()
        .map(|domain| domain.nodes.len())
        .sum();
    let chips: u64 = topology.domains.iter().map(|domain| domain.chips).sum();
    let used: u64 = topology
        .domains
        .iter()
        .map(|domain| domain.chips_used)
        .sum();
    let mut text = format!(
        "{} of {}: {}, {used} of {chips} chips in use",
        counted(topology.domains.len(), "domain", "domains"),
        topology.topology_key,
        counted(nodes, "node", "nodes"),
    );
    if topology.plain_nodes > 0 {
        let plain = counted(topology.plain_nodes, "node", "nodes");
        text += &format!(" ({plain} without chips not shown)");
    }
    text
}

fn pools(topology: &Topology, width: Option<usize>, printer: &Printer) -> String {
    let cell = letters_width(topology) + 1;
    let width = width.unwrap_or(WIDTH);
    let beside = width.saturating_sub(BESIDE) / cell;
    let longest = topology.domains.iter().map(|domain| domain.nodes.len());
    let is_narrow = beside < longest.max().unwrap_or(0).min(FEW);
    let per_row = match is_narrow {
        true => width.saturating_sub(INDENT.len()) / cell,
        false => beside,
    };
    let per_row = per_row.clamp(1, ROW);
    let mut table = Table::new(["DOMAIN", "SLICE", "CHIPS", "CLAIM", "NODES"]);
    for domain in &topology.domains {
        let mut rows = domain
            .nodes
            .chunks(per_row)
            .map(|row| sites(topology, row, printer));
        let first = if is_narrow { None } else { rows.next() };
        let mut cells = facts(topology, domain, printer).to_vec();
        cells.extend(first);
        table.row(cells);
        for more in rows {
            match is_narrow {
                true => table.line(format!("{INDENT}{}", more.painted_text())),
                false => table.row(below(more)),
            }
        }
    }
    table.text(printer)
}

/// What stands before a domain's nodes.
fn facts(topology: &Topology, domain: &Domain, printer: &Printer) -> [Cell; 4] {
    let claim = domain
        .claimed_by
        .map(|index| letter(topology, index, printer));
    [
        Cell::from(domain.name.as_str()),
        Cell::from(domain.slice.clone().unwrap_or_default()),
        Cell::from(format!("{}/{}", domain.chips_used, domain.chips)),
        claim.unwrap_or_else(|| Cell::from("-")),
    ]
}

/// More nodes of the domain above.
fn below(nodes: Cell) -> [Cell; 5] {
    let empty = || Cell::from("");
    [empty(), empty(), empty(), empty(), nodes]
}

fn sites(topology: &Topology, sites: &[Site], printer: &Printer) -> Cell {
    let width = letters_width(topology);
    let mut plain = Vec::new();
    let mut painted = Vec::new();
    for site in sites {
        let text = mark(topology, site);
        let pad = " ".repeat(width.saturating_sub(text.chars().count()));
        painted.push(paint(site, &text, printer) + &pad);
        plain.push(text + &pad);
    }
    let joined = |parts: Vec<String>| parts.join(" ").trim_end().to_owned();
    Cell::painted(joined(plain), joined(painted))
}

/// Who stands on a node: letters, `.` for nobody, `x` for nobody can.
fn mark(topology: &Topology, site: &Site) -> String {
    match (site.workloads.as_slice(), site.state.trouble()) {
        ([], Some(_)) => "x".to_owned(),
        ([], None) => ".".to_owned(),
        (several, _) => {
            let letters = several
                .iter()
                .filter_map(|index| topology.workloads.get(*index));
            letters.map(|resident| resident.letter.as_str()).collect()
        }
    }
}

fn paint(site: &Site, text: &str, printer: &Printer) -> String {
    match (site.workloads.first(), site.state.trouble()) {
        (_, Some(_)) => printer.out(text, Tone::Bad),
        (Some(index), None) => printer.hue(text, *index),
        (None, None) => text.to_owned(),
    }
}

fn letters_width(topology: &Topology) -> usize {
    let sites = topology.domains.iter().flat_map(|domain| &domain.nodes);
    let widths = sites.map(|site| mark(topology, site).chars().count());
    widths.max().unwrap_or(1)
}

fn letter(topology: &Topology, index: usize, printer: &Printer) -> Cell {
    let letter = topology
        .workloads
        .get(index)
        .map(|resident| &resident.letter);
    let letter = letter.cloned().unwrap_or_default();
    let painted = printer.hue(&letter, index);
    Cell::painted(letter, painted)
}

fn workloads(topology: &Topology, printer: &Printer) -> String {
    let mut table = Table::new(["", "NAMESPACE", "WORKLOAD", "PODS READY", "DOMAINS"]);
    for (index, resident) in topology.workloads.iter().enumerate() {
        table.row([
            letter(topology, index, printer),
            Cell::from(resident.holder.namespace.as_str()),
            Cell::from(resident.holder.display_name()),
            Cell::from(format!("{}/{}", resident.pods_ready, resident.pods)),
            Cell::from(resident.domains.join(", ")),
        ]);
    }
    table.text(printer)
}

/// Nodes where no Pod can go, and nodes that belong to no domain.
fn troubles(topology: &Topology, width: Option<usize>, printer: &Printer) -> String {
    let broken = topology.domains.iter().flat_map(broken);
    let mut lines: Vec<_> = broken.collect();
    for node in &topology.unlabelled {
        lines.push(format!(
            "{node} has chips, but no label {}: it belongs to no domain",
            topology.topology_key
        ));
    }
    let mark = printer.out("x", Tone::Bad);
    let lines: String = lines
        .iter()
        .map(|line| wrapped(&format!("{mark}  {line}"), width) + "\n")
        .collect();
    match lines.is_empty() {
        true => lines,
        false => format!("\n{lines}"),
    }
}

fn broken(domain: &Domain) -> impl Iterator<Item = String> {
    domain.nodes.iter().filter_map(|site| {
        let trouble = site.state.trouble()?;
        let fix = match site.state {
            crate::topology::SiteState::Cordoned => format!("; `kubectl uncordon {}`", site.name),
            _ => format!("; `kubectl describe node {}` says why", site.name),
        };
        Some(format!(
            "{} of {} is {trouble}{fix}",
            site.name, domain.name
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printer::ColorChoice;
    use crate::topology::SiteState;

    fn domain_of(nodes: u32) -> Topology {
        let site = |at: u32| Site {
            name: format!("a-{at}"),
            state: if at == 0 {
                SiteState::Cordoned
            } else {
                SiteState::Ready
            },
            chips: 4,
            chips_used: 0,
            workloads: Vec::new(),
        };
        Topology {
            topology_key: "pool".to_owned(),
            domains: vec![Domain {
                name: "a".to_owned(),
                slice: None,
                chips: 16,
                chips_used: 0,
                claimed_by: None,
                nodes: (0..nodes).map(site).collect(),
            }],
            workloads: Vec::new(),
            unlabelled: Vec::new(),
            plain_nodes: 0,
        }
    }

    #[test]
    fn nodes_stand_beside_their_domain_or_on_a_narrow_terminal_below_it() {
        let printer = Printer::new(ColorChoice::Never);
        let drawn = |nodes, width| {
            let text = topology_text(&domain_of(nodes), Some(width), &printer);
            let lines = text.lines().skip_while(|line| !line.starts_with("DOMAIN"));
            let lines = lines.take_while(|line| !line.is_empty());
            lines.skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let facts = "a        0/16    -";
        assert_eq!(drawn(4, 80), [format!("{facts}       x . . .")]);
        assert_eq!(drawn(4, 40), [facts, "   x . . ."]);
        let rows = ["   x . . . . . . . .", "   ."];
        assert_eq!(drawn(10, 21), [&[facts], &rows[..]].concat());
    }
}
