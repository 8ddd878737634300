//! Sax servers in stored objects: which container is what. What they should look like is the
//! policies' to say; this only finds them.

use serde_json::Value;

use crate::scaffold::Object;

/// What a Sax server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Keeps the cell.
    Admin,
    /// Speaks HTTP to users.
    Http,
    /// Serves models.
    Model,
}

/// What the images are called, without registry and tag.
const IMAGES: [(&str, Role); 3] = [
    ("sax-admin-server", Role::Admin),
    ("sax-http", Role::Http),
    ("sax-model-server", Role::Model),
];

/// A container of a Pod template that is a Sax server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// What it is for.
    pub(crate) role: Role,
    /// Its image.
    pub(crate) image: String,
    /// The service account of its Pods; `default` where none is named.
    pub(crate) account: String,
    /// Do its Pods use their node's network?
    pub(crate) host_network: bool,
    /// The labels of its Pods.
    labels: Value,
}

/// Where workloads keep their Pod templates.
const TEMPLATES: [&str; 3] = [
    "/spec/template",
    "/spec/leaderWorkerTemplate/leaderTemplate",
    "/spec/leaderWorkerTemplate/workerTemplate",
];

impl Role {
    /// The role of a container, by its image or by what only a model server is given.
    pub(crate) fn of(container: &Value) -> Option<Self> {
        let image = container["image"].as_str().unwrap_or_default();
        let arguments = container["args"].as_array().into_iter().flatten();
        let mut arguments = arguments.filter_map(Value::as_str);
        Self::of_image(image).or_else(|| {
            arguments
                .any(|word| word.starts_with("--sax_cell"))
                .then_some(Self::Model)
        })
    }

    /// The role of an image, by the last part of its name: one of [`IMAGES`], or one with more behind
    /// a dash, as in `sax-http-patched`.
    pub(crate) fn of_image(image: &str) -> Option<Self> {
        let name = image.rsplit('/').next().unwrap_or_default();
        let name = name.split([':', '@']).next().unwrap_or_default();
        let is_it = |known: &str| {
            let rest = name.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let mut images = IMAGES.into_iter();
        images.find(|(known, _)| is_it(known)).map(|(_, role)| role)
    }

    /// The word for it on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Http => "http",
            Self::Model => "model",
        }
    }
}

impl Server {
    /// The Sax servers of an object.
    pub(crate) fn all(object: &Object) -> Vec<Self> {
        templates(&object.value)
            .into_iter()
            .flat_map(of_template)
            .collect()
    }

    /// Would this Service send its Pods what it gets?
    pub(crate) fn is_selected_by(&self, service: &Object) -> bool {
        let selector = service.value.pointer("/spec/selector");
        let selector = selector.and_then(Value::as_object);
        selector.is_some_and(|selector| {
            let mut terms = selector.iter();
            !selector.is_empty() && terms.all(|(key, value)| self.labels.get(key) == Some(value))
        })
    }
}

/// The Pod templates of a workload.
pub(crate) fn templates(object: &Value) -> Vec<&Value> {
    let jobs = object
        .pointer("/spec/replicatedJobs")
        .and_then(Value::as_array);
    let jobs = jobs.into_iter().flatten();
    let of_jobs = jobs.filter_map(|job| job.pointer("/template/spec/template"));
    let own = TEMPLATES
        .iter()
        .filter_map(|pointer| object.pointer(pointer));
    own.chain(of_jobs).collect()
}

fn of_template(template: &Value) -> Vec<Server> {
    let spec = &template["spec"];
    let containers = spec["containers"].as_array().into_iter().flatten();
    let server = |container: &Value| {
        Some(Server {
            role: Role::of(container)?,
            image: container["image"].as_str().unwrap_or_default().to_owned(),
            account: spec["serviceAccountName"]
                .as_str()
                .unwrap_or("default")
                .to_owned(),
            host_network: spec["hostNetwork"] == true,
            labels: template["metadata"]["labels"].clone(),
        })
    };
    containers.filter_map(server).collect()
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn an_image_is_saxmls_by_the_last_part_of_its_name_whatever_registry_and_tag() {
        for (image, role) in [
            ("sax-http", Some(Role::Http)),
            (
                "localhost:5000/a/sax-admin-server:v1.1.0",
                Some(Role::Admin),
            ),
            ("r/sax-model-server@sha256:0f", Some(Role::Model)),
            ("r/sax-http-patched:1", Some(Role::Http)),
            ("r/sax-httpd:1", None),
            ("sax-http/proxy:1", None),
            ("r/sax-util:v1.1.0", None),
            ("r/my-sax-http", None),
            ("", None),
        ] {
            assert_eq!(Role::of_image(image), role, "{image}");
        }
    }
}
