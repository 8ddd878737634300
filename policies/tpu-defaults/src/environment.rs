//! Environment variables that stand twice.

use std::collections::HashMap;

use workload::Container;

use crate::codes::VARIABLE_TWICE;
use crate::completion::Completion;
use crate::group::TpuGroup;

/// Warns about variables that stand twice in a TPU container: the kubelet takes the last one.
pub(crate) fn check(group: &TpuGroup<'_>, completion: &mut Completion<'_>) {
    for container in &group.tpu_containers {
        check_container(container, completion);
    }
}

fn check_container(container: &Container<'_>, completion: &mut Completion<'_>) {
    let variables = container.node.at("env").elements();
    let named: Vec<_> = variables
        .iter()
        .enumerate()
        .filter_map(|(at, variable)| Some((at, variable, variable.at("name").text()?)))
        .collect();
    let last: HashMap<&str, usize> = named.iter().map(|(at, _, name)| (*name, *at)).collect();
    for (at, variable, name) in named {
        let last = last[name];
        if last > at {
            let message = format!("found {name} twice; the last one counts, env/{last}");
            let fix = format!("remove this {name}");
            completion.warn(VARIABLE_TWICE, variable.path(), message, fix);
        }
    }
}
