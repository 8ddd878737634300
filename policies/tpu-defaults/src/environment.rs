//! Environment variables that stand twice.

use sdk::Node;
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
    let name = |node: &Node<'_>| node.at("name").text().map(str::to_owned);
    let names: Vec<Option<String>> = variables.iter().map(name).collect();
    for (at, variable) in variables.iter().enumerate() {
        let Some(name) = &names[at] else {
            continue;
        };
        let Some(last) = names.iter().rposition(|other| other.as_ref() == Some(name)) else {
            continue;
        };
        if last > at {
            let message = format!("found {name} twice; the last one counts, env/{last}");
            let fix = format!("remove this {name}");
            completion.warn(VARIABLE_TWICE, variable.path(), message, fix);
        }
    }
}
