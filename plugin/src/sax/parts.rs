//! Saxml's parts in a namespace, by their Pods: those that `deploy` makes by their labels, those
//! of the tutorial's manifests by their images.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, Pod};
use serde::Serialize;
use tpu::sax::{ADMIN_PORT, CellName, HTTP_PORT, ImageVersion, MODEL_SERVER_PORT};
use tpu::{Accelerator, Slice, Topology, keys};

use super::SaxError;
use crate::cluster::{Cluster, ClusterError};
use crate::scaffold::selector_of;
use crate::servers::Role;

/// What `deploy` writes on all Pods of Saxml's.
const NAME_LABEL: &str = "app.kubernetes.io/name";
const SAXML: &str = "saxml";
/// Which of its parts a Pod is.
const COMPONENT_LABEL: &str = "app.kubernetes.io/component";
/// Which Pod of its Job; the first is a slice's primary, which alone serves and joins.
const INDEX_LABEL: &str = "batch.kubernetes.io/job-completion-index";
const JOB_LABEL: &str = "batch.kubernetes.io/job-name";
/// The cell of an admin image that isn't told one, up to v1.2.0.
const DEFAULT_CELL: &str = "/sax/test";

/// The Pods of a namespace that belong to Saxml.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Parts {
    /// Where.
    pub(crate) namespace: String,
    /// By name.
    pub(crate) cells: Vec<CellParts>,
    /// HTTP servers: they name a root, no cell.
    pub(crate) http: Vec<PodPart>,
}

/// The Pods of one cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CellParts {
    /// Its name.
    pub(crate) cell: CellName,
    /// Its admin servers: one, or something is wrong.
    pub(crate) admins: Vec<PodPart>,
    /// Its slices, by name.
    pub(crate) servers: Vec<ServerPart>,
}

/// A Pod that listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodPart {
    /// Its name.
    pub(crate) pod: String,
    /// `Running`, or why it doesn't.
    pub(crate) phase: String,
    /// Its address; empty until it has one.
    pub(crate) ip: Option<String>,
    /// The port on which it listens.
    pub(crate) port: u16,
    /// The version of its image, where that is known.
    #[serde(skip)]
    pub(crate) version: Option<ImageVersion>,
}

/// A model server: a slice, whose first Pod answers for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerPart {
    /// The Job, or the Pod where there is none.
    pub(crate) name: String,
    /// The Pod that answers; `None` until it is there.
    pub(crate) primary: Option<PodPart>,
    /// `v5e:4x8`, where its selectors say so.
    pub(crate) slice: Option<String>,
    /// What JAX sees on it, where the catalogue knows that.
    pub(crate) devices: Option<u64>,
    /// Its Pods.
    pub(crate) hosts: usize,
    /// Those that are ready.
    pub(crate) hosts_ready: usize,
}

impl Parts {
    /// Looks for them: for the labels first, and without an admin server among those at all Pods.
    pub(crate) async fn find(cluster: &Cluster, namespace: &str) -> Result<Self, ClusterError> {
        let selector = format!("{NAME_LABEL}={SAXML}");
        let labelled = Self::of(namespace, &cluster.pods(namespace, &selector).await?);
        if labelled.cells.iter().any(|cell| !cell.admins.is_empty()) {
            return Ok(labelled);
        }
        Ok(Self::of(namespace, &cluster.pods(namespace, "").await?))
    }

    /// Those of one deployment.
    pub(crate) async fn of_deployment(
        cluster: &Cluster,
        namespace: &str,
        deployment: &str,
    ) -> Result<Self, ClusterError> {
        let selector = selector_of(Some(deployment));
        let pods = cluster.pods(namespace, &selector).await?;
        Ok(Self::of(namespace, &pods))
    }

    /// Is this Pod one of them?
    pub(crate) fn holds(pod: &Pod) -> bool {
        role(pod).is_some()
    }

