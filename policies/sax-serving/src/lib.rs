//! Checks that a Saxml deployment can work: cell, root, flags, ports, model, rollout, Services.
//!
//! ```text
//!   workload ─► Component (admin, model server, HTTP server) ─► one file per concern
//!       │            └─► Hardware: the slice that its Pods ask for
//!       └─► members of the same namespace ─► rendezvous: do they find each other?
//!   Service ─► service: who reaches it, and what it reaches
//! ```
//!
//! It never patches. Facts: Saxml's sources and the behaviour of its servers; each module names
//! its own.

mod cell;
mod codes;
mod command_line;
mod component;
mod excerpt;
mod flags;
mod hardware;
mod images;
mod members;
mod model;
mod placeholder;
mod rendezvous;
mod rollout;
mod service;
mod settings;
mod static_models;
mod storage;
#[cfg(test)]
mod tests;

pub use settings::Settings;

use component::{Component, Role};
use hardware::Hardware;
use sdk::{Cluster, Description, MatchRule, Node, Operation, Policy, Review, Verdict};
use workload::Workload;

/// The policy.
pub struct SaxServing;

sdk::export_policy!(SaxServing);

impl Policy for SaxServing {
    type Settings = Settings;

    fn describe() -> Description {
        let description = Description::new(
            "sax-serving",
            env!("CARGO_PKG_VERSION"),
            "Sax cells can meet, their servers can start, and models fit their slices",
        );
        let description = matched(description).settings(settings::SCHEMA);
        let description =
            members::KINDS
                .iter()
                .fold(description, |description, (api_version, kind)| {
                    description.grant(
                        api_version,
                        kind,
                        "compares the roots, cells and versions of a cell's parts",
                    )
                });
        codes::explain(description)
    }

    fn review(review: &Review, settings: &Settings, cluster: &impl Cluster, verdict: &mut Verdict) {
        if is_leaving(&review.object()) {
            return;
        }
        if review.kind.group.is_empty() && review.kind.kind == "Service" {
            return service::check(review, cluster, verdict);
        }
        let Some(workload) = Workload::under_review(review) else {
            return;
        };
        let components = Component::all(&workload);
        check_workload(&workload, &components, settings, verdict);
        if workload::controller(&workload.root).is_some() {
            // A refused Pod would be the silent wait that this policy is there to prevent.
            return verdict.soften(|_| true);
        }
        rendezvous::check(review, &workload, &components, cluster, verdict);
        workload::soften(review, verdict);
        soften_old(review, verdict);
    }
}

fn matched(description: Description) -> Description {
    let rule = |group, resources: &[&'static str]| {
        MatchRule::creates_and_updates([group], resources.iter().copied())
    };
    description
        .matching(rule("", &["pods", "services"]))
        .matching(rule("batch", &["jobs"]))
        .matching(rule("apps", &["deployments", "statefulsets"]))
        .matching(rule("jobset.x-k8s.io", &["jobsets"]))
        .matching(rule("leaderworkerset.x-k8s.io", &["leaderworkersets"]))
}

fn check_workload(
    workload: &Workload<'_>,
    components: &[Component<'_>],
    settings: &Settings,
    verdict: &mut Verdict,
) {
    for component in components {
        placeholder::check(component, verdict);
        storage::check(component, verdict);
        cell::check(component, verdict);
        images::check(component, verdict);
        if component.role == Role::ModelServer {
            check_server(workload, component, settings, verdict);
        }
    }
    if components
        .iter()
        .any(|component| component.role == Role::Admin)
    {
        rollout::check_admin(workload, verdict);
    }
    model::check_annotation(workload, components, verdict);
}

fn check_server(
    workload: &Workload<'_>,
    component: &Component<'_>,
    settings: &Settings,
    verdict: &mut Verdict,
) {
    let hardware = Hardware::of(workload, &component.group);
    flags::check_port(component, verdict);
    flags::check_chip(component, &hardware, verdict);
    flags::check_topology(component, &hardware, verdict);
    static_models::check(component, &hardware, verdict);
    rollout::check_strategy(workload, component, &hardware, verdict);
    rollout::check_probes(component, settings, verdict);
    rollout::check_identity(component, verdict);
}

/// Whether the object is only waiting for its finalizers.
fn is_leaving(object: &Node<'_>) -> bool {
    object.at("metadata").at("deletionTimestamp").is_present()
}

/// What was wrong before is no reason to refuse a change of something else: a label, or what a
/// controller notes on its object. Nor is an annotation, where what it speaks of can't change.
fn soften_old(review: &Review, verdict: &mut Verdict) {
    let Some(old) = review.old_object() else {
        return;
    };
    let new = review.object();
    if review.operation != Operation::Update {
        return;
    }
    let same_spec = old.at("spec").is_same(&new.at("spec"));
    let fixed_spec = workload::Immutable::under_review(review).is_some();
    verdict.soften(|path| {
        let is_judged_by_old = same_spec || (fixed_spec && path.starts_with("/metadata/"));
        is_judged_by_old && old.is_same_below(&new, path)
    });
}
