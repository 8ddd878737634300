//! The containers of a deployment that write logs, and where each stands: slice and worker. Pure.

mod error;

use std::fmt;

use clap::ValueEnum;
use serde_json::Value;

use crate::scaffold::{JOB_INDEX_LABEL, JOBSET_NAME_LABEL};
use crate::servers::Role;

pub(crate) use error::ServerError;

/// The label that carries the name of a deployment.
const INSTANCE: &str = "app.kubernetes.io/instance";
/// The Job controller's label: worker 0 is a slice's primary.
const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// A container of a Sax server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its Pod.
    pub(crate) pod: String,
    /// Its Pod's UID, and how often the container was restarted: another number is another log.
    pub(crate) incarnation: (String, u64),
    /// Its name.
    pub(crate) container: String,
    /// What it is for.
    pub(crate) role: Role,
    /// Which slice of the deployment; `None` for what has no slice.
    pub(crate) slice: Option<u32>,
    /// Which host of the slice.
    pub(crate) worker: Option<u32>,
    /// Does it run, so that it can be asked for something?
    pub(crate) runs: bool,
    /// The bucket that an admin server was told.
    pub(crate) bucket: Option<String>,
}

/// Which of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Only this component.
    pub(crate) component: Option<Component>,
    /// Only these slices; all where none is named.
    pub(crate) slices: Vec<u32>,
    /// Only these workers; all where none is named.
    pub(crate) workers: Vec<u32>,
    /// Only the model servers that answer for their slice.
    pub(crate) primary: bool,
}

/// A part of a deployment, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Component {
    /// The HTTP server
    Http,
    /// The admin server
    Admin,
    /// The model servers
    Model,
}

impl Source {
    /// The Sax servers of a deployment among the Pods of its namespace, in order: admin, HTTP,
    /// model servers by slice and worker. What was written by hand is called as its JobSet or
    /// Deployment; admin and HTTP server without our labels belong to whatever JobSet is there.
    pub(crate) fn all(pods: &[Value], name: &str) -> Vec<Self> {
        let is_jobset =
            |pod: &Value| instance(pod).is_none() && label(pod, JOBSET_NAME_LABEL) == Some(name);
        let by_hand = pods.iter().any(is_jobset);
        let belongs = |pod: &&Value| match instance(pod) {
            Some(instance) => instance == name,
            None => {
                is_jobset(pod)
                    || is_of(pod, name)
                    || (by_hand && label(pod, JOBSET_NAME_LABEL).is_none())
            }
        };
        let mut found: Vec<_> = pods.iter().filter(belongs).flat_map(of_pod).collect();
        found.sort_by_key(|source| (source.role, source.slice, source.worker, source.pod.clone()));
        found
    }

    /// Is it one of those that are wanted?
    pub(crate) fn is_in(&self, selection: &Selection) -> bool {
        let wanted =
            |all: &[u32], of: Option<u32>| all.is_empty() || of.is_some_and(|of| all.contains(&of));
        let component = selection
            .component
            .is_none_or(|component| component.role() == self.role);
        let primary = !selection.primary || self.is_primary();
        component
            && primary
            && wanted(&selection.slices, self.slice)
            && wanted(&selection.workers, self.worker)
    }

    /// Does it answer for its slice?
    pub(crate) fn is_primary(&self) -> bool {
        self.role == Role::Model && self.worker.unwrap_or(0) == 0
    }
}

impl Component {
    /// The role behind the word.
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Http => Role::Http,
            Self::Admin => Role::Admin,
            Self::Model => Role::Model,
        }
    }
}

/// `slice-0/worker-3`, `admin`, `http`
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.slice, self.worker) {
            (Some(slice), Some(worker)) => write!(f, "slice-{slice}/worker-{worker}"),
            _ => f.write_str(self.role.word()),
        }
    }
}

fn of_pod(pod: &Value) -> Vec<Source> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let source = |container: &Value| {
        let name = container["name"].as_str()?;
        Some(Source {
            pod: text(pod, "/metadata/name").to_owned(),
            incarnation: (text(pod, "/metadata/uid").to_owned(), restarts(pod, name)),
            container: name.to_owned(),
            role: Role::of(container)?,
            slice: number(pod, JOB_INDEX_LABEL),
            worker: number(pod, COMPLETION_INDEX),
            runs: text(pod, "/status/phase") == "Running"
                && pod.pointer("/metadata/deletionTimestamp").is_none(),
            bucket: variable(container, crate::scaffold::BUCKET_VARIABLE),
        })
    };
    containers
        .into_iter()
        .flatten()
        .filter_map(source)
        .collect()
}

fn restarts(pod: &Value, container: &str) -> u64 {
    let statuses = pod
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    let mut statuses = statuses.into_iter().flatten();
    let status = statuses.find(|status| status["name"] == container);
    status
        .and_then(|status| status["restartCount"].as_u64())
        .unwrap_or(0)
}