    /// The parts among these Pods.
    pub(crate) fn of(namespace: &str, pods: &[Pod]) -> Self {
        let mut parts = Self {
            namespace: namespace.to_owned(),
            ..Self::default()
        };
        let mut slices: BTreeMap<(String, String), Vec<&Pod>> = BTreeMap::new();
        for pod in pods.iter().filter(|pod| !has_ended(pod)) {
            match role(pod) {
                Some(Role::Admin) => {
                    let cell = variable(pod, "SAX_CELL").unwrap_or(DEFAULT_CELL);
                    if let Some(cell) = parts.cell(cell) {
                        cell.admins.push(PodPart::of(pod, ADMIN_PORT));
                    }
                }
                Some(Role::Http) => parts.http.push(PodPart::of(pod, HTTP_PORT)),
                Some(Role::Model) => {
                    let cell = argument(pod, "--sax_cell").unwrap_or_default();
                    let name = label(pod, JOB_LABEL).unwrap_or_else(|| pod_name(pod));
                    slices.entry((cell, name)).or_default().push(pod);
                }
                None => {}
            }
        }
        for ((cell, name), pods) in slices {
            if let Some(cell) = parts.cell(&cell) {
                cell.servers.push(ServerPart::of(name, &pods));
            }
        }
        parts.sort();
        parts
    }

    /// The cell that is meant.
    pub(crate) fn choose(&self, wanted: Option<&CellName>) -> Result<&CellParts, SaxError> {
        let cells = || self.cells.iter().filter(|cell| !cell.admins.is_empty());
        let known: Vec<_> = cells().map(|cell| cell.cell.to_string()).collect();
        let namespace = self.namespace.clone();
        let mut fitting = cells().filter(|cell| wanted.is_none_or(|wanted| cell.cell == *wanted));
        match (fitting.next(), fitting.next(), wanted) {
            (Some(cell), None, _) => Ok(cell),
            (Some(_), Some(_), _) => Err(SaxError::SeveralCells {
                namespace,
                cells: known,
            }),
            (None, _, Some(cell)) if !known.is_empty() => Err(SaxError::NoCell {
                cell: cell.clone(),
                namespace,
                known,
            }),
            (None, _, _) => Err(SaxError::NoAdmin {
                namespace,
                others: self.count(),
            }),
        }
    }

    fn count(&self) -> usize {
        let hosts = self.cells.iter().flat_map(|cell| &cell.servers);
        self.http.len() + hosts.map(|server| server.hosts).sum::<usize>()
    }

    /// The cell of this name; `None` where it is no name of a cell.
    fn cell(&mut self, name: &str) -> Option<&mut CellParts> {
        let cell = CellName::parse(name).ok()?;
        let found = self.cells.iter().position(|other| other.cell == cell);
        let index = found.unwrap_or_else(|| {
            self.cells.push(CellParts {
                cell,
                admins: Vec::new(),
                servers: Vec::new(),
            });
            self.cells.len() - 1
        });
        self.cells.get_mut(index)
    }

    fn sort(&mut self) {
        self.cells.sort_by_key(|cell| cell.cell.to_string());
        for cell in &mut self.cells {
            cell.admins.sort_by(|a, b| a.pod.cmp(&b.pod));
            cell.servers
                .sort_by(|a, b| natord::compare(&a.name, &b.name));
        }
        self.http.sort_by(|a, b| a.pod.cmp(&b.pod));
    }
}

impl CellParts {
    /// The admin server that runs.
    pub(crate) fn admin(&self) -> Result<&PodPart, SaxError> {
        let running = self.admins.iter().find(|pod| pod.is_running());
        running.ok_or_else(|| {
            let first = self.admins.first();
            SaxError::AdminNotRunning {
                pod: first.map(|pod| pod.pod.clone()).unwrap_or_default(),
                phase: first.map(|pod| pod.phase.clone()).unwrap_or_default(),
            }
        })
    }

    /// The server at an address that an admin server names.
    pub(crate) fn at(&self, address: &str) -> Option<&ServerPart> {
        let mut servers = self.servers.iter();
        servers.find(|server| server.address().as_deref() == Some(address))
    }
}

impl PodPart {
    fn of(pod: &Pod, port: u16) -> Self {
        let status = pod.status.as_ref();
        let flag = argument(pod, "--port").and_then(|port| port.parse().ok());
        Self {
            pod: pod_name(pod),
            phase: phase(pod),
            ip: status.and_then(|status| status.pod_ip.clone()),
            port: flag.unwrap_or(port),
            version: container(pod)
                .and_then(|container| ImageVersion::from_image(container.image.as_deref()?)),
        }
    }

    /// Does it run?
    pub(crate) fn is_running(&self) -> bool {
        self.phase == "Running"
    }

    /// As an admin server names it.
    pub(crate) fn address(&self) -> Option<String> {
        let ip = self.ip.as_ref()?;
        Some(match ip.contains(':') {
            true => format!("[{ip}]:{}", self.port),
            false => format!("{ip}:{}", self.port),
        })
    }
}

