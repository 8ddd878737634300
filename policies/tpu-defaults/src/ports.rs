//! The port on which the VMs of a slice find each other, and the node's ports beside it.

use sdk::Node;
use serde_json::json;
use tpu::keys::SLICE_PORT;

use crate::completion::Completion;
use crate::group::TpuGroup;

/// Declares the port on the first TPU container, unless some container declares it.
///
/// `on_host` tells of a Pod that is on its node's network by our doing: there each port is written
/// out as the node's, as the API server does where the author asks for that network. Of templates
/// it leaves that to their Pods.
pub(crate) fn complete(group: &TpuGroup<'_>, on_host: bool, completion: &mut Completion<'_>) {
    if on_host {
        write_host_ports(group, completion);
    }
    if is_declared(group) {
        return;
    }
    let main = |container: &&workload::Container<'_>| !container.init;
    if let Some(first) = group.tpu_containers.iter().find(main) {
        let port = match on_host {
            true => json!({"containerPort": SLICE_PORT, "hostPort": SLICE_PORT}),
            false => json!({"containerPort": SLICE_PORT}),
        };
        completion.append(&first.node.at("ports"), [port]);
    }
}

/// Whether some container of the Pod declares the port.
pub(crate) fn is_declared(group: &TpuGroup<'_>) -> bool {
    let mut ports = group.containers.iter().flat_map(|c| c.ports());
    ports.any(|port| is_slice_port(&port))
}

fn write_host_ports(group: &TpuGroup<'_>, completion: &mut Completion<'_>) {
    let ports = group.containers.iter().flat_map(|c| c.ports());
    for port in ports {
        let host_port = port.at("hostPort");
        let is_open = host_port.integer().unwrap_or(0) == 0;
        if let Some(number) = port.at("containerPort").integer().filter(|_| is_open) {
            completion.set(&host_port, number);
        }
    }
}

fn is_slice_port(port: &Node<'_>) -> bool {
    let is_tcp = port.at("protocol").text().is_none_or(|name| name == "TCP");
    is_tcp && port.at("containerPort").integer() == Some(i64::from(SLICE_PORT))
}
