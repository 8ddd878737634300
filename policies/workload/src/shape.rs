//! Which accelerator and topology a Pod template asks for, in the author's own words.

use sdk::Node;

use tpu::keys::{ACCELERATOR_LABEL, TOPOLOGY_LABEL};

use crate::annotations::SLICE;
use crate::group::PodGroup;
use crate::workload::Workload;

/// The node labels that a Pod template requires, with the places where they stand.
#[derive(Debug, Clone)]
pub struct Shape<'a> {
    /// `cloud.google.com/gke-tpu-accelerator`
    pub accelerator: Option<(Node<'a>, &'a str)>,
    /// `cloud.google.com/gke-tpu-topology`
    pub topology: Option<(Node<'a>, &'a str)>,
}

impl<'a> Shape<'a> {
    /// What nodeSelector or required node affinity say.
    pub fn of(group: &PodGroup<'a>) -> Self {
        Self {
            accelerator: label_of(group, ACCELERATOR_LABEL),
            topology: label_of(group, TOPOLOGY_LABEL),
        }
    }

    /// The slice annotation that applies to `group`: the Pod template's, else the workload's.
    pub fn annotated(workload: &Workload<'a>, group: &PodGroup<'a>) -> Option<(Node<'a>, &'a str)> {
        let read = |node: Node<'a>| node.text().map(|text| (node, text));
        read(group.annotation(SLICE)).or_else(|| read(workload.annotation(SLICE)))
    }
}

/// The one value of the node label `key` that the Pods require, with the place where it stands:
/// the nodeSelector, else a required node affinity all of whose terms name that value.
pub fn label_of<'a>(group: &PodGroup<'a>, key: &str) -> Option<(Node<'a>, &'a str)> {
    let selected = group.spec.at("nodeSelector").at(key);
    match selected.text() {
        Some(value) => Some((selected, value)),
        None => affine_label(group, key),
    }
}

fn affine_label<'a>(group: &PodGroup<'a>, key: &str) -> Option<(Node<'a>, &'a str)> {
    let affinity = group.spec.at("affinity").at("nodeAffinity");
    let required = affinity.at("requiredDuringSchedulingIgnoredDuringExecution");
    let terms = required.at("nodeSelectorTerms").elements();
    let values: Option<Vec<_>> = terms.iter().map(|term| value_in_term(term, key)).collect();
    let mut values = values?.into_iter();
    let first = values.next()?;
    values.all(|other| other.1 == first.1).then_some(first)
}

/// The value that `key In [value]` demands in one term.
fn value_in_term<'a>(term: &Node<'a>, key: &str) -> Option<(Node<'a>, &'a str)> {
    let expressions = term.at("matchExpressions").elements();
    let expression = expressions.into_iter().find(|expression| {
        expression.at("key").text() == Some(key) && expression.at("operator").text() == Some("In")
    })?;
    match expression.at("values").elements().as_slice() {
        [only] => only.text().map(|value| (only.clone(), value)),
        _ => None,
    }
}
