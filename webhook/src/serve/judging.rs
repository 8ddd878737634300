//! What reviews are judged by: the policies, and what they read.

use std::sync::Arc;

use runtime::Loaded;

use super::ServeError;
use crate::args::Serve;
use crate::crew::Member;
use crate::images::{Images, Puller};
use crate::metrics::Metrics;
use crate::policies::{Base, Keeper, Kept, Live, PoliciesError, Ranking, cache_dir};
use crate::reads::{Mirror, Reads};
use crate::reviewer::{PolicyReviewer, Reviewer};
use crate::tls::use_ring;

/// What reviews are judged by.
pub(super) struct Judging {
    base: Arc<Base>,
    live: Arc<Live<Loaded>>,
    /// What policies read of the cluster; none without one, and where they read objects of files.
    mirror: Option<Arc<Mirror>>,
    metrics: Arc<Metrics>,
}

impl Judging {
    /// With the policies that are built in and those of files.
    pub(super) fn load(
        options: &Serve,
        places: bool,
        in_cluster: bool,
        metrics: &Arc<Metrics>,
    ) -> Result<Judging, ServeError> {
        let base = Base::load(options, places)?;
        let policies = base.with(Vec::new()).map_err(PoliciesError::from)?;
        let reads_cluster = in_cluster && !base.reads_files();
        Ok(Judging {
            base: Arc::new(base),
            live: Arc::new(Live::new(policies)),
            mirror: reads_cluster.then(|| Arc::new(Mirror::new())),
            metrics: Arc::clone(metrics),
        })
    }

    /// Who adds the cluster's policies, and keeps them.
    pub(super) fn keeper(&self, options: &Serve, member: &Member) -> Keeper {
        let client = &member.api.client;
        let mirror = self.mirror.clone();
        Keeper::start(Kept {
            client: client.clone(),
            namespace: member.api.namespace.clone(),
            identity: member.identity.clone(),
            leadership: member.leadership.clone(),
            base: Arc::clone(&self.base),
            live: Arc::clone(&self.live),
            reads: mirror.map(|mirror| Reads::new(client.clone(), options.caps(), mirror)),
            voice: member.voice.clone(),
            replicas: member.live.clone(),
            images: images(options),
            metrics: self.metrics.policies(),
        })
    }

    /// How the policies rank domains.
    pub(super) fn ranking(&self) -> Ranking {
        Ranking {
            policies: Arc::clone(&self.live),
            mirror: self.mirror.clone(),
        }
    }

    /// Who judges reviews, by the policies that are in force from now on.
    pub(super) fn reviewer(&self) -> Arc<dyn Reviewer> {
        for (policy, module) in self.live.now().policies() {
            let version = module.description().version.as_str();
            tracing::info!(policy = policy.name, version, "policy in force");
        }
        Arc::new(PolicyReviewer {
            policies: Arc::clone(&self.live),
            mirror: self.mirror.clone(),
            metrics: Arc::clone(&self.metrics),
        })
    }

    /// In a cluster the replica that leads registers what policies out of files match.
    pub(super) fn warn_of_unregistered(&self) {
        for policy in self.base.own() {
            tracing::warn!(
                policy = policy.name,
                "without a cluster nobody registers what this policy matches: it sees only what \
                 an administrator's webhook configuration sends; --kubeconfig names a cluster"
            );
        }
    }
}

fn images(options: &Serve) -> Images {
    use_ring();
    Images::new(Puller::new(
        options.registries.config(),
        options.registries.plain_registry.clone(),
        cache_dir(options),
    ))
}
