//! Our own webhook beside a cluster, as `cluster up --webhook` runs it: one replica or several,
//! each a process that can be killed and started again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Cluster, Ending};
use crate::product::Product;
use crate::wait::{Look, until};

/// The ServiceAccount of `manifests/base`. The placer has its rights and no others, so that a
/// right that the manifests lack is missed here too.
pub(super) const USER: &str = "system:serviceaccount:kubectl-sax-system:sax-webhook";

/// The stem of the kubeconfig of that user.
pub(super) const KUBECONFIG: &str = "sax-webhook";

/// Compiling the built-in policies without a cache takes seconds on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// For a placer to be elected; a few tries come before its rights are installed.
const ELECTION: Duration = Duration::from_secs(30);

/// The replica that [`install`] starts.
const NAME: &str = "webhook";

/// The Lease by which replicas elect who places.
const LEASE: [&str; 4] = [
    "lease/sax-webhook-placer",
    "--namespace",
    "kubectl-sax-system",
    "--ignore-not-found",
];

/// What a replica is started with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Files or folders of WasmPolicy documents.
    pub policies: &'a [&'a Path],
    /// More arguments of `sax-webhook serve`.
    pub arguments: &'a [&'a str],
    /// The Secret in which replicas keep certificates together; else each makes its own.
    pub secret: Option<&'a str>,
}

/// One webhook process beside a cluster.
#[derive(Clone, Debug)]
pub struct Replica {
    name: String,
    folder: PathBuf,
    address: String,
}

/// Starts the webhook beside `cluster` and registers it; `policies` are files or folders of
/// WasmPolicy documents. Returns when it serves and places. A second call puts another one in its
/// place.
///
/// # Errors
/// When it doesn't come up or can't be registered.
pub fn install(cluster: &Cluster, product: &Product, policies: &[&Path]) -> Result<()> {
    let options = Options {
        policies,
        ..Options::default()
    };
    let earlier = cluster.pid(NAME).is_ok();
    let replica = Replica::start(cluster, product, NAME, options)?;
    replica.register(cluster, product)?;
    if earlier {
        // Of two processes of one name the first is found.
        cluster.end_process(NAME, Ending::Asked)?;
    }
    leader(cluster).map(drop)
}

/// Waits for a placer to be elected, and says what it calls itself: host, process id and start.
///
/// # Errors
/// When there is none in time.
pub fn leader(cluster: &Cluster) -> Result<String> {
    until("a placer to be elected", ELECTION, || {
        cluster.check_alive()?;
        Ok(match holder(cluster)? {
            Some(holder) => Look::Ready(holder),
            None => Look::Waiting("there is none".to_owned()),
        })
    })
}

/// Who places now; `None` while nobody does.
///
/// # Errors
/// When the API server can't be asked.
pub fn holder(cluster: &Cluster) -> Result<Option<String>> {
    let text = cluster.kubectl().run(
        &[
            &["get", "-o", "jsonpath={.spec.holderIdentity}"],
            &LEASE[..],
        ]
        .concat(),
    )?;
    Ok(Some(text).filter(|holder| !holder.is_empty()))
}

/// Two replicas, of which the API server asks the first, when one of them leads.
///
/// # Errors
/// When one doesn't come up, or none becomes the leader.
pub fn pair(cluster: &Cluster, product: &Product) -> Result<(Replica, Replica)> {
    let replica = |name| Replica::start(cluster, product, name, Options::default());
    let (first, second) = (replica("webhook")?, replica("webhook-2")?);
    first.register(cluster, product)?;
    leader(cluster)?;
    Ok((first, second))
}

impl Replica {
    /// Starts one more replica, which nobody asks for reviews until it is registered. Returns
    /// when it serves.
    ///
    /// # Errors
    /// When it doesn't come up.
    pub fn start(
        cluster: &Cluster,
        product: &Product,
        name: &str,
        options: Options<'_>,
    ) -> Result<Self> {
        let folder = cluster.folder().join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let address = serve(cluster, product, name, &folder, "127.0.0.1:0", options)?;
        Ok(Self {
            name: name.to_owned(),
            folder,
            address,
        })
    }

    /// Starts it again where it was, after it has ended.
    ///
    /// # Errors
    /// When it doesn't come up.
    pub fn restart(
        &self,
        cluster: &Cluster,
        product: &Product,
        options: Options<'_>,
    ) -> Result<()> {
        serve(
            cluster,
            product,
            &self.name,
            &self.folder,
            &self.address,
            options,
        )
        .map(drop)
    }

    /// Ends its process.
    ///
    /// # Errors
    /// When it doesn't end.
    pub fn end(&self, cluster: &Cluster, ending: Ending) -> Result<()> {
        cluster.end_process(&self.name, ending)
    }

    /// Has the API server ask it for reviews, in place of any other replica.
    ///
    /// # Errors
    /// When `kubectl-sax webhook install` fails.
    pub fn register(&self, cluster: &Cluster, product: &Product) -> Result<()> {
        let url = format!("https://{}", self.address);
        let authority = self.authority();
        let authority = authority.to_string_lossy();
        let arguments = ["webhook", "install", "--url", &url, "--ca-file", &authority];
        let answer = product.sax(cluster.kubectl(), &arguments, "")?;
        ensure!(
            answer.success,
            "`kubectl-sax webhook install` failed: {}",
            answer.stderr.trim()
        );
        Ok(())
    }

    /// Host and port that it listens on.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The certificate of the authority that vouches for it.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// Its process id.
    ///
    /// # Errors
    /// When it isn't running.
    pub fn pid(&self, cluster: &Cluster) -> Result<i32> {
        cluster.pid(&self.name)
    }
}

/// Starts the process and returns the address that it listens on.
fn serve(
    cluster: &Cluster,
    product: &Product,
    name: &str,
    folder: &Path,
    listen: &str,
    options: Options<'_>,
) -> Result<String> {
    let ready = folder.join("address");
    // Left by an earlier process of this replica.
    if ready.exists() {
        std::fs::remove_file(&ready).with_context(|| format!("remove {}", ready.display()))?;
    }
    let mut serve = Command::new(&product.webhook);
    serve
        .args(["serve", "--listen", listen, "--host", "127.0.0.1"])
        .arg("--ready-file")
        .arg(&ready)
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig_of(KUBECONFIG));
    match options.secret {
        Some(secret) => serve.args(["--tls-secret", secret]),
        None => serve.args(["--self-signed", "--tls-dir"]).arg(folder),
    };
    for path in options.policies {
        serve.arg("--policies").arg(path);
    }
    serve.args(options.arguments);
    cluster.add_process(name, &mut serve)?;
    until("the webhook to serve", DEADLINE, || {
        cluster.check_alive()?;
        Ok(match std::fs::read_to_string(&ready) {
            Ok(address) => Look::Ready(address.trim().to_owned()),
            Err(error) => Look::Waiting(error.to_string()),
        })
    })
}
