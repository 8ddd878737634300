//! A standing as a tree in a table: workloads, their slices, and below each slice why it waits.

use placement::Time;

use super::age::age;
use super::cells::cells_text;
use super::lint::counted;
use super::table::{Cell, Table};
use crate::printer::{Printer, Tone};
use crate::standing::{Phase, SliceStanding, Standing, Why, Workload};

/// How many domains are told one by one before the rest is only counted.
const TOLD: usize = 8;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Detail {
    /// Namespaces too?
    pub(crate) namespaces: bool,
    /// Topology key, priority, place in the queue and nodes too?
    pub(crate) wide: bool,
}

/// The table.
pub(crate) fn status_text(
    standing: &Standing,
    now: Time,
    detail: Detail,
    printer: &Printer,
) -> String {
    let wide = ["PRIORITY", "BEFORE", "TOPOLOGY KEY", "NODES"];
    let mut header = vec![
        "NAME", "SLICE", "STATE", "READY", "RESTARTS", "DOMAIN", "AGE",
    ];
    header.extend(wide.into_iter().filter(|_| detail.wide));
    if detail.namespaces {
        header.insert(0, "NAMESPACE");
    }
    let mut table = Table::new(header);
    let mut rows = Rows {
        table: &mut table,
        now,
        detail,
        printer,
    };
    for workload in &standing.workloads {
        rows.workload(workload);
    }
    let workloads = match standing.workloads.is_empty() {
        true => String::new(),
        false => table.text(printer),
    };
    workloads + &cells_text(&standing.cells, printer)
}

/// Kinds and names, as kubectl prints them.
pub(crate) fn status_names(standing: &Standing) -> String {
    let names = standing.workloads.iter().map(Workload::display_name);
    names.map(|name| name + "\n").collect()
}

struct Rows<'a> {
    table: &'a mut Table,
    now: Time,
    detail: Detail,
    printer: &'a Printer,
}

impl Rows<'_> {
    fn workload(&mut self, workload: &Workload) {
        if let ([slice], true) = (workload.slices.as_slice(), workload.is_its_slice()) {
            self.row(workload, &workload.short_name(), slice, &workload.created);
            self.message(workload);
            self.why(slice, "");
            return;
        }
        let restarts = match workload.max_restarts {
            Some(most) => format!("{}/{most}", workload.restarts),
            None => workload.restarts.to_string(),
        };
        self.cells(
            &workload.namespace,
            vec![
                Cell::from(workload.short_name()),
                Cell::from(""),
                self.phase(workload.phase),
                Cell::from(format!("{}/{}", workload.pods_ready, workload.pods)),
                Cell::from(restarts),
                Cell::from(""),
                Cell::from(age(&workload.created, self.now)),
            ],
        );
        self.message(workload);
        if workload.phase == Phase::Failed || workload.phase == Phase::Completed {
            return;
        }
        let last = workload.slices.len().saturating_sub(1);
        for (index, slice) in workload.slices.iter().enumerate() {
            let (branch, below) = if index == last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            let name = format!("{branch}{}", slice.holder.name);
            self.row(
                workload,
                &name,
                slice,
                slice.created.as_deref().unwrap_or_default(),
            );
            self.why(slice, below);
        }
    }

    fn row(&mut self, workload: &Workload, name: &str, slice: &SliceStanding, created: &str) {
        let mut cells = vec![
            Cell::from(name),
            Cell::from(slice.slice.clone().unwrap_or_default()),
            self.phase(slice.phase),
            Cell::from(format!("{}/{}", slice.pods_ready, slice.pods)),
            Cell::from(slice.restarts.to_string()),
            Cell::from(slice.domains.join(",")),
            Cell::from(age(created, self.now)),
        ];
        if self.detail.wide {
            let number =
                |number: Option<String>| number.map_or_else(|| Cell::from("-"), Cell::from);
            cells.push(number(slice.priority.map(|priority| priority.to_string())));
            cells.push(number(slice.before.map(|before| before.to_string())));
            cells.push(Cell::from(slice.topology_key.as_str()));
            cells.push(Cell::from(slice.nodes.join(",")));
        }
        self.cells(&workload.namespace, cells);
    }

    fn cells(&mut self, namespace: &str, mut cells: Vec<Cell>) {
        if self.detail.namespaces {
            cells.insert(0, Cell::from(namespace));
        }
        self.table.row(cells);
    }

    fn message(&mut self, workload: &Workload) {
        if let Some(message) = workload
            .message
            .as_ref()
            .filter(|message| !message.is_empty())
        {
            self.table.line(format!("   {message}"));
        }
    }

    fn why(&mut self, slice: &SliceStanding, indent: &str) {
        for line in why_lines(&slice.why, Some(&explain(slice))) {
            self.table.line(format!("{indent}   {line}"));
        }
    }

    fn phase(&self, phase: Phase) -> Cell {
        let word = format!("{phase:?}");
        match tone(phase) {
            Some(tone) => Cell::toned(word, tone, self.printer),
            None => Cell::from(word),
        }
    }
}

