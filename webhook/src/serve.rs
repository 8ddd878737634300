//! `sax-webhook serve`, from the files to the last answer.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use kube::Client;
use placement::{OnStranded, Settings, WhenNoDomain};
use runtime::Loaded;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::args::{self, Serve};
use crate::cluster::{self, ClusterError};
use crate::http;
use crate::metrics::Metrics;
use crate::placer::Placer;
use crate::policies::{Base, Keeper, Kept, Live, PoliciesError, Ranking};
use crate::reviewer::{PolicyReviewer, Reviewer};
use crate::server::{ConnectionLimits, End, Server};
use crate::shutdown::Signals;
use crate::tls::{self, TlsError};

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// There is no usable certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A policy can't be loaded.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// There is no way to the cluster to place in.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As given by --listen.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Nobody would learn that we are ready.
    #[error("cannot write the ready file {}: {source}", path.display())]
    ReadyFile {
        /// As given by --ready-file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no threads or no signals.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    /// A second signal, or the time to drain was over.
    #[error("stopped with {connections} connections still busy")]
    CutOff {
        /// How many peers got no answer.
        connections: usize,
    },
    /// A second signal while draining.
    #[error("stopped at once by a second signal")]
    Aborted,
}

/// Serves until a signal ends it.
pub(crate) fn run(options: &Serve) -> Result<(), ServeError> {
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = threads.block_on(serve(options));
    // A policy that is still computing must not hold the process: its answer has nowhere to go.
    threads.shutdown_background();
    result
}

async fn serve(options: &Serve) -> Result<(), ServeError> {
    let files = tls::prepare(&options.tls_dir, options.self_signed, &options.host)?;
    let tls = tls::acceptor(&files)?;
    let client = cluster::connect(options.placement, options.kubeconfig.as_deref()).await?;
    let base = Arc::new(Base::load(options, client.is_some())?);
    let policies = Arc::new(Live::new(
        base.with(Vec::new()).map_err(PoliciesError::from)?,
    ));
    let metrics = Arc::new(Metrics::new());
    let replica = match client {
        Some(client) => Some(Replica::start(options, client, &base, &policies, &metrics).await),
        None => None,
    };
    for (policy, module) in policies.now().policies() {
        let version = module.description().version.as_str();
        tracing::info!(policy = policy.name, version, "policy in force");
    }
    let reviewer = Arc::new(PolicyReviewer {
        policies,
        metrics: Arc::clone(&metrics),
    });
    let signals = Signals::catch()?;
    let listener = listen(options.listen).await?;
    let address = listener.local_addr()?;
    let server = Server {
        listener,
        tls,
        router: router(reviewer, &metrics),
        limits: ConnectionLimits::default(),
        metrics,
    };
    tracing::info!(%address, "serving");
    if let Some(path) = &options.ready_file {
        write_ready_file(path, address)?;
    }
    serve_until(signals, server, replica).await
}

/// What a replica does beside answering reviews, where it has a cluster.
struct Replica {
    placer: Placer,
    keeper: Keeper,
}

impl Replica {
    /// Returns when the cluster's policies are in force.
    async fn start(
        options: &Serve,
        client: Client,
        base: &Arc<Base>,
        live: &Arc<Live<Loaded>>,
        metrics: &Metrics,
    ) -> Replica {
        let placer = Placer::new(
            (client.clone(), options.namespace.clone()),
            settings(options),
            Arc::new(Ranking(Arc::clone(live))),
            metrics.placer(),
        );
        let mut keeper = Keeper::start(Kept {
            client,
            namespace: options.namespace.clone(),
            identity: placer.identity().to_owned(),
            leadership: placer.leadership(),
            base: Arc::clone(base),
            live: Arc::clone(live),
            metrics: metrics.policies(),
        });
        keeper.settle().await;
        Replica { placer, keeper }
    }

    async fn run(self, placed: impl Future<Output = ()>, kept: impl Future<Output = ()>) {
        tokio::join!(self.placer.run(placed), self.keeper.run(kept));
    }
}

fn settings(options: &Serve) -> Settings {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Settings {
        sticky_for: millis(options.sticky_for),
        stranded_after: millis(options.stranded_after),
        when_no_domain: match options.when_no_domain {
            args::WhenNoDomain::Hold => WhenNoDomain::Hold,
            args::WhenNoDomain::Release => WhenNoDomain::Release,
        },
        on_stranded: match options.on_stranded {
            args::OnStranded::Report => OnStranded::Report,
            args::OnStranded::Restart => OnStranded::Restart,
        },
        ..Settings::default()
    }
}

/// Serves and places. The first signal ends both: the placer at once, so that another replica
/// goes on within a second, the server when its reviews are answered.
async fn serve_until(
    mut signals: Signals,
    server: Server,
    replica: Option<Replica>,
) -> Result<(), ServeError> {
    let (stop, stopped) = watch::channel(());
    let second = async {
        signals.next().await;
        tracing::info!("stopping: finishing the reviews in flight");
        drop(stop);
        signals.next().await;
    };
    // The end of the sender is the signal.
    let first =
        |mut stopped: watch::Receiver<()>| async move { while stopped.changed().await.is_ok() {} };
    let (placed, kept) = (first(stopped.clone()), first(stopped.clone()));
    let beside = replica.map(|replica| tokio::spawn(replica.run(placed, kept)));
    let serving = async {
        let end = server.serve(first(stopped)).await;
        if let Some(Err(error)) = settled(beside).await {
            tracing::error!(%error, "the placer or the keeper of policies broke");
        }
        end
    };
    tokio::select! {
        end = serving => match end {
            End::Drained => {
                tracing::info!("stopped");
                Ok(())
            }
            End::CutOff(connections) => Err(ServeError::CutOff { connections }),
        },
        () = second => Err(ServeError::Aborted),
    }
}

/// Waits for the end of what runs beside the server, where there is something.
async fn settled(beside: Option<JoinHandle<()>>) -> Option<Result<(), tokio::task::JoinError>> {
    Some(beside?.await)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| ServeError::Listen { address, source })
}

/// One review a core: policies compute, so more at a time would only make all of them later.
fn router(reviewer: Arc<dyn Reviewer>, metrics: &Arc<Metrics>) -> axum::Router {
    let workers = available_parallelism().map_or(1, NonZero::get);
    http::router(reviewer, Arc::clone(metrics), workers)
}

/// Whoever waits for the file must never see half an address: it is renamed into place.
fn write_ready_file(path: &Path, address: SocketAddr) -> Result<(), ServeError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let unfinished = PathBuf::from(name);
    fs::write(&unfinished, format!("{address}\n"))
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|source| ServeError::ReadyFile {
            path: path.to_path_buf(),
            source,
        })
}
