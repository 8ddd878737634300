//! Certificate files that somebody else renews, such as cert-manager through the kubelet, which
//! exchanges a whole folder by one rename. They are read again and again: no notification can be
//! missed then, and none is needed for a folder that a symlink leads to.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::facts::Facts;
use super::metrics::CertificateMetrics;
use super::{SERVED_AUTHORITY, SERVED_LEAF};
use crate::authority::Pair;
use crate::replicas::Voice;
use crate::tls::{Exchange, FilesError, TlsError, TlsFiles};

/// Serves from files.
pub(crate) struct Mounted {
    /// The pair.
    pub(crate) files: TlsFiles,
    /// The authority of clients, where they are checked.
    pub(crate) clients: Option<PathBuf>,
    /// Between two looks.
    pub(crate) look: Duration,
    /// Takes what was read.
    pub(crate) exchange: Exchange,
    /// Counts.
    pub(crate) metrics: Arc<CertificateMetrics>,
    /// Says what is served, where there is a cluster to say it in.
    pub(crate) voice: Option<Voice>,
}

/// Why the files can't be served with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MountedError {
    /// They can't be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// They don't make a pair.
    #[error("cannot serve with {} and {}: {source}", files.certificate.display(), files.key.display())]
    Tls {
        /// The files.
        files: Box<TlsFiles>,
        /// What is wrong with them.
        source: TlsError,
    },
    /// The authority of clients can't be read.
    #[error("cannot read {}: {source}", path.display())]
    Clients {
        /// As given by --client-ca.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// What the files hold.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Texts {
    pair: Pair,
    clients: Option<String>,
}

impl Mounted {
    /// Serves with what is there now, which must be whole.
    pub(crate) fn start(&self) -> Result<Texts, MountedError> {
        let texts = self.read()?;
        self.serve(&texts)?;
        Ok(texts)
    }

    /// Follows the files from what `served` says. Files that make no pair, or none that can be
    /// read, replace nothing: in a moment they may be whole.
    pub(crate) async fn run(self, mut served: Texts) {
        let mut refused = None;
        loop {
            sleep(self.look).await;
            let found = match self.read() {
                Ok(texts) if texts == served || refused.as_ref() == Some(&texts) => continue,
                found => found,
            };
            let tried = found.and_then(|texts| {
                refused = Some(texts.clone());
                self.serve(&texts).map(|()| texts)
            });
            match tried {
                Ok(texts) => {
                    tracing::info!("new certificate files are served");
                    (served, refused) = (texts, None);
                }
                Err(error) => {
                    self.metrics.failed();
                    tracing::warn!(%error, "new certificate files can't be used; those before are served");
                }
            }
        }
    }

    fn read(&self) -> Result<Texts, MountedError> {
        Ok(Texts {
            pair: self.files.read()?,
            clients: read_clients(self.clients.as_ref())?,
        })
    }

    fn serve(&self, texts: &Texts) -> Result<(), MountedError> {
        let set = self.exchange.set(&texts.pair, texts.clients.as_deref());
        set.map_err(|source| MountedError::Tls {
            files: Box::new(self.files.clone()),
            source,
        })?;
        if let Some(facts) = Facts::of_pem(&texts.pair.certificate) {
            self.metrics.serves(facts.not_after);
            if let Some(voice) = &self.voice {
                voice.say(SERVED_LEAF, facts.fingerprint);
                voice.say(SERVED_AUTHORITY, facts.signer);
            }
        }
        Ok(())
    }
}

/// The text of --client-ca, where it is given.
pub(super) fn read_clients(path: Option<&PathBuf>) -> Result<Option<String>, MountedError> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|source| MountedError::Clients {
            path: path.clone(),
            source,
        })
    };
    path.map(read).transpose()
}
