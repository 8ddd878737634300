//! Models, model servers, cells and slices as rows.

mod tables;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use tables::{Columns, Listed};

use crate::sax::{CellParts, Holding, Replica, ServerPart, State};

/// A published model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelRow {
    /// The namespace; null where only an address is known.
    pub(crate) namespace: Option<String>,
    /// Its whole id.
    pub(crate) model: String,
    /// Its class's whole name.
    pub(crate) path: String,
    /// The class's short name, where the catalogue has it.
    pub(crate) class: Option<&'static str>,
    /// `None` (the word) where there is none.
    pub(crate) checkpoint: String,
    /// How many servers are to have it.
    pub(crate) replicas: usize,
    /// How many are assigned.
    pub(crate) assigned: usize,
    /// How many have it loaded; `null` where nobody says.
    pub(crate) loaded: Option<usize>,
    /// Its state in one word.
    pub(crate) phase: &'static str,
    /// Settings of its class that are overridden, as JSON texts.
    pub(crate) overrides: BTreeMap<String, String>,
    /// Those that are assigned, and how far each is.
    pub(crate) servers: Vec<Replica>,
}

/// A model server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerRow {
    /// The namespace; null where only an address is known.
    pub(crate) namespace: Option<String>,
    /// Its Pod, or its address.
    pub(crate) server: String,
    /// As an admin server names it.
    pub(crate) address: Option<String>,
    /// Its slice.
    pub(crate) slice: Option<String>,
    /// What JAX sees there.
    pub(crate) devices: Option<u64>,
    /// The Pods of its slice that are ready, of all.
    pub(crate) hosts: Option<String>,
    /// `Running`, or why it isn't known.
    pub(crate) phase: String,
    /// The models that it holds, and how far it is.
    pub(crate) models: BTreeMap<String, String>,
    /// Why it doesn't say.
    pub(crate) reason: Option<String>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CellRow {
    /// The namespace; null where only an address is known.
    pub(crate) namespace: Option<String>,
    /// Its name.
    pub(crate) cell: String,
    /// Its admin server's Pods.
    pub(crate) admin: Vec<String>,
    /// How they are.
    pub(crate) phase: String,
    /// How many slices it has.
    pub(crate) slices: usize,
}

/// A slice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SliceRow {
    /// The namespace; null where only an address is known.
    pub(crate) namespace: Option<String>,
    /// Its Job.
    pub(crate) slice: String,
    /// Its cell.
    pub(crate) cell: String,
    /// Accelerator and topology.
    pub(crate) shape: Option<String>,
    /// What JAX sees on it.
    pub(crate) devices: Option<u64>,
    /// Its Pods.
    pub(crate) hosts: usize,
    /// Those that are ready.
    pub(crate) hosts_ready: usize,
    /// The Pod that answers.
    pub(crate) primary: Option<String>,
    /// How it is.
    pub(crate) phase: String,
    /// Where it listens.
    pub(crate) address: Option<String>,
}

impl ServerRow {
    /// A server of the cluster.
    pub(crate) fn of(namespace: Option<&str>, part: &ServerPart) -> Self {
        let primary = part.primary.as_ref();
        Self {
            namespace: namespace.map(str::to_owned),
            server: primary.map_or_else(|| part.name.clone(), |pod| format!("pod/{}", pod.pod)),
            address: part.address(),
            slice: part.slice.clone(),
            devices: part.devices,
            hosts: Some(format!("{}/{}", part.hosts_ready, part.hosts)),
            phase: primary.map_or_else(|| "Missing".to_owned(), |pod| pod.phase.clone()),
            models: BTreeMap::new(),
            reason: None,
        }
    }

    /// A server of which only an address is known.
    pub(crate) fn at(namespace: Option<&str>, server: String, address: String) -> Self {
        Self {
            namespace: namespace.map(str::to_owned),
            server,
            address: Some(address),
            slice: None,
            devices: None,
            hosts: None,
            phase: "Unknown".to_owned(),
            models: BTreeMap::new(),
            reason: None,
        }
    }

    /// The same with what it says of itself.
    pub(crate) fn with(mut self, held: Result<Vec<Holding>, String>) -> Self {
        match held {
            Ok(holdings) => {
                self.phase = "Running".to_owned();
                let models = holdings.into_iter().map(|holding| {
                    let state = State::of(&holding.model, std::slice::from_ref(&holding));
                    let word = state.word().to_lowercase();
                    (holding.model, word)
                });
                self.models = models.collect();
            }
            Err(reason) => self.reason = Some(reason),
        }
        self
    }

    fn models_text(&self) -> String {
        let models = self.models.iter();
        let models: Vec<_> = models
            .map(|(model, state)| format!("{model} {state}"))
            .collect();
        match (models.is_empty(), &self.reason) {
            (true, None) => "idle".to_owned(),
            _ => models.join(", "),
        }
    }
}

impl CellRow {
    /// A cell of the cluster.
    pub(crate) fn of(namespace: &str, parts: &CellParts) -> Self {
        let admins = parts.admins.iter();
        Self {
            namespace: Some(namespace.to_owned()),
            cell: parts.cell.to_string(),
            admin: admins.clone().map(|pod| pod.pod.clone()).collect(),
            phase: match parts.admins.len() {
                0 => "No admin server".to_owned(),
                1 => parts.admins[0].phase.clone(),
                admins => format!("{admins} admin servers"),
            },
            slices: parts.servers.len(),
        }
    }
}

impl SliceRow {
    /// The slices of a cell.
    pub(crate) fn all(namespace: &str, cell: &CellParts) -> Vec<Self> {
        let row = |part: &ServerPart| {
            let primary = part.primary.as_ref();
            Self {
                namespace: Some(namespace.to_owned()),
                slice: part.name.clone(),
                cell: cell.cell.to_string(),
                shape: part.slice.clone(),
                devices: part.devices,
                hosts: part.hosts,
                hosts_ready: part.hosts_ready,
                primary: primary.map(|pod| pod.pod.clone()),
                phase: primary.map_or_else(|| "Missing".to_owned(), |pod| pod.phase.clone()),
                address: part.address(),
            }
        };
        cell.servers.iter().map(row).collect()
    }
}
