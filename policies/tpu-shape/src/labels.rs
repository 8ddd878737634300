//! The two node labels that name a slice: TPU001 to TPU003, and what they name to `legality`.

use std::borrow::Cow;

use sdk::{Node, Verdict};
use tpu::{Accelerator, AcceleratorRef, Slice, Topology, accelerator_suggestions};
use workload::{ACCELERATOR_LABEL, PodGroup, SLICE, Shape, TOPOLOGY_LABEL};

use crate::group::{Group, quoted};
use crate::legality;
use crate::settings::Settings;

/// What a group says of one label.
pub(crate) enum Label<T> {
    /// Nothing; this is where it would stand.
    Absent(String),
    /// It leaves several values open, or something else brings the label later.
    Open,
    /// One value.
    Is { value: T, path: String },
}

/// GKE's Pod annotation that makes another slice of the nodes' one: part of it, or several.
const RESLICED: &str = "cloud.google.com/gke-tpu-slice-topology";

struct Labels<'a> {
    accelerator: Label<AcceleratorRef<'a>>,
    topology: Label<Cow<'a, str>>,
}

/// The slice that the group's labels name, as far as they name one that exists and that the Pods
/// run on as it is.
pub(crate) fn slice_of(
    group: &Group<'_, '_>,
    settings: &Settings,
    verdict: &mut Verdict,
) -> Option<Slice> {
    let mut labels = Labels::selected(group.pods);
    labels.fall_back(group, verdict);
    labels.report_absent(group, verdict);
    let Label::Is { value, path } = labels.accelerator else {
        return None;
    };
    match (value, labels.topology) {
        (AcceleratorRef::Unknown(label), _) => {
            unknown(label, &path, settings, verdict);
            None
        }
        (AcceleratorRef::Known(accelerator), Label::Is { value, path }) => {
            let slice = legality::slice(accelerator, &value, &path, settings, verdict);
            slice.filter(|_| !is_resliced(group))
        }
        (AcceleratorRef::Known(_), _) => None,
    }
}

impl<'a> Labels<'a> {
    /// What nodeSelector and required node affinity say.
    fn selected(pods: &PodGroup<'a>) -> Self {
        let shape = Shape::of(pods);
        Self {
            accelerator: Label::of(pods, ACCELERATOR_LABEL, shape.accelerator)
                .map(AcceleratorRef::of),
            topology: Label::of(pods, TOPOLOGY_LABEL, shape.topology).map(Cow::Borrowed),
        }
    }

    /// Fills what is absent from the slice annotation. What is absent then may come from Kueue's
    /// flavour, or not be needed for a slice made at run time.
    fn fall_back(&mut self, group: &Group<'_, 'a>, verdict: &mut Verdict) {
        if !self.accelerator.is_absent() && !self.topology.is_absent() {
            return;
        }
        if let Some((node, text)) = Shape::annotated(group.workload, group.pods) {
            match Slice::parse(text) {
                Ok(slice) => self.fill(&slice, &node),
                Err(error) => {
                    legality::unreadable_annotation(&node, text, &error, verdict);
                    self.open();
                }
            }
        }
        if group.workload.is_kueue_managed() || is_resliced(group) {
            self.open();
        }
    }

    fn fill(&mut self, slice: &Slice, node: &Node<'_>) {
        let path = || node.path().to_owned();
        if self.accelerator.is_absent() {
            self.accelerator = Label::Is {
                value: AcceleratorRef::Known(slice.accelerator()),
                path: path(),
            };
        }
        if self.topology.is_absent() {
            self.topology = Label::Is {
                value: Cow::Owned(slice.topology().to_string()),
                path: path(),
            };
        }
    }

    fn open(&mut self) {
        if self.accelerator.is_absent() {
            self.accelerator = Label::Open;
        }
        if self.topology.is_absent() {
            self.topology = Label::Open;
        }
    }

    fn report_absent(&self, group: &Group<'_, '_>, verdict: &mut Verdict) {
        if let Label::Absent(path) = &self.accelerator {
            let candidates = self.accelerators();
            let message = format!(
                "found no node label {ACCELERATOR_LABEL}, expected one of {}",
                candidates.join(", ")
            );
            let fix = fix_absent(ACCELERATOR_LABEL, &candidates);
            verdict.deny("TPU001", path, message, fix);
        }
        if let Label::Absent(path) = &self.topology {
            let (whose, candidates) = self.topologies(group);
            let message = format!(
                "found no node label {TOPOLOGY_LABEL}, expected {whose}{}",
                candidates.join(", ")
            );
            let fix = fix_absent(TOPOLOGY_LABEL, &candidates);
            verdict.deny("TPU002", path, message, fix);
        }
    }

