//! Which container is what: admin server, model server or HTTP server.

use sdk::Node;
use workload::{Container, PodGroup, Workload};

use crate::command_line::{self, CommandLine, Setting};
use crate::images::Image;

/// What a Sax container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Keeps the cell: which models are published, which servers have them.
    Admin,
    /// Serves models on a slice.
    ModelServer,
    /// Speaks HTTP to users and gRPC to the cell.
    Http,
}

/// A Sax container in its Pod template.
#[derive(Debug)]
pub(crate) struct Component<'a> {
    pub(crate) role: Role,
    pub(crate) group: PodGroup<'a>,
    pub(crate) container: Container<'a>,
    pub(crate) image: Image<'a>,
    line: CommandLine<'a>,
}

/// Programs that only talk to an admin server or write its files, then end.
const TOOLS: [&str; 2] = ["saxutil", "admin_config"];

impl<'a> Component<'a> {
    /// The Sax containers of a workload, in the order of the document.
    pub(crate) fn all(workload: &Workload<'a>) -> Vec<Self> {
        let of_group = |group: &PodGroup<'a>| {
            let containers = group.containers();
            let sax = containers
                .into_iter()
                .filter_map(|container| Self::read(group, container));
            sax.collect::<Vec<_>>()
        };
        workload.groups.iter().flat_map(of_group).collect()
    }

    fn read(group: &PodGroup<'a>, container: Container<'a>) -> Option<Self> {
        // An init container ends before a cell is needed.
        if container.init {
            return None;
        }
        let line = CommandLine::of(&container);
        let image = Image::parse(container.image());
        let role = role_of(&container, &line, &image)?;
        Some(Self {
            role,
            group: group.clone(),
            container,
            image,
            line,
        })
    }

    /// A flag of the server.
    pub(crate) fn flag(&self, name: &str) -> Option<Setting> {
        self.line.flag(name, &self.container)
    }

    /// A variable that is not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<Setting> {
        command_line::variable(&self.container, name)
    }

    /// Whether variables can come from a ConfigMap or Secret that isn't seen here.
    pub(crate) fn has_foreign_variables(&self) -> bool {
        command_line::has_foreign_variables(&self.container)
    }

    /// Whether flags can come from a script that isn't seen here.
    pub(crate) fn has_foreign_flags(&self) -> bool {
        self.line.is_scripted()
    }

    /// Where flags stand, or would stand.
    pub(crate) fn arguments(&self) -> Node<'a> {
        self.container.node.at("args")
    }

    /// Where variables stand, or would stand.
    pub(crate) fn variables(&self) -> Node<'a> {
        self.container.node.at("env")
    }
}

/// The role by what runs, else by the image, else by what only an admin server is given.
fn role_of(container: &Container<'_>, line: &CommandLine<'_>, image: &Image<'_>) -> Option<Role> {
    if line.runs("admin_server") || line.runs("admin_server_entrypoint.sh") {
        return Some(Role::Admin);
    }
    if TOOLS.iter().any(|tool| line.runs(tool)) {
        return None;
    }
    let is_own_command = !container.node.at("command").is_present();
    if is_own_command && image.name.contains("sax-admin-server") {
        return Some(Role::Admin);
    }
    if line.has_flag("sax_cell") || (line.has_flag("platform_chip") && line.has_flag("port")) {
        return Some(Role::ModelServer);
    }
    if is_own_command && image.name.contains("sax-model-server") {
        return Some(Role::ModelServer);
    }
    if image.name.contains("sax-http") {
        return Some(Role::Http);
    }
    let is_named_sax = names_sax(image.name) || names_sax(container.name());
    (container.env("GSBUCKET").is_some() && is_named_sax).then_some(Role::Admin)
}

/// Whether one of the words of a name is `sax` or `saxml`: `sax-http`, not `saxophone`.
pub(crate) fn names_sax(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("sax") || word.eq_ignore_ascii_case("saxml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn role(container: serde_json::Value) -> Option<Role> {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}});
        let pod = sdk::Document::from(&pod);
        let workload = Workload::of_object(&pod).expect("a Pod is a workload");
        Component::all(&workload)
            .first()
            .map(|component| component.role)
    }

    #[test]
    fn images_say_what_runs() {
        let of_image = |name: &str| role(json!({"image": format!("r/{name}:v1.1.0")}));
        assert_eq!(of_image("sax-admin-server"), Some(Role::Admin));
        assert_eq!(of_image("sax-model-server"), Some(Role::ModelServer));
        assert_eq!(of_image("sax-http"), Some(Role::Http));
        assert_eq!(of_image("sax-util"), None);
    }

    #[test]
    fn flags_and_programs_say_what_runs_in_any_image() {
        assert_eq!(
            role(json!({"image": "mine", "args": ["--sax_cell=/sax/a"]})),
            Some(Role::ModelServer)
        );
        assert_eq!(
            role(json!({"image": "mine", "args": ["--platform_chip=cpu", "--port=1"]})),
            Some(Role::ModelServer)
        );
        assert_eq!(
            role(json!({"image": "mine", "command": ["admin_server", "--sax_cell=/sax/a"]})),
            Some(Role::Admin)
        );
    }

    #[test]
    fn tools_in_sax_images_are_no_servers() {
        let saxutil =
            json!({"image": "r/sax-admin-server:v1.1.0", "command": ["saxutil", "ls", "/sax"]});
        assert_eq!(role(saxutil), None);
        let config = json!({"image": "mine", "command": ["admin_config", "--sax_cell=/sax/a"]});
        assert_eq!(role(config), None);
    }

    #[test]
    fn other_containers_are_none_of_our_business() {
        for container in [
            json!({"image": "nginx:1.27"}),
            json!({"image": "backup:1", "env": [{"name": "GSBUCKET", "value": "gs://b"}]}),
            json!({"image": "web", "args": ["--port=8080"]}),
            json!({}),
        ] {
            assert_eq!(role(container.clone()), None, "{container}");
        }
    }

    #[test]
    fn saxophones_are_not_sax() {
        assert!(names_sax("saxml-admin") && names_sax("my_sax"));
        assert!(!names_sax("saxophone-shop"));
    }
}
