//! The loop: looks at what is asked for, loads it, puts it in force, and tells.
//!
//! It goes by what is there, not by what changed: each look compares the cluster with the
//! catalogue, so a missed event, a restart and a new leader need nothing of their own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::Client;
use runtime::{Loaded, Module};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{sleep_until, timeout};

use super::api::ApiServer;
use super::base::Base;
use super::catalogue::{Catalogue, Key, Outcome};
use super::leader::Leader;
use super::live::Live;
use super::metrics::PolicyMetrics;
use super::module::{self, Refusal, Sources};
use super::needs::Needs;
use super::pending::Pending;
use super::report::{self, IN_FORCE, LOADED, Replica};
use super::resource::Resource;
use super::watches::Watches;
use crate::images::Images;
use crate::placer::Leadership;
use crate::reads::Reads;
use crate::replicas::{self, Voice};

/// How long a start waits for the cluster's policies: without them this replica would let in what
/// the others refuse. A cluster that says no isn't waited for.
const FIRST: Duration = Duration::from_secs(10);
/// What failed is tried again at this pace.
const PACE: Duration = Duration::from_secs(1);

/// What a keeper is started with.
pub(crate) struct Kept {
    /// The cluster.
    pub(crate) client: Client,
    /// Our own namespace.
    pub(crate) namespace: String,
    /// What this replica calls itself.
    pub(crate) identity: String,
    /// Whether this replica may register and tell.
    pub(crate) leadership: Leadership,
    /// What every policy set begins with.
    pub(crate) base: Arc<Base>,
    /// The policy set in force.
    pub(crate) live: Arc<Live<Loaded>>,
    /// What the cluster's policies may read; none where they read objects of files.
    pub(crate) reads: Option<Reads>,
    /// Says what is loaded.
    pub(crate) voice: Voice,
    /// The replicas that are there.
    pub(crate) replicas: replicas::Live,
    /// The images that they come in.
    pub(crate) images: Images,
    /// Counts what is done.
    pub(crate) metrics: Arc<PolicyMetrics>,
}

/// Keeps the policy set equal to what the cluster asks for.
pub(crate) struct Keeper {
    api: ApiServer,
    base: Arc<Base>,
    live: Arc<Live<Loaded>>,
    metrics: Arc<PolicyMetrics>,
    watches: Watches,
    needs: Needs,
    catalogue: Catalogue,
    leader: Leader,
    voice: Voice,
    replicas: replicas::Live,
    /// What reviews are judged by, as this replica says it.
    in_force: String,
    /// Before that nothing is said: what is half loaded is not what reviews are judged by.
    settled: bool,
    trying: Option<JoinHandle<Try>>,
    pending: Pending,
}

/// What came of trying one policy.
struct Try {
    name: String,
    key: Key,
    outcome: Outcome,
}

impl Keeper {
    /// Begins to watch.
    pub(crate) fn start(kept: Kept) -> Keeper {
        let api = ApiServer {
            client: kept.client,
            namespace: kept.namespace,
        };
        kept.metrics.swapped(kept.live.now().set.0.len());
        Keeper {
            watches: Watches::start(&api.client, &api.namespace),
            needs: Needs {
                reads: kept.reads,
                images: kept.images,
            },
            catalogue: Catalogue::default(),
            leader: Leader::new(api.clone(), kept.identity, kept.leadership),
            voice: kept.voice,
            replicas: kept.replicas,
            in_force: report::in_force(&kept.base.entries(Vec::new())),
            settled: false,
            trying: None,
            pending: Pending::default(),
            api,
            base: kept.base,
            live: kept.live,
            metrics: kept.metrics,
        }
    }

    /// Puts the cluster's policies in force for the first time, before any review is answered.
    pub(crate) async fn settle(&mut self) {
        let settling = async {
            while self.look() || !self.watches.answered() {
                self.wait().await;
            }
        };
        if timeout(FIRST, settling).await.is_err() {
            tracing::warn!(
                "the cluster's policies aren't all loaded yet; reviews are answered without them"
            );
        }
        self.settled = true;
        if self.pending.is_there() {
            self.swap();
        }
        self.tell();
    }

