//! Slices of one computation in a JobSet: all three variables, filled.

use serde_json::{Value, json};
use workload::{Container, Workload};

use crate::codes::{MEGASCALE_MIXTURE, MEGASCALE_NUMBER, NO_COORDINATOR, NO_NUMBERING};
use crate::completion::Completion;
use crate::group::TpuGroup;

use super::coordinator;
use super::slice_id::Numbering;
use super::vector::{State, Variable, Vector};

/// What the JobSet says of its slices.
struct Set<'s, 'a> {
    members: &'s [&'s TpuGroup<'a>],
    workload: &'s Workload<'a>,
    /// How many there are: replicas of the TPU replicatedJobs.
    slices: u64,
}

/// Fills in what is absent and checks what is there.
pub(super) fn complete(
    members: &[&TpuGroup<'_>],
    workload: &Workload<'_>,
    completion: &mut Completion<'_>,
) {
    let count = |sum: u64, group: &&TpuGroup<'_>| sum.saturating_add(group.replicas());
    let set = Set {
        members,
        workload,
        slices: members.iter().fold(0, count),
    };
    for group in members {
        if group.is_multi_host {
            for container in &group.tpu_containers {
                set.complete(group, container, completion);
            }
        }
    }
    set.check_duplicates(completion);
}

impl Set<'_, '_> {
    fn complete(
        &self,
        group: &TpuGroup<'_>,
        container: &Container<'_>,
        completion: &mut Completion<'_>,
    ) {
        let vector = Vector::of(container);
        for variable in vector.variables() {
            if variable.state == State::Empty {
                refuse_empty(variable, completion);
            }
        }
        self.check_count(&vector.num_slices, completion);
        self.check_id(&vector.slice_id, group, completion);
        let mut filled = Vec::new();
        if vector.num_slices.state == State::Absent {
            let members = json!({"value": self.slices.to_string()});
            filled.push(named(vector.num_slices.name, members));
        }
        if vector.slice_id.state == State::Absent {
            filled.extend(self.id(&vector.slice_id, group, completion));
        }
        if vector.coordinator.state == State::Absent {
            filled.extend(self.coordinator(&vector.coordinator, completion));
        }
        completion.append(&container.node.at("env"), filled);
    }

    fn check_count(&self, variable: &Variable<'_>, completion: &mut Completion<'_>) {
        let State::Literal(text) = variable.state else {
            return;
        };
        if text.parse() == Ok(self.slices) {
            return;
        }
        let terms: Vec<String> = self
            .members
            .iter()
            .map(|group| format!("{} of {}", group.replicas(), group.name()))
            .collect();
        let message = format!(
            "found {text:?}, expected {:?}: the JobSet has {} slices ({})",
            self.slices.to_string(),
            self.slices,
            terms.join(" + ")
        );
        let fix = format!("set {} to \"{}\" or remove it", variable.name, self.slices);
        completion.deny(MEGASCALE_NUMBER, variable.place.path(), message, fix);
    }

    fn check_id(
        &self,
        variable: &Variable<'_>,
        group: &TpuGroup<'_>,
        completion: &mut Completion<'_>,
    ) {
        let State::Literal(text) = variable.state else {
            return;
        };
        let Some(message) = self.wrong_id(text, group) else {
            return;
        };
        let fix = format!("remove {}: the right one is filled in", variable.name);
        completion.deny(MEGASCALE_NUMBER, variable.place.path(), message, fix);
    }

    /// Why `text` can't be the id of `group`'s slices.
    fn wrong_id(&self, text: &str, group: &TpuGroup<'_>) -> Option<String> {
        let (replicas, slices) = (group.replicas(), self.slices);
        if replicas > 1 {
            let name = group.name();
            return Some(format!(
                "found {text:?} for all {replicas} slices of {name}: each needs its own"
            ));
        }
        let id = text.parse::<u64>().ok().filter(|id| *id < slices);
        let Some(id) = id else {
            let last = slices.saturating_sub(1);
            return Some(format!(
                "found {text:?}, expected 0 to {last}: the JobSet has {slices} slices"
            ));
        };
        let expected = self.first_id(group);
        (self.numbers_others(group) && id != expected).then(|| {
            format!(
                "found {text:?}, expected \"{expected}\": the other slices are numbered in order"
            )
        })
    }

    /// The id of the first slice of `group`, where slices are numbered in the order of the JobSet.
    fn first_id(&self, group: &TpuGroup<'_>) -> u64 {
        let path = group.pods.owner.path();
        let is_other = |other: &&&TpuGroup<'_>| other.pods.owner.path() != path;
        let before = self.members.iter().take_while(is_other);
        before.fold(0, |sum: u64, other| sum.saturating_add(other.replicas()))
    }

    /// Whether slices of other groups get their ids from us.
    fn numbers_others(&self, group: &TpuGroup<'_>) -> bool {
        let path = group.pods.owner.path();
        let mut others = self
            .members
            .iter()
            .filter(|other| other.pods.owner.path() != path);
        others.any(|other| {
            let mut containers = other.tpu_containers.iter();
            containers.any(|container| Vector::of(container).slice_id.state == State::Absent)
        })
    }

    fn check_duplicates(&self, completion: &mut Completion<'_>) {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for group in self.members {
            let Some(container) = group.tpu_containers.first() else {
                continue;
            };
            let variable = Vector::of(container).slice_id;
            let State::Literal(id) = variable.state else {
                continue;
            };
            match seen.iter().find(|(known, _)| *known == id) {
                None => seen.push((id, group.name())),
                Some((_, other)) => {
                    let message = format!("found {id:?}, which the slice of {other} has too");
                    let fix = format!("remove {}: the right one is filled in", variable.name);
                    completion.deny(MEGASCALE_NUMBER, variable.place.path(), message, fix);
                }
            }
        }
    }

    fn id(
        &self,
        variable: &Variable<'_>,
        group: &TpuGroup<'_>,
        completion: &mut Completion<'_>,
    ) -> Option<Value> {
        if let Some(numbering) = Numbering::of(self.members, self.workload) {
            return Some(named(variable.name, numbering.id_of(group, self.members)));
        }
        let message = format!(
            "found no way to number the slices 0 to {}: other Jobs stand before or between the \
             TPU jobs, and no groupName holds exactly the TPU jobs",
            self.slices.saturating_sub(1)
        );
        let fix = "list the TPU replicatedJobs first, or give them a groupName of their own";
        let place = self.workload.root.at("spec").at("replicatedJobs");
        completion.deny(NO_NUMBERING, place.path(), message, fix.to_owned());
        None
    }

    fn coordinator(
        &self,
        variable: &Variable<'_>,
        completion: &mut Completion<'_>,
    ) -> Option<Value> {
        match coordinator::address(self.members, self.workload) {
            Ok(members) => Some(named(variable.name, members)),
            Err(reason) => {
                let (reason, fix) = reason.explain();
                let message = format!("found no {}, and {reason}", variable.name);
                let place = variable.place.path();
                completion.warn(NO_COORDINATOR, place, message, fix.to_owned());
                None
            }
        }
    }
}

fn refuse_empty(variable: &Variable<'_>, completion: &mut Completion<'_>) {
    let message = format!(
        "found an empty {} on slices of one computation: an empty one means a slice by itself",
        variable.name
    );
    let fix = format!("remove {}: the right one is filled in", variable.name);
    completion.deny(MEGASCALE_MIXTURE, variable.place.path(), message, fix);
}

/// An environment variable from its name and its other members.
fn named(name: &str, members: Value) -> Value {
    let mut variable = json!({"name": name});
    if let (Value::Object(variable), Value::Object(members)) = (&mut variable, members) {
        variable.extend(members);
    }
    variable
}