impl ServerPart {
    fn of(name: String, pods: &[&Pod]) -> Self {
        let is_first = |pod: &&&Pod| label(pod, INDEX_LABEL).is_none_or(|index| index == "0");
        let slice = pods.first().and_then(|pod| slice(pod));
        let alias = |slice: &Slice| {
            let accelerator = slice.accelerator();
            let name = accelerator.alias().unwrap_or_else(|| accelerator.label());
            format!("{name}:{}", slice.topology())
        };
        Self {
            name,
            primary: pods
                .iter()
                .find(is_first)
                .map(|pod| PodPart::of(pod, MODEL_SERVER_PORT)),
            devices: slice.as_ref().and_then(Slice::jax_devices),
            slice: slice.as_ref().map(alias),
            hosts: pods.len(),
            hosts_ready: pods.iter().filter(|pod| is_ready(pod)).count(),
        }
    }

    /// Where an admin server would name it.
    pub(crate) fn address(&self) -> Option<String> {
        self.primary.as_ref()?.address()
    }

    /// The version of its image, where that is known.
    pub(crate) fn version(&self) -> Option<ImageVersion> {
        self.primary.as_ref()?.version
    }
}

fn role(pod: &Pod) -> Option<Role> {
    let is_saxml = label(pod, NAME_LABEL).as_deref() == Some(SAXML);
    let component = label(pod, COMPONENT_LABEL).filter(|_| is_saxml);
    match component.as_deref() {
        Some("admin-server") => Some(Role::Admin),
        Some("http") => Some(Role::Http),
        Some("model-server") => Some(Role::Model),
        _ => role_of(container(pod)?),
    }
}

fn role_of(container: &Container) -> Option<Role> {
    Role::of_image(container.image.as_deref()?)
}

/// The container that is Saxml's: by its image's name, else the first.
fn container(pod: &Pod) -> Option<&Container> {
    let containers = &pod.spec.as_ref()?.containers;
    let mut ours = containers
        .iter()
        .filter(|container| role_of(container).is_some());
    ours.next().or_else(|| containers.first())
}

fn variable<'a>(pod: &'a Pod, name: &str) -> Option<&'a str> {
    let mut variables = container(pod)?.env.iter().flatten().rev();
    // The last one counts, as for the kubelet.
    let last = variables.find(|variable| variable.name == name)?;
    last.value.as_deref()
}

/// The value of a flag, `--flag=value` or `--flag value`, the last one that is there.
fn argument(pod: &Pod, flag: &str) -> Option<String> {
    let container = container(pod)?;
    let command = container.command.iter().flatten();
    let words: Vec<_> = command.chain(container.args.iter().flatten()).collect();
    let mut found = None;
    for (index, word) in words.iter().enumerate() {
        match word.strip_prefix(flag) {
            Some("") => found = words.get(index + 1).map(|next| (*next).clone()),
            Some(rest) => found = rest.strip_prefix('=').map(str::to_owned).or(found),
            None => {}
        }
    }
    found
}

fn slice(pod: &Pod) -> Option<Slice> {
    let selector = pod.spec.as_ref()?.node_selector.as_ref()?;
    let accelerator = Accelerator::find(selector.get(keys::ACCELERATOR_LABEL)?)?;
    let topology = Topology::parse(selector.get(keys::TOPOLOGY_LABEL)?).ok()?;
    Slice::new(accelerator, topology)
        .ok()
        .map(|(slice, _)| slice)
}

fn label(pod: &Pod, key: &str) -> Option<String> {
    pod.metadata.labels.as_ref()?.get(key).cloned()
}

fn pod_name(pod: &Pod) -> String {
    pod.metadata.name.clone().unwrap_or_default()
}

/// Such Pods are there only to be looked at.
fn has_ended(pod: &Pod) -> bool {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// The phase, or what says more.
fn phase(pod: &Pod) -> String {
    if pod.metadata.deletion_timestamp.is_some() {
        return "Terminating".to_owned();
    }
    let status = pod.status.as_ref();
    let states = status.and_then(|status| status.container_statuses.as_ref());
    let waiting = states
        .into_iter()
        .flatten()
        .find_map(|status| status.state.as_ref()?.waiting.as_ref()?.reason.clone());
    let phase = status.and_then(|status| status.phase.clone());
    waiting.or(phase).unwrap_or_else(|| "Pending".to_owned())
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;
