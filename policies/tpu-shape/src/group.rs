//! One Pod template under review, and what its findings quote.

use sdk::Node;
use serde_json::Value;
use workload::{Container, PodGroup, Shape, Workload, WorkloadKind};

use crate::chips::Chips;

/// The longest value that a message repeats, in characters.
const EXCERPT: usize = 40;

/// A group that asks for TPUs, with the workload that it belongs to.
pub(crate) struct Group<'w, 'a> {
    pub(crate) workload: &'w Workload<'a>,
    pub(crate) pods: &'w PodGroup<'a>,
    pub(crate) containers: Vec<Container<'a>>,
    /// What those of the containers say that say anything of chips, be it 0.
    pub(crate) chips: Vec<Chips<'a>>,
}

impl<'w, 'a> Group<'w, 'a> {
    /// The groups of `workload` that ask for TPUs, without those whose author opted out.
    pub(crate) fn all(workload: &'w Workload<'a>) -> Vec<Self> {
        let groups = workload.groups.iter();
        groups
            .map(|pods| Self::read(workload, pods))
            .filter(|group| group.asks_for_tpus() && !workload.skips_tpu_checks(group.pods))
            .collect()
    }

    fn read(workload: &'w Workload<'a>, pods: &'w PodGroup<'a>) -> Self {
        let containers = pods.containers();
        let chips = containers.iter().filter_map(Chips::read).collect();
        Self {
            workload,
            pods,
            containers,
            chips,
        }
    }

    /// Whether the author means TPUs: chips, or no chips on what is called a TPU node.
    fn asks_for_tpus(&self) -> bool {
        let is_annotated = || Shape::annotated(self.workload, self.pods).is_some();
        self.chips.iter().any(|chips| !chips.is_idle())
            || Shape::of(self.pods).accelerator.is_some()
            || (!self.chips.is_empty() && is_annotated())
    }

    /// Whether the Pods come from Jobs that JobSet makes.
    pub(crate) fn is_in_jobset(&self) -> bool {
        self.workload.kind == WorkloadKind::JobSet
    }
}

/// The value at `node` for a message: as JSON, shortened; `none` where it is absent.
pub(crate) fn shown(node: &Node<'_>) -> String {
    match node.value() {
        None => "none".to_owned(),
        Some(Value::String(text)) => quoted(&text),
        Some(scalar @ (Value::Bool(_) | Value::Number(_))) => scalar.to_string(),
        Some(_) => "a value of another type".to_owned(),
    }
}

/// `text` in quotes, shortened.
pub(crate) fn quoted(text: &str) -> String {
    let mut excerpt: String = text.chars().take(EXCERPT).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    format!("{excerpt:?}")
}

/// A whole number for a message. What the API server fills in reads the same as what the author
/// wrote, so that `lint` and the webhook say the same.
pub(crate) fn number(found: i64, default: i64) -> String {
    if found == default {
        format!("{found} (the default)")
    } else {
        found.to_string()
    }
}
