//! The port on which the VMs of a slice find each other.

use sdk::Node;
use serde_json::json;
use tpu::keys::SLICE_PORT;

use crate::completion::Completion;
use crate::group::TpuGroup;

/// Declares the port on the first TPU container, unless some container declares it.
pub(crate) fn complete(group: &TpuGroup<'_>, completion: &mut Completion<'_>) {
    if is_declared(group) {
        return;
    }
    let main = |container: &&workload::Container<'_>| !container.init;
    if let Some(first) = group.tpu_containers.iter().find(main) {
        let port = json!({"containerPort": SLICE_PORT});
        completion.append(&first.node.at("ports"), [port]);
    }
}

/// Whether some container of the Pod declares the port.
pub(crate) fn is_declared(group: &TpuGroup<'_>) -> bool {
    let mut ports = group.containers.iter().flat_map(|c| c.ports());
    ports.any(|port| is_slice_port(&port))
}

fn is_slice_port(port: &Node<'_>) -> bool {
    let is_tcp = port.at("protocol").text().is_none_or(|name| name == "TCP");
    is_tcp && port.at("containerPort").integer() == Some(i64::from(SLICE_PORT))
}