fn variable(container: &Value, name: &str) -> Option<String> {
    let mut variables = container["env"].as_array().into_iter().flatten();
    // The last one counts, as for the kubelet.
    let last = variables.rfind(|variable| variable["name"] == name)?;
    last["value"].as_str().map(str::to_owned)
}

/// Is the Pod one of a Deployment of this name?
fn is_of(pod: &Value, name: &str) -> bool {
    let owner = text(pod, "/metadata/ownerReferences/0/name");
    owner
        .rsplit_once('-')
        .is_some_and(|(front, _)| front == name)
        || owner == name
}

fn instance(pod: &Value) -> Option<&str> {
    label(pod, INSTANCE)
}

fn number(pod: &Value, key: &str) -> Option<u32> {
    label(pod, key)?.parse().ok()
}

fn label<'a>(pod: &'a Value, key: &str) -> Option<&'a str> {
    pod.pointer("/metadata/labels")?.get(key)?.as_str()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Component, Selection, Source};

    fn pod(name: &str, image: &str, labels: Value) -> Value {
        json!({"metadata": {"name": name, "uid": name, "labels": labels,
            "ownerReferences": [{"name": name.rsplit_once('-').map_or(name, |(front, _)| front)}]},
            "spec": {"containers": [{"name": "c", "image": image}, {"name": "sidecar", "image": "proxy"}]},
            "status": {"phase": "Running"}})
    }

    fn model(jobset: &str, slice: u32, worker: u32, instance: Option<&str>) -> Value {
        let name = format!("{jobset}-{slice}-{worker}");
        pod(
            &name,
            "r/sax-model-server:v1.1.0",
            json!({"jobset.sigs.k8s.io/jobset-name": jobset,
            "jobset.sigs.k8s.io/job-index": slice.to_string(),
            "batch.kubernetes.io/job-completion-index": worker.to_string(),
            "app.kubernetes.io/instance": instance}),
        )
    }

    fn labels(sources: &[Source]) -> Vec<String> {
        sources.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn servers_are_in_order_and_sidecars_are_none() {
        let sax = |name: &str, image: &str| {
            pod(name, image, json!({"app.kubernetes.io/instance": "sax"}))
        };
        let pods = [
            model("set", 1, 0, Some("sax")),
            model("set", 0, 10, Some("sax")),
            model("set", 0, 2, Some("sax")),
            sax("h-1", "r/sax-http:v1.0.0"),
            sax("a-1", "r/sax-admin-server:v1.1.0"),
            model("other", 0, 0, Some("more")),
        ];
        let found = Source::all(&pods, "sax");
        assert_eq!(
            labels(&found),
            [
                "admin",
                "http",
                "slice-0/worker-2",
                "slice-0/worker-10",
                "slice-1/worker-0"
            ]
        );
        assert!(Source::all(&pods, "set").is_empty());
    }

    #[test]
    fn what_was_written_by_hand_is_called_as_its_jobset_or_deployment() {
        let pods = [
            model("set", 0, 0, None),
            model("set", 0, 1, None),
            model("else", 0, 0, None),
            pod(
                "sax-admin-server-5d9-x",
                "r/sax-admin-server:v1.1.0",
                json!({}),
            ),
        ];
        assert_eq!(
            labels(&Source::all(&pods, "set")),
            ["admin", "slice-0/worker-0", "slice-0/worker-1"]
        );
        assert_eq!(labels(&Source::all(&pods, "sax-admin-server")), ["admin"]);
    }

    #[test]
    fn a_selection_keeps_what_it_names() {
        let pods = [
            model("set", 0, 0, None),
            model("set", 0, 1, None),
            model("set", 1, 0, None),
            pod("a-1-x", "r/sax-admin-server:v1.1.0", json!({})),
        ];
        let all = Source::all(&pods, "set");
        let of = |selection: Selection| {
            let found: Vec<_> = all
                .iter()
                .filter(|source| source.is_in(&selection))
                .cloned()
                .collect();
            labels(&found)
        };
        let none = Selection::default;
        assert_eq!(of(none()).len(), 4);
        assert_eq!(
            of(Selection {
                primary: true,
                ..none()
            }),
            ["slice-0/worker-0", "slice-1/worker-0"]
        );
        assert_eq!(
            of(Selection {
                slices: vec![0],
                workers: vec![1],
                ..none()
            }),
            ["slice-0/worker-1"]
        );
        assert_eq!(
            of(Selection {
                component: Some(Component::Admin),
                ..none()
            }),
            ["admin"]
        );
        assert_eq!(
            of(Selection {
                component: Some(Component::Admin),
                slices: vec![0],
                ..none()
            })
            .len(),
            0
        );
    }
}