/// One line a reason; domains of other hardware in one, and those beyond the first few too.
/// `more` is the command that tells all of it.
pub(super) fn why_lines(why: &[Why], more: Option<&str>) -> Vec<String> {
    let (other, mut told): (Vec<&Why>, Vec<&Why>) =
        why.iter().partition(|why| why.is_other_hardware());
    if told.len() > TOLD {
        // Where something can be done must not be among those that are only counted.
        told.sort_by_key(|why| why.fix.is_none());
    }
    let more = more.map(|more| format!(": `{more}`")).unwrap_or_default();
    let shown = &told[..told.len().min(TOLD)];
    let width = shown.iter().filter_map(|why| why.domain.as_ref());
    let width = width
        .map(|domain| domain.chars().count())
        .max()
        .unwrap_or(0);
    let mut lines: Vec<_> = shown.iter().map(|why| why_line(why, width)).collect();
    if told.len() > TOLD {
        let left = counted(told.len() - TOLD, "more domain", "more domains");
        lines.push(format!("{left}{more}"));
    }
    match other.first() {
        Some(_) if !told.is_empty() => {
            let other = counted(other.len(), "other domain", "other domains");
            lines.push(format!("{other}: not the nodes that its Pods select"));
        }
        Some(first) => {
            let domain = first.domain.as_deref().unwrap_or_default();
            let count = counted(other.len(), "domain", "domains");
            lines.push(format!(
                "none of {count} fits; {domain}: {}{more}",
                first.message
            ));
        }
        None => {}
    }
    lines
}

/// `tpu2   7 of 8 Pods fit on its 8 nodes; node tpu2-3 is cordoned`, and what mends it.
pub(super) fn why_line(why: &Why, width: usize) -> String {
    let fix = why.fix.as_ref().map(|fix| format!(" (`{fix}`)"));
    let fix = fix.unwrap_or_default();
    match &why.domain {
        Some(domain) => format!("{domain:width$}  {}{fix}", why.message),
        None => format!("{}{fix}", why.message),
    }
}

pub(super) fn tone(phase: Phase) -> Option<Tone> {
    match phase {
        Phase::Running => Some(Tone::Good),
        Phase::Starting | Phase::Waiting => Some(Tone::Warn),
        Phase::Split | Phase::Stranded | Phase::Failed => Some(Tone::Bad),
        Phase::Completed | Phase::Suspended => None,
    }
}

/// The command that tells all of it.
fn explain(slice: &SliceStanding) -> String {
    let holder = &slice.holder;
    format!(
        "kubectl sax explain placement {} -n {}",
        holder.name, holder.namespace
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_domains_those_are_told_first_where_something_can_be_done() {
        let why = |at: usize, fix: Option<&str>| Why {
            domain: Some(format!("p{at}")),
            message: "no".to_owned(),
            reasons: Vec::new(),
            fix: fix.map(str::to_owned),
        };
        let mut whys: Vec<Why> = (0..=TOLD).map(|at| why(at, None)).collect();
        whys.push(why(TOLD + 1, Some("do it")));
        let lines = why_lines(&whys, Some("tell all"));
        assert_eq!(lines.len(), TOLD + 1);
        assert_eq!(lines[0], format!("p{}  no (`do it`)", TOLD + 1));
        assert_eq!(lines[1], "p0  no");
        assert_eq!(lines[TOLD], "2 more domains: `tell all`");
        // Few enough to be told all stay in their order.
        assert_eq!(why_lines(&whys[2..], None)[0], "p2  no");
    }
}
