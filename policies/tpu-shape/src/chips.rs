//! Chips of the containers against chips of a VM: TPU006, TPU013, TPU014, TPU021.

use sdk::{Node, Verdict};
use tpu::Slice;
use workload::{ACCELERATOR_COUNT_LABEL, Container, Quantity, TPU_RESOURCE, label_of};

use crate::group::{Group, quoted, shown};
use crate::hosts::Hosts;

/// What a container says of `google.com/tpu`.
pub(crate) struct Chips<'a> {
    container: Container<'a>,
    limit: Said<'a>,
    request: Said<'a>,
}

/// A quantity, and where it stands or would stand.
struct Said<'a> {
    node: Node<'a>,
    quantity: Option<Quantity>,
}

/// Checks the containers, and says on which VMs the slice runs where that is known.
pub(crate) fn check(
    group: &Group<'_, '_>,
    slice: Option<Slice>,
    verdict: &mut Verdict,
) -> Option<Hosts> {
    let all = group.chips.as_slice();
    let is_idle = all.iter().all(Chips::is_idle);
    let label = CountLabel::of(group);
    let hosts = slice.and_then(|slice| hosts(slice, all, label.as_ref()));
    for chips in all {
        chips.check_notation(hosts.as_ref(), verdict);
        if is_idle || !chips.is_idle() {
            chips.check_amount(slice.as_ref(), hosts.as_ref(), verdict);
        }
    }
    check_together(all, slice.as_ref(), hosts.as_ref(), verdict);
    if let Some(label) = label {
        label.check(slice.as_ref(), hosts.as_ref(), all, verdict);
    }
    hosts
}

/// Tells of a Pod on a TPU node that asks for no chips and so gets none.
pub(crate) fn report_none(group: &Group<'_, '_>, verdict: &mut Verdict) {
    let Some(first) = group.containers.first() else {
        return;
    };
    let message = format!(
        "found no container with {TPU_RESOURCE} in a Pod that selects TPU nodes: it gets no chips"
    );
    let fix = format!("set {TPU_RESOURCE} in limits and requests to all chips of a VM");
    verdict.warn("TPU006", first.tpu_limit().path(), message, fix);
}

/// The slice on the VMs that the containers mean: the first legal number of chips among them,
/// else the label's, else the only one that there is.
fn hosts(slice: Slice, all: &[Chips<'_>], label: Option<&CountLabel<'_>>) -> Option<Hosts> {
    let choices = slice.chips_per_vm_choices();
    let mut written = all.iter().filter_map(Chips::whole);
    let labelled = label.and_then(|label| label.chips);
    let is_choice = |chips: &u32| choices.contains(chips);
    let only = match choices.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    let chips = written
        .find(is_choice)
        .or(labelled.filter(is_choice))
        .or(only)?;
    Hosts::new(slice, chips)
}

impl<'a> Chips<'a> {
    /// None where the container says nothing of chips.
    pub(crate) fn read(container: &Container<'a>) -> Option<Self> {
        let resources = container.node.at("resources");
        let limit = Said::read(&resources.at("limits"));
        let request = Said::read(&resources.at("requests"));
        (limit.quantity.is_some() || request.quantity.is_some()).then(|| Self {
            container: container.clone(),
            limit,
            request,
        })
    }

    /// The number that counts: the limit, else the request.
    fn said(&self) -> &Said<'a> {
        match self.limit.quantity {
            Some(_) => &self.limit,
            None => &self.request,
        }
    }

    fn quantity(&self) -> Option<Quantity> {
        self.said().quantity
    }

    /// The number of chips, where it is a whole number over 0 that a VM might have.
    fn whole(&self) -> Option<u32> {
        let chips = self.quantity()?.whole()?;
        u32::try_from(chips).ok().filter(|chips| *chips > 0)
    }

    /// Whether both numbers, as far as they are given, are 0.
    pub(crate) fn is_idle(&self) -> bool {
        let idle = |said: &Said<'_>| matches!(said.quantity, None | Some(Quantity::Whole(0)));
        idle(&self.limit) && idle(&self.request)
    }

    /// Whether it runs at the same time as the main containers: it is one, or a sidecar.
    fn is_concurrent(&self) -> bool {
        !self.container.init || self.container.node.at("restartPolicy").text() == Some("Always")
    }

    /// Whole numbers, and requests equal to limits.
    fn check_notation(&self, hosts: Option<&Hosts>, verdict: &mut Verdict) {
        let (limit, request) = (&self.limit, &self.request);
        for Said { node, quantity } in [limit, request] {
            if *quantity == Some(Quantity::Malformed) {
                let message = format!(
                    "found {}, expected {}",
                    shown(node),
                    hosts.map_or("a whole number of chips".to_owned(), expected)
                );
                verdict.deny("TPU006", node.path(), message, fix(hosts));
            }
        }
        let because = hosts.map(|hosts| format!(": {hosts}")).unwrap_or_default();
        match (limit.quantity, request.quantity) {
            (Some(Quantity::Whole(limits)), Some(Quantity::Whole(requests)))
                if limits != requests =>
            {
                let message = format!(
                    "found requests of {requests} and limits of {limits} chips, \
                     expected both equal{because}"
                );
                verdict.deny("TPU014", request.node.path(), message, fix(hosts));
            }
            (None, Some(Quantity::Whole(requests))) => {
                let message = format!(
                    "found requests of {requests} chips and no limits, \
                     expected both equal{because}"
                );
                verdict.deny("TPU014", limit.node.path(), message, fix(hosts));
            }
            _ => {}
        }
    }

    /// All chips of a VM, or fewer where containers may share them.
    fn check_amount(&self, slice: Option<&Slice>, hosts: Option<&Hosts>, verdict: &mut Verdict) {
        let Some(found) = self.quantity().and_then(Quantity::whole) else {
            return;
        };
        let path = self.said().node.path();
        match (slice, hosts) {
            (_, Some(hosts)) if !is_amount(found, hosts) => {
                let message = format!("found {found}, expected {}", expected(hosts));
                verdict.deny("TPU006", path, message, fix(Some(hosts)));
            }
            (Some(slice), None) if !slice.chips_per_vm_choices().is_empty() => {
                let message = format!("found {found}, expected {}", choices(slice));
                verdict.deny("TPU006", path, message, fix(None));
            }
            (_, None) if found == 0 => {
                let message = "found 0 in a Pod that selects TPU nodes: it gets no chips";
                verdict.deny("TPU006", path, message, fix(None));
            }
            _ => {}
        }
    }
}

