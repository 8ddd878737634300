//! Ports of the node: TPU017, TPU018.

use sdk::{Node, Verdict};

use crate::group::{Group, quoted};

/// A port of the node that a container takes.
struct HostPort<'a> {
    number: i64,
    protocol: &'a str,
    /// Empty where the container listens on all addresses.
    address: &'a str,
    container: &'a str,
}

/// Checks the ports of the containers that run at the same time.
pub(crate) fn check(group: &Group<'_, '_>, verdict: &mut Verdict) {
    let on_host = group.pods.host_network();
    let mut taken: Vec<HostPort<'_>> = Vec::new();
    for container in &group.containers {
        let is_sidecar = || container.node.at("restartPolicy").text() == Some("Always");
        if container.init && !is_sidecar() {
            continue;
        }
        for port in container.ports() {
            if on_host {
                check_pair(&port, verdict);
            }
            let Some(host_port) = HostPort::read(&port, container.name(), on_host) else {
                continue;
            };
            match taken.iter().find(|other| other.collides(&host_port)) {
                Some(other) => report_twice(&port, &host_port, other, verdict),
                None => taken.push(host_port),
            }
        }
    }
}

impl<'a> HostPort<'a> {
    /// Under hostNetwork a container port is a port of the node.
    fn read(port: &Node<'a>, container: &'a str, on_host: bool) -> Option<Self> {
        let explicit = port.at("hostPort").integer().filter(|number| *number != 0);
        let own = || port.at("containerPort").integer().filter(|_| on_host);
        Some(Self {
            number: explicit.or_else(own)?,
            protocol: port.at("protocol").text().unwrap_or("TCP"),
            address: port.at("hostIP").text().unwrap_or_default(),
            container,
        })
    }

    fn collides(&self, other: &Self) -> bool {
        self.number == other.number
            && self.protocol == other.protocol
            && self.address == other.address
    }
}

/// The API refuses another host port under hostNetwork; inside a JobSet nobody looks until the
/// Job is made.
fn check_pair(port: &Node<'_>, verdict: &mut Verdict) {
    let host = port.at("hostPort");
    let (Some(found), Some(expected)) = (
        host.integer().filter(|number| *number != 0),
        port.at("containerPort").integer(),
    ) else {
        return;
    };
    if found != expected {
        let message = format!(
            "found {found}, expected {expected}, the containerPort: under hostNetwork they are one"
        );
        let fix = format!("set hostPort to {expected}, or remove it");
        verdict.deny("TPU018", host.path(), message, fix);
    }
}

fn report_twice(
    port: &Node<'_>,
    twice: &HostPort<'_>,
    first: &HostPort<'_>,
    verdict: &mut Verdict,
) {
    let HostPort {
        number, protocol, ..
    } = twice;
    let message = format!(
        "found port {number}/{protocol} of the node in the containers {} and {}, expected it \
         once: the second can't listen",
        quoted(first.container),
        quoted(twice.container)
    );
    let fix = format!(
        "give the container {} another port",
        quoted(twice.container)
    );
    verdict.deny("TPU017", port.at("containerPort").path(), message, fix);
}
