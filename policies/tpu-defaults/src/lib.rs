//! `tpu-defaults`: fills in what a TPU Pod template lacks.
//!
//! A model server on a slice of several VMs needs a dozen things that follow from one: the
//! shape of the slice. Say it in one way, and this policy writes down the rest:
//!
//! ```text
//!   metadata:                                   spec:
//!     annotations:                                hostNetwork: true
//!       kubectl-sax.dev/slice: v5e:4x8            dnsPolicy: ClusterFirstWithHostNet
//!   spec:                                         nodeSelector:
//!     containers:                                   cloud.google.com/gke-tpu-accelerator: tpu-v5-lite-podslice
//!     - name: server                     ─►         cloud.google.com/gke-tpu-topology: 4x8
//!       args: [--sax_cell=/sax/test]              containers:
//!       resources:                                - name: server
//!         limits:                                   ports: [{containerPort: 8471}]
//!           google.com/tpu: 4                       env: [{name: MEGASCALE_NUM_SLICES, value: ""}, ...]
//!                                                   resources: {limits: ..., requests: ...}
//! ```
//!
//! - What the author wrote is never overwritten. What can't work is a finding.
//! - Only groups with TPU containers get anything; slices of one VM are left alone.
//! - A template that is stored and can't change gets nothing new: what the new object doesn't
//!   mention is restored from the stored one ([`restore`]), so that a manifest can be applied
//!   again the way it was applied first.
//! - Where a controller made the object, nothing is denied: a denied Pod is a silent wait.
//!
//! Settings: `hostNetwork` (`inject`, `check`, `off`), `servingVector` (`all`, `num-slices`),
//! `defaultAccelerator`, `exclusiveTopology`; see [`Settings`].

mod codes;
mod completion;
mod context;
mod environment;
mod exclusive;
mod group;
mod last_applied;
mod megascale;
mod network;
mod ports;
mod resources;
mod restore;
mod selectors;
mod settings;
mod source;

use sdk::{Cluster, Description, Document, MatchRule, Node, Operation, Policy, Review, Verdict};
use workload::{Immutable, Workload, WorkloadKind};

use completion::Completion;
use context::Context;
use group::TpuGroup;
pub use settings::{HostNetwork, ServingVector, Settings};

/// The kubelet's own Pods, which nobody can change.
const MIRROR_ANNOTATION: &str = "kubernetes.io/config.mirror";

/// Fills in what a TPU Pod template lacks.
pub struct TpuDefaults;

sdk::export_policy!(TpuDefaults);

impl Policy for TpuDefaults {
    type Settings = Settings;

    fn describe() -> Description {
        let description = Description::new(
            "tpu-defaults",
            env!("CARGO_PKG_VERSION"),
            "Fills in what a TPU Pod template lacks: selectors, network, port, MEGASCALE",
        )
        .matching(MatchRule::creates_and_updates([""], ["pods"]))
        .settings(settings::SCHEMA)
        .grant(
            "v1",
            "Namespace",
            "a namespace's annotation names the slice of its Pods",
        );
        codes::explain(workload::matching_controllers(description))
    }

    fn review(review: &Review, settings: &Settings, cluster: &impl Cluster, verdict: &mut Verdict) {
        let Some(workload) = Workload::under_review(review) else {
            return;
        };
        if !is_ours(review, &workload) {
            return;
        }
        match Immutable::under_review(review) {
            Some(part) => update(review, &workload, &part, settings, cluster, verdict),
            None => complete(review, &workload, settings, cluster, verdict),
        }
        if context::is_controlled(&workload.root) {
            verdict.soften(|_| true);
        }
    }
}

/// Whether the review is about TPUs, and about an object that may be completed.
fn is_ours(review: &Review, workload: &Workload<'_>) -> bool {
    let is_update = review.operation == Operation::Update;
    let is_fixed = workload.kind == WorkloadKind::Pod
        && (is_update || workload.annotation(MIRROR_ANNOTATION).is_present());
    if is_fixed || !review.subresource.is_empty() {
        return false;
    }
    let uses_tpus = |workload: &Workload<'_>| {
        let mut groups = workload.tpu_groups();
        groups.any(|group| !workload.skips_tpu_checks(group))
    };
    let old = review.old_object().filter(|_| is_update);
    uses_tpus(workload) || old.is_some_and(|old| uses_tpus(&Workload::read(workload.kind, old)))
}

/// A new object, or one whose template may change.
fn complete(
    review: &Review,
    workload: &Workload<'_>,
    settings: &Settings,
    cluster: &impl Cluster,
    verdict: &mut Verdict,
) {
    let context = Context::new(review, workload, settings, cluster);
    let old = review.old_object();
    // Who only sets a label or scales must not start a rollout.
    let is_new = old
        .as_ref()
        .is_none_or(|old| has_another_template(workload, old));
    examine(&context, &mut Completion::new(verdict, is_new));
    if let Some(old) = old {
        verdict.soften(|path| old.is_same_below(&workload.root, path));
    }
}

/// An object whose template can't change.
fn update(
    review: &Review,
    workload: &Workload<'_>,
    part: &Immutable<'_>,
    settings: &Settings,
    cluster: &impl Cluster,
    verdict: &mut Verdict,
) {
    let restored = restore::restore(review, workload, part, verdict);
    let object = restored.object.as_ref();
    let root = object.map_or_else(|| workload.root.clone(), Document::root);
    let whole = Workload::read(workload.kind, root);
    let context = Context::new(review, &whole, settings, cluster);
    examine(&context, &mut Completion::new(verdict, false));
    // Outside the template there are labels and annotations only, and changing those is never
    // hindered; inside there is no other value unless the object is suspended.
    verdict.soften(|path| {
        let below = path.strip_prefix(part.old.path());
        below.is_none_or(|below| part.old.is_same_below(&part.new, below))
    });
    restored.report(workload, verdict);
}

/// Completes and checks every group.
fn examine(context: &Context<'_, impl Cluster>, completion: &mut Completion<'_>) {
    let workload = context.workload;
    let pods = workload.groups.iter();
    let mut groups: Vec<TpuGroup<'_>> = pods
        .filter(|pods| !workload.skips_tpu_checks(pods))
        .filter_map(TpuGroup::of)
        .collect();
    for group in &mut groups {
        if let Some(slice) = source::slice_of(group, context, completion) {
            group.learn(slice);
        }
        selectors::complete(group, workload, completion);
        if group.is_multi_host {
            let on_host = network::complete(group, context, completion);
            let is_pod = workload.kind == WorkloadKind::Pod;
            ports::complete(group, on_host && is_pod, completion);
        }
        resources::complete(group, completion);
        environment::check(group, completion);
    }
    megascale::complete(&groups, context, completion);
    exclusive::complete(&groups, context, completion);
}

/// Whether a Pod template differs from the one that is stored.
fn has_another_template(workload: &Workload<'_>, old: &Node<'_>) -> bool {
    let places = workload
        .groups
        .iter()
        .flat_map(|group| [&group.metadata, &group.spec]);
    let mut places = places.map(Node::path);
    places.any(|path| !old.is_same_below(&workload.root, path))
}
