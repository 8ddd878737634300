//! What a Pod is of Saxml, by what its container is and is told.

use k8s_openapi::api::core::v1::{Container, Pod};

use crate::script::Server;

/// What runs in a Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The admin server, with its bucket's folder.
    Admin {
        /// `SAX_ROOT`, given or made of `GSBUCKET`.
        root: Option<String>,
    },
    /// The HTTP server.
    Http,
    /// One host of a slice.
    Host(Host),
}

/// One host of a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// The Job whose Pods are the slice.
    pub(super) job: String,
    /// The slice's number.
    pub(super) slice: usize,
    /// The host's number in it; 0 is the primary.
    pub(super) worker: u32,
    pub(super) root: Option<String>,
    pub(super) port: u16,
    /// What the slice is as a model server.
    pub(super) flags: Server,
}

impl Part {
    /// `None` for Pods that are none of Saxml's.
    pub(super) fn of(pod: &Pod) -> Option<Self> {
        let containers = &pod.spec.as_ref()?.containers;
        let find = |image: &str| {
            let of = |container: &&Container| {
                let known = container.image.as_deref();
                known.is_some_and(|known| known.contains(image))
            };
            containers.iter().find(of)
        };
        if let Some(container) = find("sax-admin-server") {
            let bucket =
                || variable(container, "GSBUCKET").map(|bucket| format!("gs://{bucket}/sax-root"));
            let root = variable(container, "SAX_ROOT").or_else(bucket);
            return Some(Self::Admin { root });
        }
        if find("sax-http").is_some() {
            return Some(Self::Http);
        }
        find("sax-model-server").map(|container| Self::Host(host(pod, container)))
    }
}

fn host(pod: &Pod, container: &Container) -> Host {
    let label = |name: &str| {
        let labels = pod.metadata.labels.as_ref()?;
        labels.get(name).cloned()
    };
    let number = |name: &str| label(name).and_then(|text| text.parse().ok());
    let name = pod.metadata.name.clone().unwrap_or_default();
    let chips = chips(container);
    let devices = topology(pod).filter(|_| chips.is_some()).unwrap_or(1);
    let default = Server::default();
    Host {
        job: label("batch.kubernetes.io/job-name").unwrap_or(name),
        slice: number("jobset.sigs.k8s.io/job-index").unwrap_or(0),
        worker: number("batch.kubernetes.io/job-completion-index")
            .and_then(|index| u32::try_from(index).ok())
            .unwrap_or(0),
        root: variable(container, "SAX_ROOT"),
        port: flag(container, "port")
            .and_then(|port| port.parse().ok())
            .unwrap_or(tpu::sax::MODEL_SERVER_PORT),
        flags: Server {
            chip: flag(container, "platform_chip").unwrap_or(default.chip),
            topology: flag(container, "platform_topology").unwrap_or(default.topology),
            devices,
            processes: devices.div_ceil(chips.unwrap_or(1).max(1)),
            cell: flag(container, "sax_cell"),
        },
    }
}

fn variable(container: &Container, name: &str) -> Option<String> {
    let variables = container.env.iter().flatten();
    // The last one counts, as for the kubelet.
    let found = variables.rev().find(|variable| variable.name == name)?;
    found.value.clone().filter(|value| !value.is_empty())
}

/// Of `--name=value`; the last one counts.
fn flag(container: &Container, name: &str) -> Option<String> {
    let words = container.command.iter().chain(&container.args).flatten();
    let mut value = None;
    for word in words {
        let of_name = word.trim_start_matches('-').split_once('=');
        if let Some((_, found)) = of_name.filter(|(known, _)| *known == name) {
            value = Some(found.to_owned());
        }
    }
    value
}

fn chips(container: &Container) -> Option<u32> {
    let resources = container.resources.as_ref()?;
    let amounts = resources.limits.as_ref().or(resources.requests.as_ref())?;
    amounts.get(tpu::keys::CHIP_RESOURCE)?.0.parse().ok()
}

/// How many chips the slice has, by its Pods' own selector.
fn topology(pod: &Pod) -> Option<u32> {
    let selector = pod.spec.as_ref()?.node_selector.as_ref()?;
    let text = selector.get(tpu::keys::TOPOLOGY_LABEL)?;
    text.split('x')
        .map(|side| side.parse::<u32>().ok())
        .product()
}

#[cfg(test)]
mod tests {
    use super::{Host, Part};
    use crate::script::Server;
    use k8s_openapi::api::core::v1::Pod;
    use serde_json::{Value, json};

    fn pod(container: &Value, metadata: &Value, spec: Value) -> Option<Part> {
        let mut spec = spec;
        spec["containers"] = json!([container]);
        let pod = json!({"metadata": metadata, "spec": spec});
        Part::of(&serde_json::from_value::<Pod>(pod).expect("must be a Pod"))
    }

    #[test]
    fn a_tutorials_host_is_what_its_flags_labels_and_selector_say() {
        let container = json!({
            "name": "c",
            "image": "us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server:v1.1.0",
            "args": ["--port=10001", "--sax_cell=/sax/test", "--platform_chip=tpuv5e"],
            "env": [{"name": "SAX_ROOT", "value": "gs://b/sax-root"}],
            "resources": {"limits": {"google.com/tpu": "4"}},
        });
        let metadata = json!({"name": "p", "labels": {
            "batch.kubernetes.io/job-name": "set-1",
            "jobset.sigs.k8s.io/job-index": "1",
            "batch.kubernetes.io/job-completion-index": "3",
        }});
        let spec = json!({"nodeSelector": {"cloud.google.com/gke-tpu-topology": "4x8"}});
        let expected = Host {
            job: "set-1".to_owned(),
            slice: 1,
            worker: 3,
            root: Some("gs://b/sax-root".to_owned()),
            port: 10_001,
            flags: Server {
                chip: "tpuv5e".to_owned(),
                topology: "1".to_owned(),
                devices: 32,
                processes: 8,
                cell: Some("/sax/test".to_owned()),
            },
        };
        assert_eq!(pod(&container, &metadata, spec), Some(Part::Host(expected)));
    }

    #[test]
    fn an_admin_servers_root_is_made_of_its_bucket_or_given() {
        let metadata = json!({"name": "p"});
        for (variables, root) in [
            (
                json!([{"name": "GSBUCKET", "value": "b"}]),
                Some("gs://b/sax-root"),
            ),
            (
                json!([{"name": "SAX_ROOT", "value": "/data"}]),
                Some("/data"),
            ),
            (json!([]), None),
        ] {
            let container =
                json!({"name": "c", "image": "x/sax-admin-server:v1.1.0", "env": variables});
            let expected = Part::Admin {
                root: root.map(str::to_owned),
            };
            assert_eq!(pod(&container, &metadata, json!({})), Some(expected));
        }
    }

    #[test]
    fn other_pods_are_no_part_of_saxml() {
        let container = json!({"name": "c", "image": "nginx"});
        assert_eq!(pod(&container, &json!({"name": "p"}), json!({})), None);
    }
}
