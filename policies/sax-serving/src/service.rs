//! Services before Sax: who reaches them, and what they reach.

use sdk::{Cluster, Node, Review, Verdict};
use tpu::sax::{ADMIN_PORT, HTTP_PORT, MODEL_SERVER_PORT};
use workload::{PodGroup, Workload, WorkloadKind};

use crate::component::{Component, Role, names_sax};
use crate::excerpt::{listed, shortened};
use crate::members;

/// Annotations that keep a load balancer inside the network, with the value `Internal`. Source:
/// GKE's documentation; the second is the old name.
const INTERNAL: [&str; 2] = [
    "networking.gke.io/load-balancer-type",
    "cloud.google.com/load-balancer-type",
];
/// Beginnings of labels that controllers give to Pods: they stand in no template.
const GENERATED: [&str; 6] = [
    "jobset.sigs.k8s.io/",
    "batch.kubernetes.io/",
    "apps.kubernetes.io/",
    "statefulset.kubernetes.io/",
    "leaderworkerset.sigs.k8s.io/",
    "job-name",
];
/// Workloads that a message names.
const NAMED: usize = 3;

/// SAX020 and SAX021.
pub(crate) fn check(review: &Review, cluster: &impl Cluster, verdict: &mut Verdict) {
    let service = review.object();
    let spec = service.at("spec");
    let selector = selector_of(&spec);
    if selector.is_empty() {
        return;
    }
    let selects_by_name = selector
        .iter()
        .any(|(key, value)| names_sax(key) || names_sax(value));
    let ports = sax_ports(&spec);
    if !selects_by_name && ports.is_empty() {
        return;
    }
    let objects = members::neighbours(review, cluster).unwrap_or_default();
    let workloads: Vec<Workload<'_>> = objects.iter().filter_map(Workload::of_object).collect();
    let selected = Selected::of(&workloads, &selector);
    // Others use these ports too: where the Pods are seen, they decide.
    let is_sax = selects_by_name || selected.sax > 0 || selected.all == 0;
    if is_sax && is_public(&service, &spec) {
        warn_public(&spec, &ports, verdict);
    }
    let is_expected = selects_by_name || selected.sax_in_sight;
    if selected.all == 0 && is_expected && !workloads.is_empty() {
        warn_no_pods(&spec, &selector, &workloads, verdict);
    }
}

/// How many Pod templates a selector matches.
#[derive(Default)]
struct Selected {
    all: usize,
    sax: usize,
    /// Whether there is Sax in the namespace at all.
    sax_in_sight: bool,
}

impl Selected {
    fn of(workloads: &[Workload<'_>], selector: &[(&str, &str)]) -> Self {
        let mut selected = Self::default();
        for workload in workloads {
            let is_sax = !Component::all(workload).is_empty();
            selected.sax_in_sight |= is_sax;
            let matching = workload.groups.iter();
            let matching = matching.filter(|group| matches(selector, workload, group));
            let count = matching.count();
            selected.all += count;
            selected.sax += if is_sax { count } else { 0 };
        }
        selected
    }
}

fn selector_of<'a>(spec: &Node<'a>) -> Vec<(&'a str, &'a str)> {
    let entries = spec.at("selector").entries().into_iter();
    entries
        .filter_map(|(key, value)| Some((key, value.text()?)))
        .collect()
}

fn matches(selector: &[(&str, &str)], workload: &Workload<'_>, group: &PodGroup<'_>) -> bool {
    let labels = group.metadata.at("labels");
    let name = workload.root.at("metadata").at("name").text();
    selector.iter().all(|(key, value)| match *key {
        "jobset.sigs.k8s.io/jobset-name" => {
            workload.kind == WorkloadKind::JobSet && name == Some(value)
        }
        "jobset.sigs.k8s.io/replicatedjob-name" => group.name == Some(value),
        key if GENERATED.iter().any(|generated| key.starts_with(generated)) => true,
        key => labels.at(key).text() == Some(value),
    })
}

/// The Service's ports that are Sax's, by number, as the user reaches them.
fn sax_ports(spec: &Node<'_>) -> Vec<String> {
    let is_sax = |number: i64| {
        [HTTP_PORT, ADMIN_PORT, MODEL_SERVER_PORT]
            .iter()
            .any(|port| i64::from(*port) == number)
    };
    let number = |node: Node<'_>| node.value()?.as_i64();
    let ports = spec.at("ports").elements().into_iter().filter(|port| {
        [number(port.at("port")), number(port.at("targetPort"))]
            .into_iter()
            .flatten()
            .any(is_sax)
    });
    ports
        .filter_map(|port| Some(port.at("port").integer()?.to_string()))
        .collect()
}

fn is_public(service: &Node<'_>, spec: &Node<'_>) -> bool {
    if spec.at("type").text() != Some("LoadBalancer") {
        return false;
    }
    let annotations = service.at("metadata").at("annotations");
    let is_internal = INTERNAL.iter().any(|key| {
        let value = annotations.at(key).text();
        value.is_some_and(|value| value.eq_ignore_ascii_case("Internal"))
    });
    let class = spec.at("loadBalancerClass").text();
    let has_internal_class = class.is_some_and(|class| class.contains("internal"));
    !is_internal && !has_internal_class && !has_closed_sources(spec)
}

/// Whether only some addresses may come in.
fn has_closed_sources(spec: &Node<'_>) -> bool {
    let ranges = spec.at("loadBalancerSourceRanges").elements();
    !ranges.is_empty()
        && ranges
            .iter()
            .all(|range| range.text().is_some_and(|range| !range.ends_with("/0")))
}

fn warn_public(spec: &Node<'_>, ports: &[String], verdict: &mut Verdict) {
    let ports = match ports {
        [] => String::new(),
        ports => format!(" on port {}", listed(ports, NAMED)),
    };
    verdict.warn(
        "SAX020",
        spec.at("type").path(),
        format!(
            "found a public LoadBalancer{ports}, expected an internal one: whoever reaches it can \
             publish and unpublish models without authentication"
        ),
        "add the annotation networking.gke.io/load-balancer-type: Internal",
    );
}

fn warn_no_pods(
    spec: &Node<'_>,
    selector: &[(&str, &str)],
    workloads: &[Workload<'_>],
    verdict: &mut Verdict,
) {
    let shown = |(key, value): &(&str, &str)| format!("{key}={value}");
    let selector: Vec<String> = selector.iter().map(shown).collect();
    let titles: Vec<String> = workloads.iter().map(members::title).collect();
    verdict.warn(
        "SAX021",
        spec.at("selector").path(),
        format!(
            "found the selector {}, expected labels of Pods: none of the {} workloads here has \
             them ({}), so the Service has 0 endpoints",
            shortened(&selector.join(",")),
            workloads.len(),
            listed(&titles, NAMED),
        ),
        fix_for(workloads),
    );
}

/// The labels of the HTTP server, or of whatever Sax there is.
fn fix_for(workloads: &[Workload<'_>]) -> String {
    let mut candidates: Vec<Component<'_>> = workloads.iter().flat_map(Component::all).collect();
    candidates.sort_by_key(|component| component.role != Role::Http);
    let labels = candidates.iter().find_map(|component| {
        let labels = component.group.metadata.at("labels").entries();
        let (key, value) = labels.into_iter().next()?;
        Some(format!("{key}: {}", value.text()?))
    });
    match labels {
        Some(labels) => format!("select Pods by their own labels, such as {labels}"),
        None => "select Pods by the labels of their template".to_owned(),
    }
}
