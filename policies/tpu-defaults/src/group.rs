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
    /// The containers that request TPUs, in the same order.
    pub(crate) tpu_containers: Vec<Container<'a>>,
    /// Chips of one Pod, where they are whole numbers.
    pub(crate) chips: Option<u32>,
    /// The slice that the Pods ask for, where that is known.
    pub(crate) slice: Option<Slice>,
    /// Chips of one VM of the slice: those of the Pod, or the only number that the slice can have
    /// where the Pod's is impossible (which `tpu-shape` refuses).
    pub(crate) chips_per_vm: Option<u32>,
    /// Whether the slice is known to have several VMs.
    pub(crate) is_multi_host: bool,
}

impl<'a> TpuGroup<'a> {
    /// The group, of whose slice nothing is known yet; none where no container requests TPUs.
    pub(crate) fn of(pods: &'a PodGroup<'a>) -> Option<Self> {
        let containers = pods.containers();
        let mut tpu_containers = containers.clone();
        tpu_containers.retain(Container::uses_tpus);
        let uses_tpus = !tpu_containers.is_empty();
        uses_tpus.then(|| Self {
            pods,
            chips: chips(&tpu_containers),
            containers,
            tpu_containers,
            slice: None,
            chips_per_vm: None,
            is_multi_host: false,
        })
    }

    /// Notes which slice the Pods ask for.
    pub(crate) fn learn(&mut self, slice: Slice) {
        let chips = self.chips.filter(|chips| slice.vms(*chips).is_some());
        self.slice = Some(slice);
        self.chips_per_vm = match (chips, slice.chips_per_vm_choices().as_slice()) {
            (Some(chips), _) => Some(chips),
            (None, [only]) => Some(*only),
            (None, _) => None,
        };
        let shape = self.chips_per_vm.and_then(|chips| slice.host_shape(chips));
        self.is_multi_host = matches!(shape, Some(HostShape::Multi { .. }));
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

/// Chips of one Pod: init containers run before the main ones and get the same chips.
fn chips(containers: &[Container<'_>]) -> Option<u32> {
    let (mut main, mut init) = (0_u64, 0);
    for container in containers {
        let chips = container.chips()?;
        if container.init {
            init = chips.max(init);
        } else {
            main = chips.saturating_add(main);
        }
    }
    u32::try_from(main.max(init)).ok()
}
