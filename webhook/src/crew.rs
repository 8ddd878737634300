//! What runs beside the server: the candidate for the lead, the placer, this replica's record,
//! and whoever looks after the certificates.

use kube::Client;
use tokio::task::JoinHandle;

use crate::args::Serve;
use crate::certificates::{ClusterVault, Keeper, Mounted, MountedError, RulesError};
use crate::leader::Leader;
use crate::metrics::Metrics;
use crate::placer::{ApiServer, Leadership, Placer, TIMING};
use crate::policies;
use crate::replicas::{Live, Replicas, Voice};
use crate::shutdown::Begun;
use crate::tls::{Exchange, FilesError, prepare};

/// Looks at the Secret by a process that just began, until it makes a new one: by then another
/// replica leads, and knows what the Secret held.
const LOOKS_FOR_A_LEADER: u32 = 2;

/// Why the crew can't begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CrewError {
    /// There are no certificate files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The files can't be served with.
    #[error(transparent)]
    Mounted(#[from] MountedError),
    /// No certificate can be kept by these rules.
    #[error(transparent)]
    Rules(#[from] RulesError),
}

/// This process as one of several replicas.
pub(crate) struct Member {
    /// The API server.
    pub(crate) api: ApiServer,
    /// What this process calls itself.
    pub(crate) identity: String,
    /// Whether it leads.
    pub(crate) leadership: Leadership,
    /// Says something in this replica's record.
    pub(crate) voice: Voice,
    /// The records of all.
    pub(crate) live: Live,
    leader: Leader,
    replicas: Replicas,
}

/// Those who work until they are told to stop.
#[derive(Default)]
pub(crate) struct Crew {
    tasks: Vec<JoinHandle<()>>,
}

impl Member {
    /// Of the replicas in the namespace of the options.
    pub(crate) fn new(options: &Serve, client: Client, metrics: &Metrics) -> Member {
        let leader = Leader::new(client, options.namespace.clone(), metrics.placer());
        let (api, identity) = (leader.api.clone(), leader.identity.clone());
        let (replicas, voice, live) = Replicas::new(api.clone(), identity.clone());
        Member {
            api,
            identity,
            leadership: leader.leadership.clone(),
            voice,
            live,
            leader,
            replicas,
        }
    }
}

impl Crew {
    /// Starts whoever looks after the certificates, until the process ends.
    pub(crate) fn keep_certificates(
        &mut self,
        options: &Serve,
        member: Option<&Member>,
        exchange: Exchange,
        metrics: &Metrics,
    ) -> Result<(), CrewError> {
        match (member, &options.certificates.tls_secret) {
            (Some(member), Some(secret)) => {
                let keeper = keeper(options, member, secret, exchange, metrics)?;
                tokio::spawn(keeper.run());
            }
            (member, _) => {
                let mounted = mounted(options, member, exchange, metrics)?;
                let served = mounted.start()?;
                tokio::spawn(mounted.run(served));
            }
        }
        Ok(())
    }

    /// Starts what a member of the replicas does, until `stop`. It stays a candidate until its
    /// placer has ended.
    pub(crate) fn join(&mut self, member: Member, placer: Option<Placer>, stop: &Begun) {
        let placing = placer.map(|placer| tokio::spawn(placer.run(stop.clone().wait())));
        let stopped = stop.clone().wait();
        let done = async move {
            stopped.await;
            if let Some(Err(error)) = settled(placing).await {
                tracing::error!(%error, "the placer broke");
            }
        };
        self.tasks.push(tokio::spawn(member.leader.run(done)));
        let recording = member.replicas.run(stop.clone().wait());
        self.tasks.push(tokio::spawn(recording));
    }

    /// Starts whoever keeps the policy set equal to what the cluster asks for, until `stop`.
    pub(crate) fn keep_policies(&mut self, keeper: policies::Keeper, stop: &Begun) {
        let keeping = tokio::spawn(keeper.run(stop.clone().wait()));
        self.tasks.push(keeping);
    }

    /// Waits until all have stopped.
    pub(crate) async fn ended(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the crew broke");
            }
        }
    }
}

fn keeper(
    options: &Serve,
    member: &Member,
    secret: &str,
    exchange: Exchange,
    metrics: &Metrics,
) -> Result<Keeper<ClusterVault>, RulesError> {
    let certificates = &options.certificates;
    Ok(Keeper {
        vault: ClusterVault {
            api: member.api.clone(),
            secret: secret.to_owned(),
        },
        rules: certificates.rules(&options.namespace)?,
        look: certificates.certificate_look,
        patience: TIMING.lease + certificates.certificate_look * LOOKS_FOR_A_LEADER,
        leadership: member.leadership.clone(),
        clients: certificates.client_ca.clone(),
        exchange,
        metrics: metrics.certificates(),
        voice: member.voice.clone(),
        live: member.live.clone(),
    })
}

fn mounted(
    options: &Serve,
    member: Option<&Member>,
    exchange: Exchange,
    metrics: &Metrics,
) -> Result<Mounted, FilesError> {
    let certificates = &options.certificates;
    let hosts = certificates.hosts(&options.namespace);
    let folder = certificates.tls_dir.clone().unwrap_or_default();
    Ok(Mounted {
        files: prepare(&folder, certificates.self_signed, &hosts)?,
        clients: certificates.client_ca.clone(),
        look: certificates.certificate_look,
        exchange,
        metrics: metrics.certificates(),
        voice: member.map(|member| member.voice.clone()),
    })
}

/// Waits for the placer's end, where there is one.
async fn settled(placing: Option<JoinHandle<()>>) -> Option<Result<(), tokio::task::JoinError>> {
    Some(placing?.await)
}
