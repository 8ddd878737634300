//! The TLS side: certificate files and the rustls configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::authority::{self, AuthorityError};

/// The names of the files follow Kubernetes' TLS Secrets.
#[derive(Debug)]
pub(crate) struct TlsFiles {
    /// The authority's certificate; the API server gets it as `caBundle`. Not read here.
    pub(crate) ca: PathBuf,
    /// The serving certificate, followed by intermediates where there are any.
    pub(crate) certificate: PathBuf,
    /// The serving certificate's key.
    pub(crate) key: PathBuf,
}

/// Why there is no TLS to serve with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The folder has no certificate, and nobody asked for one to be made.
    #[error(
        "no certificate in {}: tls.crt and tls.key are missing; put them there or add --self-signed",
        folder.display()
    )]
    Missing {
        /// The folder of --tls-dir.
        folder: PathBuf,
    },
    /// The folder has some of the files: making new ones would mix two key pairs.
    #[error("incomplete certificate: {} is missing beside the others; add it or remove the others", path.display())]
    Incomplete {
        /// The file that is missing.
        path: PathBuf,
    },
    /// No throw-away certificate could be made.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A file is no PEM or has nothing of what is needed.
    #[error("cannot use {}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What the PEM reader says.
        source: pem::Error,
    },
    /// Certificate and key don't fit, or are of a kind that rustls doesn't take.
    #[error("cannot serve with the certificate in {}: {source}", folder.display())]
    Rustls {
        /// The folder of --tls-dir.
        folder: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
}

/// Finds the files in `folder`, making them for `hosts` when there are none and `self_signed`.
pub(crate) fn prepare(
    folder: &Path,
    self_signed: bool,
    hosts: &[String],
) -> Result<TlsFiles, TlsError> {
    let files = TlsFiles::in_folder(folder);
    let missing = files.missing();
    match missing.as_slice() {
        [] => Ok(files),
        [_, ..] if self_signed && missing.len() == files.all().len() => {
            authority::write_self_signed(&files, hosts)?;
            Ok(files)
        }
        // Without ca.crt one can serve: whoever gave the certificate has it elsewhere.
        [path] if **path == files.ca && !self_signed => Ok(files),
        missing if missing.contains(&&files.certificate) && missing.contains(&&files.key) => {
            Err(TlsError::Missing {
                folder: folder.to_path_buf(),
            })
        }
        [path, ..] => Err(TlsError::Incomplete {
            path: path.to_path_buf(),
        }),
    }
}

/// TLS 1.2 and 1.3; HTTP/1.1 only, for the API server never speaks anything else to a webhook.
pub(crate) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| pem_error(&files.certificate, source))?;
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|source| pem_error(&files.key, source))?;
    let config = config(chain, key).map_err(|source| TlsError::Rustls {
        folder: files
            .key
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default(),
        source,
    })?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl TlsFiles {
    fn in_folder(folder: &Path) -> TlsFiles {
        TlsFiles {
            ca: folder.join("ca.crt"),
            certificate: folder.join("tls.crt"),
            key: folder.join("tls.key"),
        }
    }

    fn all(&self) -> [&PathBuf; 3] {
        [&self.certificate, &self.key, &self.ca]
    }

    fn missing(&self) -> Vec<&PathBuf> {
        self.all()
            .into_iter()
            .filter(|path| !path.exists())
            .collect()
    }
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // The API server keeps few idle connections, so a burst means fresh handshakes: tickets make
    // them cheap without a session table that grows.
    config.ticketer = ring::Ticketer::new()?;
    Ok(config)
}

fn pem_error(path: &Path, source: pem::Error) -> TlsError {
    TlsError::Pem {
        path: path.to_path_buf(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn hosts() -> Vec<String> {
        vec!["localhost".to_owned(), "127.0.0.1".to_owned()]
    }

    #[test]
    fn an_empty_folder_without_self_signed_names_both_ways_out() {
        let folder = tempfile::tempdir().unwrap();
        let message = prepare(folder.path(), false, &hosts())
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("tls.crt") && message.contains("--self-signed"),
            "{message}"
        );
    }

    #[test]
    fn a_self_signed_certificate_is_made_once_and_then_kept() {
        let folder = tempfile::tempdir().unwrap();
        let files = prepare(folder.path(), true, &hosts()).unwrap();
        let first = fs::read(&files.certificate).unwrap();
        prepare(folder.path(), true, &hosts()).unwrap();
        assert_eq!(first, fs::read(&files.certificate).unwrap());
        acceptor(&files).unwrap();
    }

    #[test]
    fn the_self_signed_key_is_readable_by_its_owner_only() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("tls");
        let files = prepare(&folder, true, &hosts()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&files.key), mode(&folder)), (0o600, 0o700));
    }

    #[test]
    fn half_a_key_pair_is_never_completed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let files = prepare(folder.path(), true, &hosts()).unwrap();
        fs::remove_file(&files.key).unwrap();
        let error = prepare(folder.path(), true, &hosts()).unwrap_err();
        assert!(matches!(error, TlsError::Incomplete { path } if path == files.key));
    }

    #[test]
    fn a_host_that_is_no_name_is_an_error_with_the_host() {
        let folder = tempfile::tempdir().unwrap();
        let error = prepare(folder.path(), true, &["ümlaut".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("mlaut"), "{error}");
    }

    #[test]
    fn a_certificate_that_is_no_pem_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = prepare(folder.path(), true, &hosts()).unwrap();
        fs::write(&files.key, "not a key").unwrap();
        let error = acceptor(&files).err().unwrap();
        assert!(error.to_string().contains("tls.key"), "{error}");
    }
}
