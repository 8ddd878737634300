//! The address of the first Pod of all.

use serde_json::{Value, json};
use workload::Workload;

use crate::group::TpuGroup;

use super::slice_id::label;

/// JobSet's label: the endpoint that `spec.coordinator` names.
const COORDINATOR: &str = "jobset.sigs.k8s.io/coordinator";

/// Why no address can be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAddress {
    /// Pods get no names in DNS.
    NoHostnames,
    /// The JobSet gets its name only when it is stored.
    GeneratedName,
    /// A replicatedJob has no name.
    NamelessJob,
}

/// The environment variable's members that say the coordinator's address: what
/// `spec.coordinator` names, else the first Pod of the first slice.
pub(super) fn address(
    members: &[&TpuGroup<'_>],
    workload: &Workload<'_>,
) -> Result<Value, NoAddress> {
    let spec = workload.root.at("spec");
    let network = spec.at("network");
    if network.at("enableDNSHostnames").boolean() == Some(false) {
        return Err(NoAddress::NoHostnames);
    }
    let coordinator = spec.at("coordinator");
    let Some(name) = given_name(workload) else {
        let is_named = coordinator.is_present();
        return is_named
            .then(|| label(COORDINATOR))
            .ok_or(NoAddress::GeneratedName);
    };
    let number = |key: &str| coordinator.at(key).integer().unwrap_or(0);
    let job = coordinator.at("replicatedJob").text();
    let job = job
        .or_else(|| first(members))
        .ok_or(NoAddress::NamelessJob)?;
    let (job_index, pod_index) = (number("jobIndex"), number("podIndex"));
    let subdomain = network.at("subdomain").text().unwrap_or(name);
    Ok(json!({"value": format!("{name}-{job}-{job_index}-{pod_index}.{subdomain}")}))
}

/// The name that the author gave. Beside a `generateName` it may be the generated one: it is not
/// there yet when the object can still be completed.
fn given_name<'a>(workload: &Workload<'a>) -> Option<&'a str> {
    let metadata = workload.root.at("metadata");
    let is_generated = metadata.at("generateName").is_present();
    let name = metadata.at("name").text()?;
    (!is_generated && !name.is_empty()).then_some(name)
}

fn first<'a>(members: &[&TpuGroup<'a>]) -> Option<&'a str> {
    let first = members.iter().find(|group| group.replicas() > 0);
    first.or(members.first())?.pods.name
}

impl NoAddress {
    /// What is in the way, and what mends it.
    pub(super) fn explain(self) -> (&'static str, &'static str) {
        match self {
            Self::NoHostnames => (
                "network.enableDNSHostnames is false, so that no Pod has a name in DNS",
                "remove network.enableDNSHostnames: false, or set the variable",
            ),
            Self::GeneratedName => (
                "the name is still to be made from generateName",
                "give the JobSet a metadata.name, or a spec.coordinator",
            ),
            Self::NamelessJob => (
                "the first TPU replicatedJob has no name",
                "give every replicatedJob a name",
            ),
        }
    }
}