    /// The accelerators of today that have the group's topology; all of them where none has.
    fn accelerators(&self) -> Vec<String> {
        let topology = match &self.topology {
            Label::Is { value, .. } => Topology::parse(value).ok(),
            Label::Absent(_) | Label::Open => None,
        };
        let today = || {
            Accelerator::all()
                .iter()
                .filter(|known| known.alias().is_some())
        };
        let has = |known: &&Accelerator| known.published().any(|one| Some(one) == topology);
        let mut found: Vec<_> = today().filter(has).collect();
        if found.is_empty() {
            found = today().collect();
        }
        found.iter().map(|known| known.label().to_owned()).collect()
    }

    /// The topologies of the group's accelerator, and how to introduce them; one for `v5e` as an
    /// example where the accelerator is not known.
    fn topologies(&self, group: &Group<'_, '_>) -> (String, Vec<String>) {
        let Label::Is {
            value: AcceleratorRef::Known(accelerator),
            ..
        } = &self.accelerator
        else {
            return ("one such as ".to_owned(), vec!["4x8".to_owned()]);
        };
        if let Some(only) = topology_of_counts(accelerator, group) {
            let whose = format!("the one that {accelerator} has for these Pods: ");
            return (whose, vec![only.to_string()]);
        }
        let published = accelerator.published().map(|topology| topology.to_string());
        let whose = format!("one that {accelerator} has: ");
        (whose, published.collect())
    }
}

impl<'a> Label<&'a str> {
    fn of(pods: &PodGroup<'a>, key: &str, one: Option<(Node<'a>, &'a str)>) -> Self {
        match one {
            Some((node, value)) => Self::Is {
                value,
                path: node.path().to_owned(),
            },
            None if is_required(pods, key) => Self::Open,
            None => Self::absent(&pods.spec.at("nodeSelector"), key),
        }
    }
}

impl<T> Label<T> {
    /// Of a nodeSelector that is none nothing is known.
    fn absent(selector: &Node<'_>, key: &str) -> Self {
        if selector.is_present() && !selector.is_object() {
            return Self::Open;
        }
        Self::Absent(selector.at(key).path().to_owned())
    }

    fn map<U>(self, change: impl FnOnce(T) -> U) -> Label<U> {
        match self {
            Self::Absent(path) => Label::Absent(path),
            Self::Open => Label::Open,
            Self::Is { value, path } => Label::Is {
                value: change(value),
                path,
            },
        }
    }

    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }
}

fn is_resliced(group: &Group<'_, '_>) -> bool {
    group.pods.annotation(RESLICED).is_present()
}

/// Whether required node affinity demands the label `key` with any value: every term names it.
fn is_required(pods: &PodGroup<'_>, key: &str) -> bool {
    let affinity = pods.spec.at("affinity").at("nodeAffinity");
    let required = affinity.at("requiredDuringSchedulingIgnoredDuringExecution");
    let terms = required.at("nodeSelectorTerms").elements();
    let names_it = |expression: &Node<'_>| {
        expression.at("key").text() == Some(key)
            && matches!(expression.at("operator").text(), Some("In" | "Exists"))
    };
    let term_names_it = |term: &Node<'_>| {
        let expressions = term.at("matchExpressions").elements();
        expressions.iter().any(names_it)
    };
    !terms.is_empty() && terms.iter().all(term_names_it)
}

/// The topology that chips x parallelism leaves, if that is exactly one.
fn topology_of_counts(accelerator: &Accelerator, group: &Group<'_, '_>) -> Option<Topology> {
    let chips = group.pods.tpu_containers().first()?.chips()?;
    let pods = u64::try_from(group.pods.parallelism()?).ok()?;
    match tpu::topologies_with_chips(accelerator, chips.saturating_mul(pods)).as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

fn fix_absent(label: &str, candidates: &[String]) -> String {
    match candidates {
        [only] => format!("add the nodeSelector {label}: {only}"),
        _ => format!("add the nodeSelector {label}, or the annotation {SLICE} such as v5e:4x8"),
    }
}

fn unknown(label: &str, path: &str, settings: &Settings, verdict: &mut Verdict) {
    let Some(severity) = settings.unknown_accelerators.severity() else {
        return;
    };
    let meant: Vec<&str> = accelerator_suggestions(label)
        .into_iter()
        .filter_map(|name| Accelerator::from_alias_or_label(name).map(Accelerator::label))
        .collect();
    let mut message = format!(
        "found {}, which the catalogue does not have, so its shape is not checked",
        quoted(label)
    );
    let fix = match meant.first() {
        Some(best) => {
            message.push_str(&format!("; did you mean {}?", meant.join(" or ")));
            format!("set {ACCELERATOR_LABEL} to {best}")
        }
        None => format!("set {ACCELERATOR_LABEL} to the value that the node pool's nodes carry"),
    };
    verdict.find(severity, "TPU003", path, message, fix);
}
