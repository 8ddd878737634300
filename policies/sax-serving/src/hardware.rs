//! The slice that a Pod template asks for.

use tpu::{Accelerator, Slice, Topology};
use workload::{PodGroup, Shape, Workload};

/// What is known of a group's slice.
#[derive(Debug, Clone)]
pub(crate) struct Hardware<'a> {
    /// In the catalogue.
    pub(crate) accelerator: Option<&'static Accelerator>,
    /// As it is written.
    pub(crate) topology: Option<&'a str>,
}

impl<'a> Hardware<'a> {
    /// By node labels, else by the slice annotation.
    pub(crate) fn of(workload: &Workload<'a>, group: &PodGroup<'a>) -> Self {
        let shape = Shape::of(group);
        let annotated =
            Shape::annotated(workload, group).and_then(|(_, text)| text.split_once(':'));
        let label = shape.accelerator.map(|(_, label)| label);
        let by_alias = || annotated.and_then(|(name, _)| Accelerator::from_alias_or_label(name));
        Self {
            accelerator: match label {
                Some(label) => Accelerator::find(label),
                None => by_alias(),
            },
            topology: shape
                .topology
                .map(|(_, topology)| topology)
                .or_else(|| annotated.map(|(_, topology)| topology)),
        }
    }

    /// The slice, where accelerator and topology are known and legal together.
    pub(crate) fn slice(&self) -> Option<Slice> {
        let topology = Topology::parse(self.topology?).ok()?;
        let (slice, _) = Slice::new(self.accelerator?, topology).ok()?;
        Some(slice)
    }
}
