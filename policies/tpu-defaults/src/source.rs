//! Where a group's slice comes from, first that exists: nodeSelector or required node affinity;
//! the slice annotation of the Pod template; of the workload; of the namespace; the default
//! accelerator with the one topology that chips x parallelism leaves.

use std::fmt;

use sdk::{Cluster, Node};
use tpu::keys::{ACCELERATOR_LABEL, TOPOLOGY_LABEL};
use tpu::{Accelerator, Slice, Topology, topologies_with_chips};
use workload::{SLICE, Shape};

use crate::codes::{SLICE_CONFLICT, SLICE_UNREADABLE};
use crate::completion::Completion;
use crate::context::Context;
use crate::group::TpuGroup;

/// A text that names a slice, and where it stands.
struct Named<'t> {
    text: &'t str,
    holder: Holder<'t>,
}

/// What holds the slice annotation.
enum Holder<'t> {
    Object(Node<'t>),
    Namespace(&'t str),
}

/// The slice that `group` asks for, as far as it is known and free of contradiction.
pub(crate) fn slice_of(
    group: &TpuGroup<'_>,
    context: &Context<'_, impl Cluster>,
    completion: &mut Completion<'_>,
) -> Option<Slice> {
    let labels = Shape::of(group.pods);
    let is_complete = labels.accelerator.is_some() && labels.topology.is_some();
    let on_template = group.pods.annotation(SLICE);
    if let Some(named) = Named::by(&on_template) {
        let agreed = agree(&named, group, &labels, completion);
        return if is_complete {
            of_labels(&labels)
        } else {
            agreed
        };
    }
    if is_complete {
        return of_labels(&labels);
    }
    let on_workload = context.workload.annotation(SLICE);
    if let Some(named) = Named::by(&on_workload) {
        return agree(&named, group, &labels, completion);
    }
    // Kueue's flavour brings the labels later; a choice of several is the scheduler's.
    if context.workload.is_kueue_managed() || leaves_a_choice(group, &labels) {
        return None;
    }
    if let Some((text, namespace)) = context.namespace_slice() {
        let holder = Holder::Namespace(namespace);
        let text = text.as_str();
        return agree(&Named { text, holder }, group, &labels, completion);
    }
    by_default(group, &labels, context)
}

/// Whether required node affinity speaks of a label without naming its one value.
fn leaves_a_choice(group: &TpuGroup<'_>, labels: &Shape<'_>) -> bool {
    labels.accelerator.is_none() && group.mentions_label(ACCELERATOR_LABEL)
        || labels.topology.is_none() && group.mentions_label(TOPOLOGY_LABEL)
}

fn of_labels(labels: &Shape<'_>) -> Option<Slice> {
    let (accelerator, topology) = (labels.accelerator.as_ref()?, labels.topology.as_ref()?);
    let accelerator = Accelerator::find(accelerator.1)?;
    let topology = Topology::parse(topology.1).ok()?;
    Some(Slice::new(accelerator, topology).ok()?.0)
}

/// The slice that is named, unless a label contradicts it.
fn agree(
    named: &Named<'_>,
    group: &TpuGroup<'_>,
    labels: &Shape<'_>,
    completion: &mut Completion<'_>,
) -> Option<Slice> {
    let slice = match Slice::parse(named.text) {
        Ok(slice) => slice,
        Err(error) => {
            unreadable(named, &error, group, labels, completion);
            return None;
        }
    };
    let accelerator = slice.accelerator().label().to_owned();
    let parts = [
        (&labels.accelerator, ACCELERATOR_LABEL, accelerator),
        (
            &labels.topology,
            TOPOLOGY_LABEL,
            slice.topology().to_string(),
        ),
    ];
    let mut agrees = true;
    for (label, key, expected) in parts {
        if let Some((node, found)) = label
            && *found != expected
        {
            agrees = false;
            let message = format!(
                "found {key} {found:?}, but {named} says {:?}, which means {expected:?}",
                named.text
            );
            let fix = format!("make the label and the annotation {SLICE} agree, or remove one");
            completion.deny(SLICE_CONFLICT, node.path(), message, fix);
        }
    }
    agrees.then_some(slice)
}

/// Says that a text is no slice, where nobody else does: `tpu-shape` refuses an object's own
/// annotation that was to bring a label.
fn unreadable(
    named: &Named<'_>,
    error: &tpu::SliceError,
    group: &TpuGroup<'_>,
    labels: &Shape<'_>,
    completion: &mut Completion<'_>,
) {
    let message = format!("found {:?} on {named}: {error}", named.text);
    let fix = format!("write {SLICE}: v5e:4x8, with your accelerator and topology");
    match (&named.holder, &labels.accelerator, &labels.topology) {
        (Holder::Object(node), Some(_), Some(_)) => {
            completion.warn(SLICE_UNREADABLE, node.path(), message, fix);
        }
        (Holder::Object(_), ..) => {}
        (Holder::Namespace(_), accelerator, _) => {
            let missing = match accelerator {
                None => ACCELERATOR_LABEL,
                Some(_) => TOPOLOGY_LABEL,
            };
            let place = group.selector(missing);
            completion.warn(SLICE_UNREADABLE, place.path(), message, fix);
        }
    }
}

fn by_default(
    group: &TpuGroup<'_>,
    labels: &Shape<'_>,
    context: &Context<'_, impl Cluster>,
) -> Option<Slice> {
    let name = context.settings.default_accelerator.as_deref()?;
    let accelerator = Accelerator::from_alias_or_label(name)?;
    let other = |label: &(Node<'_>, &str)| label.1 != accelerator.label();
    if labels.accelerator.as_ref().is_some_and(other) {
        return None;
    }
    let chips = group.chips?;
    let pods = context.pods_at_once(group.pods.parallelism())?;
    let all = u64::from(chips).saturating_mul(u64::from(pods));
    let slices = topologies_with_chips(accelerator, all)
        .into_iter()
        .filter(|topology| {
            let label = labels.topology.as_ref();
            label.is_none_or(|(_, text)| *text == topology.to_string())
        })
        .filter_map(|topology| Some(Slice::new(accelerator, topology).ok()?.0))
        .filter(|slice| slice.vms(chips) == Some(pods));
    let slices: Vec<Slice> = slices.collect();
    match slices.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

impl<'t> Named<'t> {
    fn by(annotation: &Node<'t>) -> Option<Self> {
        Some(Self {
            text: annotation.text()?,
            holder: Holder::Object(annotation.clone()),
        })
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.holder {
            Holder::Object(_) => write!(f, "the annotation {SLICE}"),
            Holder::Namespace(name) => {
                write!(f, "the annotation {SLICE} of the namespace {name}")
            }
        }
    }
}
