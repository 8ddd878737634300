//! The greedy assigner: one model for each server.

use std::collections::{BTreeMap, BTreeSet};

use saxml::sax::ModelStatus;

use super::registry::{Published, Registry};

/// What a tick changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Servers of each model, new ones included.
    pub(crate) serving: BTreeMap<String, Vec<String>>,
    /// Server and model.
    pub(crate) assigned: Vec<(String, String)>,
    /// Server and model.
    pub(crate) unassigned: Vec<(String, String)>,
}

/// Computes the new assignment.
pub(crate) fn plan(registry: &Registry) -> Plan {
    let mut plan = Plan::default();
    let mut idle: BTreeSet<&String> = registry.servers.keys().collect();
    for (address, server) in &registry.servers {
        for key in &server.wanted {
            if registry.models.contains_key(key) {
                idle.remove(address);
                let serving = plan.serving.entry(key.clone()).or_default();
                serving.push(address.clone());
            } else {
                plan.unassigned.push((address.clone(), key.clone()));
            }
        }
    }
    for (key, published) in &registry.models {
        let serving = plan.serving.entry(key.clone()).or_default();
        let wanted = usize::try_from(published.model.requested_num_replicas).unwrap_or_default();
        release(registry, key, serving, wanted, &mut plan.unassigned);
        while serving.len() < wanted {
            let Some(address) = first_able(registry, &idle, published) else {
                break;
            };
            idle.remove(&address);
            serving.push(address.clone());
            plan.assigned.push((address, key.clone()));
        }
    }
    plan
}

/// Those that hold it LOADED are kept before others.
fn release(
    registry: &Registry,
    key: &str,
    serving: &mut Vec<String>,
    wanted: usize,
    unassigned: &mut Vec<(String, String)>,
) {
    let is_loaded = |address: &String| {
        let server = registry.servers.get(address);
        server.is_some_and(|server| server.seen.get(key) == Some(&ModelStatus::Loaded))
    };
    while serving.len() > wanted {
        let last = serving.iter().rposition(|address| !is_loaded(address));
        let address = serving.remove(last.unwrap_or(serving.len() - 1));
        unassigned.push((address, key.to_owned()));
    }
}

fn first_able(
    registry: &Registry,
    idle: &BTreeSet<&String>,
    published: &Published,
) -> Option<String> {
    let path = &published.model.model_path;
    let able = |address: &&&String| {
        let server = registry.servers.get(**address);
        server.is_some_and(|server| server.spec.servable_model_paths.contains(path))
    };
    idle.iter().find(able).map(|address| (*address).clone())
}
