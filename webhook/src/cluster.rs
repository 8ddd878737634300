//! The connection to the cluster, where there is one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

/// How long a connection may take to come up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The API server ends a watch after so long; it is taken up again where it was. So no answer is
/// silent for longer, and a way to the API server that has died is noticed soon.
pub(crate) const WATCH: Duration = Duration::from_secs(30);
/// An answer that is silent for so long never comes.
const SILENCE: Duration = Duration::from_secs(40);
/// Set in every Pod.
const IN_CLUSTER: &str = "KUBERNETES_SERVICE_HOST";

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// Nothing names a cluster.
    #[error(
        "--placement on and --tls-secret need a cluster: name a kubeconfig with --kubeconfig, or run in a Pod"
    )]
    NoCluster,
    /// The Pod has no ServiceAccount token.
    #[error("cannot use the Pod's ServiceAccount: {0}")]
    InCluster(#[from] InClusterError),
    /// The kubeconfig can't be used.
    #[error("cannot use kubeconfig {}: {source}", path.display())]
    Kubeconfig {
        /// As given.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<KubeconfigError>,
    },
    /// There is no client for this configuration.
    #[error("cannot make a client for {server}: {source}")]
    Client {
        /// The API server's address.
        server: String,
        /// Why.
        source: Box<kube::Error>,
    },
}

/// A client for the cluster that a kubeconfig names, or that this process is a Pod of; `None` where
/// there is none and there need not be one.
pub(crate) async fn connect(
    must: bool,
    kubeconfig: Option<&Path>,
) -> Result<Option<Client>, ClusterError> {
    let config = match kubeconfig {
        Some(path) => of_file(path).await?,
        None if std::env::var_os(IN_CLUSTER).is_some() => match Config::incluster() {
            Ok(config) => config,
            Err(error) if !must => {
                tracing::warn!(%error, "this Pod can't talk to its cluster");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        },
        None if must => return Err(ClusterError::NoCluster),
        None => return Ok(None),
    };
    client(config).map(Some)
}

async fn of_file(path: &Path) -> Result<Config, ClusterError> {
    let failed = |source| ClusterError::Kubeconfig {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    config.map_err(failed)
}

/// Requests are not repeated behind our back: who asks knows what time it has, and looks again
/// at what there is before it tries again.
fn client(mut config: Config) -> Result<Client, ClusterError> {
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.default_retry = false;
    config.read_timeout = Some(SILENCE);
    config.reset_reader_on_write = true;
    let server = config.cluster_url.to_string();
    Client::try_from(config).map_err(|source| ClusterError::Client {
        server,
        source: Box::new(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_cluster_there_is_no_client_and_who_must_have_one_says_what_is_missing() {
        assert!(matches!(connect(false, None).await, Ok(None)));
        let error = connect(true, None).await.err().unwrap();
        assert!(error.to_string().contains("--kubeconfig"), "{error}");
    }

    #[tokio::test]
    async fn a_kubeconfig_that_is_none_is_named_even_where_there_need_be_no_cluster() {
        let path = Path::new("/nowhere/kubeconfig");
        let error = connect(false, Some(path)).await.err().unwrap();
        assert!(error.to_string().contains("/nowhere/kubeconfig"), "{error}");
    }
}
