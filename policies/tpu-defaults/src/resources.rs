//! requests = limits, for the chips.

use sdk::Node;
use serde_json::Value;
use tpu::keys::CHIP_RESOURCE;
use workload::{Container, Quantity};

use crate::completion::Completion;
use crate::group::TpuGroup;

/// Writes the request or the limit of chips where only the other one is given. The API takes
/// limits alone (and fills in the requests), never requests alone; so a group that is left alone
/// gets the limits only.
pub(crate) fn complete(group: &TpuGroup<'_>, completion: &mut Completion<'_>) {
    let is_multi_host = group.is_multi_host;
    for container in &group.tpu_containers {
        let (limit, request) = (container.tpu_limit(), container.tpu_request());
        if !limit.is_present() {
            copy(&request, container, "limits", completion);
        } else if !request.is_present() && is_multi_host {
            copy(&limit, container, "requests", completion);
        }
    }
}

fn copy(from: &Node<'_>, container: &Container<'_>, to: &str, completion: &mut Completion<'_>) {
    let Some(value) = chips(from) else {
        return;
    };
    let node = container.node.at("resources").at(to);
    completion.add_members(&node, [(CHIP_RESOURCE, value)]);
}

/// A number of chips as the author wrote it; `tpu-shape` refuses anything else.
fn chips(node: &Node<'_>) -> Option<Value> {
    Quantity::read(node)?.whole()?;
    node.value()
}
