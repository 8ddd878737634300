//! `sax-webhook serve`, from the files to the last answer.

mod judging;

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use placement::{OnStranded, Settings, WhenNoDomain};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::args::{self, Placement, Serve};
use crate::cluster::{self, ClusterError};
use crate::crew::{Crew, CrewError, Member};
use crate::http::{self, Doors};
use crate::metrics::Metrics;
use crate::placer::Placer;
use crate::policies::{PoliciesError, Ranking};
use crate::reviewer::Reviewer;
use crate::server::{End, Server};
use crate::shutdown::{Begun, Signals, Trigger};
use crate::tls::Tls;

use judging::Judging;

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// There is no usable certificate.
    #[error(transparent)]
    Crew(#[from] CrewError),
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
    /// Nobody looks after the certificates any more.
    #[error("there will be no certificate to serve with; the lines before say why")]
    NoCertificate,
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
    let mut signals = Signals::catch()?;
    let metrics = Arc::new(Metrics::new());
    let member = connect(options).await?;
    let member = member.map(|client| Member::new(options, client, &metrics));
    let (exchange, mut tls) = Tls::new();
    let mut crew = Crew::default();
    crew.keep_certificates(options, member.as_ref(), exchange, &metrics)?;
    let places = member.is_some() && options.placement != Placement::Off;
    let judging = Judging::load(options, places, member.is_some(), &metrics)?;
    let ending = Ending::new();
    match member {
        Some(member) => {
            let placer = places.then(|| placer(options, &member, judging.ranking()));
            let mut keeper = judging.keeper(options, &member);
            crew.join(member, placer, &ending.stopped);
            // The cluster's policies are in force before any review is answered.
            keeper.settle().await;
            crew.keep_policies(keeper, &ending.stopped);
        }
        None => judging.warn_of_unregistered(),
    }
    let reviewer = judging.reviewer();
    // An authority of our own is made, or read, by now or soon.
    tokio::select! {
        is_ready = tls.ready() => if !is_ready { return Err(ServeError::NoCertificate) },
        () = signals.next() => {
            ending.stop.pull();
            crew.ended().await;
            return Ok(());
        }
    }
    let listener = listen(options.listen).await?;
    let address = listener.local_addr()?;
    let server = Server {
        listener,
        tls,
        router: router(options, reviewer, &metrics, &ending.begun),
        limits: options.load.connections(),
        client_names: options.certificates.client_name.clone(),
        metrics,
    };
    tracing::info!(%address, "serving");
    if let Some(path) = &options.ready_file {
        write_ready_file(path, address)?;
    }
    ending
        .serve(options.load.shutdown_delay, signals, server, crew)
        .await
}

/// The way to the cluster whose policies are judged by, where there is one: without a cluster
/// there is neither placement nor a Secret for certificates.
async fn connect(options: &Serve) -> Result<Option<kube::Client>, ClusterError> {
    let keeps_certificates = options.certificates.tls_secret.is_some();
    let must = keeps_certificates || options.placement == Placement::On;
    cluster::connect(must, options.kubeconfig.as_deref()).await
}

fn placer(options: &Serve, member: &Member, ranking: Ranking) -> Placer {
    Placer {
        api: member.api.clone(),
        identity: member.identity.clone(),
        leadership: member.leadership.clone(),
        settings: settings(options),
        rank: Arc::new(ranking),
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

/// The steps to the end: it is announced, then begins.
struct Ending {
    announce: Trigger,
    begun: Begun,
    stop: Trigger,
    stopped: Begun,
}

impl Ending {
    fn new() -> Ending {
        let (announce, begun) = Trigger::new();
        let (stop, stopped) = Trigger::new();
        Ending {
            announce,
            begun,
            stop,
            stopped,
        }
    }

    /// Serves, with the crew beside. The first signal ends both: the crew at once, so that another
    /// replica goes on within a second, the server when nobody comes any more and its reviews
    /// are answered.
    async fn serve(
        self,
        delay: Duration,
        mut signals: Signals,
        server: Server,
        crew: Crew,
    ) -> Result<(), ServeError> {
        let (closing, closed) = Trigger::new();
        let second = async {
            signals.next().await;
            tracing::info!("stopping: finishing the reviews in flight");
            self.announce.pull();
            self.stop.pull();
            tokio::select! {
                () = sleep(delay) => closing.pull(),
                () = signals.next() => return,
            }
            signals.next().await;
        };
        let serving = async {
            let end = server.serve(closed.wait()).await;
            crew.ended().await;
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
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| ServeError::Listen { address, source })
}

fn router(
    options: &Serve,
    reviewer: Arc<dyn Reviewer>,
    metrics: &Arc<Metrics>,
    ending: &Begun,
) -> axum::Router {
    let doors = Doors {
        capacity: options.load.capacity(),
        ending: ending.clone(),
        known_clients_only: options.certificates.client_ca.is_some(),
    };
    http::router(reviewer, Arc::clone(metrics), doors)
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
