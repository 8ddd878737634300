//! hostNetwork, with the dnsPolicy that goes with it.

use sdk::{Cluster, Node};
use serde_json::Value;

use crate::codes::{DNS_POLICY_KEPT, HOST_NETWORK_KEPT_OFF, HOST_NETWORK_MISSING};
use crate::completion::Completion;
use crate::context::Context;
use crate::group::TpuGroup;
use crate::last_applied;
use crate::ports;
use crate::settings::HostNetwork;

/// The DNS policy under which a Pod on its node's network finds the Pods of its slice by name.
const WITH_HOST_NET: &str = "ClusterFirstWithHostNet";

/// Completes the network of a multi-host group, and says whether its Pods are on their node's
/// network by our doing.
pub(crate) fn complete(
    group: &TpuGroup<'_>,
    context: &Context<'_, impl Cluster>,
    completion: &mut Completion<'_>,
) -> bool {
    let host_network = group.pods.spec.at("hostNetwork");
    let is_injected = match context.settings.host_network {
        HostNetwork::Off => return false,
        HostNetwork::Inject => true,
        HostNetwork::Check => false,
    };
    match host_network.boolean() {
        Some(true) => complete_dns(group, is_injected, completion),
        Some(false) => keep_off(&host_network, completion),
        // Another type: the SDK's finding.
        None if host_network.is_present() => {}
        None if is_written_off(&host_network, context) => keep_off(&host_network, completion),
        // The API drops `false` on the way from a JobSet to its Pods. Where our port stands,
        // the template was completed, and the absence is its author's wish.
        None if context.is_controlled && ports::is_declared(group) => {}
        None if is_injected => {
            completion.set(&host_network, true);
            complete_dns(group, is_injected, completion);
            return true;
        }
        None => {
            let message = "found no hostNetwork, expected true: the VMs of a multi-host slice \
                           talk over their nodes' network";
            let fix = format!("set hostNetwork: true and dnsPolicy: {WITH_HOST_NET}");
            completion.warn(
                HOST_NETWORK_MISSING,
                host_network.path(),
                message.into(),
                fix,
            );
        }
    }
    false
}

fn complete_dns(group: &TpuGroup<'_>, is_injected: bool, completion: &mut Completion<'_>) {
    let dns_policy = group.pods.spec.at("dnsPolicy");
    match dns_policy.text() {
        None if dns_policy.is_present() => {}
        Some(WITH_HOST_NET) => {}
        None | Some("ClusterFirst") if is_injected => completion.set(&dns_policy, WITH_HOST_NET),
        None | Some("ClusterFirst") => {
            let found = dns_policy.text().unwrap_or("no dnsPolicy");
            let message = format!(
                "found {found} with hostNetwork: true, expected {WITH_HOST_NET}: the names of \
                 the slice's Pods would not resolve"
            );
            let fix = format!("set dnsPolicy: {WITH_HOST_NET}");
            completion.warn(HOST_NETWORK_MISSING, dns_policy.path(), message, fix);
        }
        Some(other) => {
            let message = format!(
                "found dnsPolicy {other} with hostNetwork, expected {WITH_HOST_NET}: the names \
                 of the slice's Pods resolve only if dnsConfig names the cluster's DNS"
            );
            let fix = format!("set dnsPolicy: {WITH_HOST_NET}, or check dnsConfig");
            completion.warn(DNS_POLICY_KEPT, dns_policy.path(), message, fix);
        }
    }
}

fn keep_off(host_network: &Node<'_>, completion: &mut Completion<'_>) {
    let message = "found hostNetwork false on a multi-host slice, expected true: the VMs talk \
                   over the Pod network, which is slower";
    let fix = "remove hostNetwork: false, unless the cluster forbids host networking";
    completion.warn(
        HOST_NETWORK_KEPT_OFF,
        host_network.path(),
        message.into(),
        fix.into(),
    );
}

/// Whether the author wrote `false` where the API server's own types no longer show it.
fn is_written_off(host_network: &Node<'_>, context: &Context<'_, impl Cluster>) -> bool {
    let applied = last_applied::of(&context.workload.root);
    let written = applied
        .as_ref()
        .and_then(|applied| applied.pointer(host_network.path()));
    written == Some(&Value::Bool(false))
}
