//! The Sax components of a namespace, as far as the policy may read them.

use sdk::{Cluster, Document, ReadError, Review};
use workload::Workload;

use crate::cell;
use crate::command_line::Setting;
use crate::component::{Component, Role};
use crate::storage;

/// The kinds that Sax's parts come as.
pub(crate) const KINDS: [(&str, &str); 3] = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("jobset.x-k8s.io/v1alpha2", "JobSet"),
];

/// One component, with what it has to have in common with others.
#[derive(Debug)]
pub(crate) struct Member {
    /// Such as `Deployment sax-admin-server`.
    pub(crate) owner: String,
    pub(crate) role: Role,
    pub(crate) root: Option<Setting>,
    pub(crate) cell: Option<Setting>,
    /// The tag, where it is a version.
    pub(crate) version: Option<(u32, u32, u32)>,
    /// Where the image stands.
    pub(crate) image_path: String,
}

impl Member {
    /// The components of a workload that share a cell with others. A model server with an admin
    /// of its own (`--admin_port`) is a cell alone.
    pub(crate) fn of(owner: &str, components: &[Component<'_>]) -> Vec<Self> {
        let in_cell = components
            .iter()
            .filter(|component| component.flag("admin_port").is_none());
        in_cell
            .map(|component| Self::read(owner, component))
            .collect()
    }

    fn read(owner: &str, component: &Component<'_>) -> Self {
        let usable = |setting: Setting| Setting {
            value: setting.value.filter(|root| storage::is_usable(root)),
            ..setting
        };
        Self {
            owner: owner.to_owned(),
            role: component.role,
            root: storage::root_of(component).map(usable),
            cell: cell::cell_of(component).map(|cell| cell.setting),
            version: component.image.version(),
            image_path: component.container.node.at("image").path().to_owned(),
        }
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// The workloads of the review's namespace, without the one under review.
pub(crate) fn neighbours(
    review: &Review,
    cluster: &impl Cluster,
) -> Result<Vec<Document>, ReadError> {
    let Some(namespace) = review.namespace.as_deref() else {
        return Ok(Vec::new());
    };
    let mut objects = Vec::new();
    for (api_version, kind) in KINDS {
        objects.extend(cluster.list(api_version, kind, Some(namespace))?);
    }
    objects.retain(|object| !is_under_review(review, object));
    Ok(objects)
}

/// The members among `objects`.
pub(crate) fn members(objects: &[Document]) -> Vec<Member> {
    let workloads = objects.iter().filter_map(Workload::of_object);
    workloads
        .flat_map(|workload| Member::of(&title(&workload), &Component::all(&workload)))
        .collect()
}

/// Kind and name, as messages call a workload.
pub(crate) fn title(workload: &Workload<'_>) -> String {
    let metadata = workload.root.at("metadata");
    let name = metadata.at("name").text();
    let name = name.or_else(|| metadata.at("generateName").text());
    format!(
        "{} {}",
        workload.kind.name(),
        name.unwrap_or("without a name")
    )
}

fn is_under_review(review: &Review, object: &Document) -> bool {
    let object = object.root();
    object.at("kind").text() == Some(&review.kind.kind)
        && !review.name.is_empty()
        && object.at("metadata").at("name").text() == Some(&review.name)
}
