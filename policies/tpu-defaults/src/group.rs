//! A group of Pods that request TPUs, with what is known of its slice.

use sdk::Node;
use tpu::{HostShape, Slice};
use workload::{Container, PodGroup};

/// A group of Pods that request TPUs.
#[derive(Debug)]
pub(crate) struct TpuGroup<'a> {
    /// The Pods.
    pub(crate) pods: &'a PodGroup<'a>,
    /// All containers: the main ones first, then init containers.
    pub(crate) containers: Vec<Container<'a>>,
    /// The slice that the Pods ask for, where that is known.
    pub(crate) slice: Option<Slice>,
}

impl<'a> TpuGroup<'a> {
    /// The group, of which nothing is known yet; none where no container requests TPUs.
    pub(crate) fn of(pods: &'a PodGroup<'a>) -> Option<Self> {
        let containers = pods.containers();
        let uses_tpus = containers.iter().any(Container::uses_tpus);
        uses_tpus.then_some(Self {
            pods,
            containers,
            slice: None,
        })
    }

    /// The containers that request TPUs: the main ones first, then init containers.
    pub(crate) fn tpu_containers(&self) -> impl Iterator<Item = &Container<'a>> {
        self.containers
            .iter()
            .filter(|container| container.uses_tpus())
    }

    /// Chips of one Pod: init containers run before the main ones and get the same chips.
    pub(crate) fn chips(&self) -> Option<u32> {
        let (mut main, mut init) = (0_u64, 0);
        for container in self.tpu_containers() {
            let chips = container.chips()?;
            if container.init {
                init = chips.max(init);
            } else {
                main = chips.saturating_add(main);
            }
        }
        u32::try_from(main.max(init)).ok()
    }

    /// Chips of one VM: those of the Pod, or the only number that the slice can have where the
    /// Pod's is impossible (which `tpu-shape` refuses).
    pub(crate) fn chips_per_vm(&self) -> Option<u32> {
        let slice = self.slice?;
        let chips = self.chips()?;
        if slice.vms(chips).is_some() {
            return Some(chips);
        }
        match slice.chips_per_vm_choices().as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The slice, where it is known to have several VMs.
    pub(crate) fn multi_host_slice(&self) -> Option<Slice> {
        let slice = self.slice?;
        match slice.host_shape(self.chips_per_vm()?)? {
            HostShape::Multi { .. } => Some(slice),
            HostShape::Single => None,
        }
    }

    /// Copies of the group: 0 where the number makes no sense.
    pub(crate) fn replicas(&self) -> u64 {
        u64::try_from(self.pods.replicas()).unwrap_or_default()
    }

    /// The group's name for messages.
    pub(crate) fn name(&self) -> &'a str {
        self.pods.name.unwrap_or("the Pod template")
    }

    /// Where the label `key` stands, or would stand, in the nodeSelector.
    pub(crate) fn selector(&self, key: &str) -> Node<'a> {
        self.pods.spec.at("nodeSelector").at(key)
    }

    /// Whether nodeSelector or required node affinity speak of the node label `key`, in any way.
    pub(crate) fn mentions_label(&self, key: &str) -> bool {
        if self.selector(key).is_present() {
            return true;
        }
        let affinity = self.pods.spec.at("affinity").at("nodeAffinity");
        let required = affinity.at("requiredDuringSchedulingIgnoredDuringExecution");
        let terms = required.at("nodeSelectorTerms").elements();
        terms.iter().any(|term| {
            let expressions = term.at("matchExpressions").elements();
            expressions
                .iter()
                .any(|expression| expression.at("key").text() == Some(key))
        })
    }
}