    /// Goes on until `stop` is done.
    pub(crate) async fn run(mut self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            self.look();
            if let Err(error) = self.lead().await {
                tracing::warn!(%error, "cannot register or tell which policies are in force");
            }
            tokio::select! {
                () = self.wait() => {}
                () = &mut stop => break,
            }
        }
    }

    async fn lead(&mut self) -> Result<(), crate::placer::ApiError> {
        let Some(resources) = self.watches.resources() else {
            return Ok(());
        };
        let replicas = self
            .replicas
            .borrow_and_update()
            .as_deref()
            .map(Replica::all);
        let Some(replicas) = replicas else {
            return Ok(());
        };
        if let Some(reads) = &mut self.needs.reads {
            reads.count(Instant::now());
        }
        let own: Vec<_> = self.base.own().chain(self.catalogue.own()).collect();
        let told = (&self.catalogue, own.as_slice());
        let reads = self.needs.reads.as_ref();
        self.leader
            .act(&self.watches, &resources, &replicas, told, reads)
            .await
    }

    /// Compares what is asked for with what is loaded. Is something being loaded, or coming?
    fn look(&mut self) -> bool {
        if !self.watches.answered() {
            return false;
        }
        let resources = self.watches.resources().unwrap_or_default();
        let now = Instant::now();
        if self.watches.resources().is_some() && self.catalogue.forget_all_but(&resources) {
            self.pending.begin(now);
        }
        self.needs.want(&resources, &self.catalogue);
        let coming = resources.iter().any(|one| self.is_coming(one));
        if self.trying.is_none() {
            self.trying = self.next(resources);
        }
        if self.pending.is_due(self.trying.is_some(), now) {
            self.swap();
        }
        self.tell();
        self.trying.is_some() || coming
    }

    fn is_coming(&self, resource: &Resource) -> bool {
        self.needs.are_coming(resource, &self.catalogue)
    }

    /// Begins with the first policy that isn't what is asked for, one at a time: compiling takes
    /// all cores as it is. One that needs what is coming waits for that.
    fn next(&self, resources: Vec<Resource>) -> Option<JoinHandle<Try>> {
        let now = Instant::now();
        let keyed = resources
            .into_iter()
            .filter(|resource| !self.is_coming(resource))
            .map(|resource| (self.key(&resource), resource));
        let (key, resource) = keyed
            .into_iter()
            .find(|(key, resource)| self.catalogue.wants(&resource.name, key, now))?;
        let loaded = self.catalogue.has(&resource.name);
        let from = Sources {
            api: self.api.clone(),
            base: Arc::clone(&self.base),
            images: self.needs.pulled(&resource, &self.catalogue),
        };
        Some(tokio::spawn(try_one(from, resource, key, loaded)))
    }

    fn key(&self, resource: &Resource) -> Key {
        let module = resource
            .document
            .as_ref()
            .ok()
            .map(|document| &document.module);
        let version = match module {
            Some(Module::ConfigMap(wanted)) => self.watches.module_version(&wanted.name),
            _ => None,
        };
        let images = self.needs.pulled(resource, &self.catalogue);
        let images = images.into_values().map(|state| state.word());
        Key {
            uid: resource.uid.clone(),
            generation: resource.generation,
            module: version,
            images: images.collect(),
            unread: self.needs.unread(resource),
        }
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self) {
        let leads = self.leader.leads();
        let pace = Instant::now() + PACE;
        let due = self.pending.next(self.trying.is_some());
        let again = self.catalogue.next().into_iter().chain(due);
        let again = again.fold(pace, Instant::min);
        let tried = tokio::select! {
            () = self.watches.changed() => None,
            () = self.needs.changed() => None,
            () = self.leader.differs(leads) => None,
            () = changed(&mut self.replicas) => None,
            () = sleep_until(again.into()) => None,
            tried = finished(&mut self.trying) => Some(tried),
        };
        if let Some(tried) = tried {
            self.trying = None;
            self.take(tried);
        }
    }

    fn take(&mut self, tried: Result<Try, JoinError>) {
        let Try { name, key, outcome } = match tried {
            Ok(tried) => tried,
            // It is tried again: nothing is known of it.
            Err(error) => {
                tracing::error!(%error, "loading a policy broke");
                return;
            }
        };
        match &outcome.refused {
            None => tracing::info!(policy = name, generation = key.generation, "policy loaded"),
            Some(refused) => {
                let reason = refused.reason();
                tracing::warn!(policy = name, generation = key.generation, reason, %refused, "policy refused");
            }
        }
        let reason = outcome.refused.as_ref().map_or("loaded", Refusal::reason);
        self.metrics.tried(reason);
        let now = Instant::now();
        if self.catalogue.take(name, key, outcome, now) {
            self.pending.begin(now);
        }
        self.tell();
    }

    /// Puts what is loaded in force.
    fn swap(&mut self) {
        self.pending.end();
        let entries = self.catalogue.entries();
        match self.base.with(entries.clone()) {
            Ok(loaded) => {
                self.metrics.swapped(loaded.set.0.len());
                self.live.swap(loaded);
                self.in_force = report::in_force(&self.base.entries(entries));
            }
            Err(error) => tracing::error!(%error, "the policy set stays as it is"),
        }
    }

    fn tell(&self) {
        self.metrics.refused(self.catalogue.refused());
        if let Some(reads) = &self.needs.reads {
            self.metrics.reads(reads.sums());
        }
        if self.settled && !self.pending.is_there() {
            self.voice.say(IN_FORCE, self.in_force.clone());
            self.voice.say(LOADED, self.catalogue.report().to_text());
        }
    }
}

async fn try_one(from: Sources, resource: Resource, key: Key, loaded: bool) -> Try {
    let outcome = match module::load(&from, &resource, key.unread.clone()).await {
        Ok(good) => Outcome {
            good: Some(good),
            refused: None,
        },
        Err(refused) => Outcome {
            good: match resource.earlier().filter(|_| !loaded) {
                Some(earlier) => earlier_one(&from, earlier).await,
                None => None,
            },
            refused: Some(refused),
        },
    };
    Try {
        name: resource.name,
        key,
        outcome,
    }
}

/// A replica that starts while the newest generation is refused judges by the one that is in force
/// on the others.
async fn earlier_one(from: &Sources, earlier: super::resource::Earlier) -> Option<module::Good> {
    let policy = earlier.document.name.clone();
    let loaded = module::load_earlier(from, earlier).await;
    loaded
        .inspect_err(|error| tracing::warn!(policy, %error, "what was in force before is lost"))
        .ok()
}

/// For ever where nobody looks for replicas any more.
async fn changed(replicas: &mut replicas::Live) {
    if replicas.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The end of a try; for ever where there is none.
async fn finished(trying: &mut Option<JoinHandle<Try>>) -> Result<Try, JoinError> {
    match trying {
        Some(trying) => trying.await,
        None => std::future::pending().await,
    }
}
