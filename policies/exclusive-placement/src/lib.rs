//! `exclusive-placement`: each exclusive group gets a domain of its own, placed by us.
//!
//! JobSet's own exclusive placement sends a slice to a pool that can't hold it. With this policy
//! JobSet steps aside, all Pods are made at once and wait behind a scheduling gate, and the placer
//! (in the webhook's process) sends each group to a domain that is free and holds all of it:
//!
//! ```text
//!   JobSet   exclusive-topology: KEY  ─► + node-selector: kubectl-sax.dev     JobSet steps aside
//!   Job      the strategy's selector and toleration                 ─► taken out
//!   Pod      exclusive-topology: KEY  ─► kubectl-sax.dev/exclusive-topology: KEY, and the gate
//!   Pod      any other that requests TPUs                           ─► the gate
//!   placer   one patch for each Pod: nodeSelector KEY: <domain>, the gate lifted
//! ```
//!
//! - Jobs, StatefulSets and LeaderWorkerSets say it by `kubectl-sax.dev/exclusive-topology`, on
//!   themselves or on their Pod template ([`carry`]).
//! - The author's own `node-selector` strategy, other values of `managedBy` and Pods that name a
//!   node are left alone.
//! - On an update our own marks are kept, and no new ones are made in what was there before us.
//! - It ranks the domains that fit ([`choose`]); what fits is the host's to say.
//!
//! What it gates waits for the placer. So it is in force where a placer runs: a webhook with
//! `--placement off` leaves it out, and in mode `audit` its patches are not applied.
//!
//! Settings: `order` (`pack`, `spread`), `preferReservations`, `jobSetVersion`; see [`Settings`].

mod carry;
mod check;
mod choose;
mod codes;
mod job;
mod jobset;
mod pod;
mod settings;
mod stored;

use sdk::{
    Cluster, Description, Domain, Group, MatchRule, Operation, PlacementPolicy, Policy, Review,
    Verdict,
};
use workload::{Workload, WorkloadKind};

pub use settings::{Order, Settings};

/// Each exclusive group gets a domain of its own.
pub struct ExclusivePlacement;

sdk::export_placement_policy!(ExclusivePlacement);

impl Policy for ExclusivePlacement {
    type Settings = Settings;

    fn describe() -> Description {
        let pods = MatchRule {
            operations: vec![Operation::Create],
            ..MatchRule::creates_and_updates([""], ["pods"])
        };
        let description = Description::new(
            "exclusive-placement",
            env!("CARGO_PKG_VERSION"),
            "Gives each exclusive group a domain of its own, and gates TPU Pods until it is found",
        )
        .matching(pods)
        .settings(settings::SCHEMA);
        codes::explain(workload::matching_controllers(description))
    }

    fn review(review: &Review, settings: &Settings, _: &impl Cluster, verdict: &mut Verdict) {
        let Some(workload) = Workload::under_review(review) else {
            return;
        };
        if !review.subresource.is_empty() {
            return;
        }
        match workload.kind {
            WorkloadKind::JobSet => jobset::review(review, &workload, settings, verdict),
            WorkloadKind::Job => job::review(review, &workload, verdict),
            WorkloadKind::Pod => pod::review(review, &workload, verdict),
            WorkloadKind::StatefulSet | WorkloadKind::LeaderWorkerSet => {
                carry::review(review, &workload, verdict);
            }
            WorkloadKind::Deployment => {}
        }
        check::check(review, &workload, settings, verdict);
    }
}

impl PlacementPolicy for ExclusivePlacement {
    fn choose<'d>(_: &Group, domains: &'d [Domain], settings: &Settings) -> Vec<&'d Domain> {
        choose::ranked(domains, settings)
    }
}