impl<'a> Said<'a> {
    /// What stands among limits or requests.
    fn read(list: &Node<'a>) -> Self {
        let node = list.at(TPU_RESOURCE);
        let quantity = Quantity::read(&node);
        Self { node, quantity }
    }
}

fn is_amount(found: u64, hosts: &Hosts) -> bool {
    let all = u64::from(hosts.chips_per_vm);
    found == all || (may_share(&hosts.slice) && (1..=all).contains(&found))
}

fn may_share(slice: &Slice) -> bool {
    slice.accelerator().allows_chip_sharing()
}

fn expected(hosts: &Hosts) -> String {
    let chips = hosts.chips_per_vm;
    if may_share(&hosts.slice) && chips > 1 {
        format!("1 to {chips}, the chips of a VM: {hosts}")
    } else {
        format!("{chips}, all chips of a VM: {hosts}")
    }
}

/// The VMs that can make up a slice, where its labels leave several.
fn choices(slice: &Slice) -> String {
    let all = slice.chips_per_vm_choices();
    let all = all.iter().filter_map(|chips| Hosts::new(*slice, *chips));
    let all: Vec<String> = all
        .map(|hosts| format!("{} ({hosts})", hosts.chips_per_vm))
        .collect();
    format!("all chips of a VM: {}", all.join(" or "))
}

fn fix(hosts: Option<&Hosts>) -> String {
    match hosts {
        Some(hosts) => format!(
            "set {TPU_RESOURCE} to {} in limits and requests",
            hosts.chips_per_vm
        ),
        None => format!("set {TPU_RESOURCE} to all chips of a VM in limits and requests"),
    }
}

/// Containers that run at the same time and hold the same chips.
fn check_together(
    all: &[Chips<'_>],
    slice: Option<&Slice>,
    hosts: Option<&Hosts>,
    verdict: &mut Verdict,
) {
    let users = all
        .iter()
        .filter(|chips| chips.is_concurrent() && !chips.is_idle());
    let users: Vec<&Chips<'_>> = users.collect();
    let (Some(slice), [first, second, ..]) = (slice, users.as_slice()) else {
        return;
    };
    let place = &second.said().node;
    if !may_share(slice) {
        let message = format!(
            "found {} containers with {TPU_RESOURCE} that run at the same time ({} and {}), \
             expected 1: containers can't share the chips of a {} VM",
            users.len(),
            quoted(first.container.name()),
            quoted(second.container.name()),
            slice.accelerator()
        );
        let fix = format!("leave {TPU_RESOURCE} to one container");
        verdict.deny("TPU013", place.path(), message, fix);
        return;
    }
    let amounts = users.iter().filter_map(|chips| chips.quantity()?.whole());
    let sum = amounts.fold(0, u64::saturating_add);
    let Some(hosts) = hosts.filter(|hosts| sum > u64::from(hosts.chips_per_vm)) else {
        return;
    };
    let message = format!(
        "found {sum} chips in {} containers that share a VM, expected at most {}: {hosts}",
        users.len(),
        hosts.chips_per_vm
    );
    let fix = format!(
        "set {TPU_RESOURCE} of the containers to {} in all",
        hosts.chips_per_vm
    );
    verdict.deny("TPU006", place.path(), message, fix);
}

/// The node label that says how many chips a VM has.
struct CountLabel<'a> {
    node: Node<'a>,
    text: &'a str,
    chips: Option<u32>,
}

impl<'a> CountLabel<'a> {
    fn of(group: &Group<'_, 'a>) -> Option<Self> {
        let (node, text) = label_of(group.pods, ACCELERATOR_COUNT_LABEL)?;
        let chips = text.parse().ok();
        Some(Self { node, text, chips })
    }

    /// A label that no node of the slice carries, or one of VMs with other chips than the
    /// containers take. Of accelerators that may share chips only the VM counts.
    fn check(
        &self,
        slice: Option<&Slice>,
        hosts: Option<&Hosts>,
        all: &[Chips<'_>],
        verdict: &mut Verdict,
    ) {
        let found = quoted(self.text);
        if let Some(hosts) = hosts {
            if self.text != hosts.chips_per_vm.to_string() {
                let chips = hosts.chips_per_vm;
                let message = format!("found {found}, expected \"{chips}\": {hosts}");
                let fix = format!("set {ACCELERATOR_COUNT_LABEL} to \"{chips}\"");
                verdict.deny("TPU021", self.node.path(), message, fix);
            }
            return;
        }
        let written = all.iter().find_map(Chips::whole);
        if let (None, Some(chips)) = (slice, written.filter(|chips| self.chips != Some(*chips))) {
            let message = format!(
                "found {found} with {chips} chips in a container, expected both equal: a \
                 container takes all chips of its VM"
            );
            let fix = format!("set {ACCELERATOR_COUNT_LABEL} to \"{chips}\"");
            verdict.warn("TPU021", self.node.path(), message, fix);
        }
    }
}
