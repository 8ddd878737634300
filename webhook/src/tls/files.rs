//! Certificate files: made where they are asked for, and read as a pair.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::authority::Pair;

/// How long what --self-signed makes is valid.
const LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// The names of the files follow Kubernetes' TLS Secrets.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    /// The authority's certificate; the API server gets it as `caBundle`. Not read here.
    pub(crate) ca: PathBuf,
    /// The serving certificate, followed by intermediates where there are any.
    pub(crate) certificate: PathBuf,
    /// The serving certificate's key.
    pub(crate) key: PathBuf,
}

/// Why there are no certificate files.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
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
    /// A host is neither an IP address nor a DNS name, or the key could not be made.
    #[error("cannot make a certificate for {hosts:?}: {source}")]
    Make {
        /// The hosts that were asked for.
        hosts: Vec<String>,
        /// What rcgen says.
        source: rcgen::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Finds the files in `folder`, making them for `hosts` when there are none and `self_signed`.
pub(crate) fn prepare(
    folder: &Path,
    self_signed: bool,
    hosts: &[String],
) -> Result<TlsFiles, FilesError> {
    let files = TlsFiles::in_folder(folder);
    let missing = files.missing();
    match missing.as_slice() {
        [] => Ok(files),
        [_, ..] if self_signed && missing.len() == files.all().len() => {
            files.make(hosts)?;
            Ok(files)
        }
        // Without ca.crt one can serve: whoever gave the certificate has it elsewhere.
        [path] if **path == files.ca && !self_signed => Ok(files),
        missing if missing.contains(&&files.certificate) && missing.contains(&&files.key) => {
            Err(FilesError::Missing {
                folder: folder.to_path_buf(),
            })
        }
        [path, ..] => Err(FilesError::Incomplete {
            path: path.to_path_buf(),
        }),
    }
}

impl TlsFiles {
    /// Certificate and key as they are now. They may be of two pairs while somebody writes them:
    /// who uses them finds out.
    pub(crate) fn read(&self) -> Result<Pair, FilesError> {
        Ok(Pair {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
        })
    }

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

    /// A throw-away authority, whose key is never written down, and a leaf. None of the files
    /// may exist.
    fn make(&self, hosts: &[String]) -> Result<(), FilesError> {
        let until = SystemTime::now() + LIFETIME;
        let made = Pair::new_authority(until).and_then(|authority| {
            let leaf = authority.sign(hosts, until)?;
            Ok((authority, leaf))
        });
        let (authority, leaf) = made.map_err(|source| FilesError::Make {
            hosts: hosts.to_vec(),
            source,
        })?;
        if let Some(folder) = self.key.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|source| write_error(folder, source))?;
        }
        write_new(&self.ca, &authority.certificate, 0o644)?;
        write_new(&self.certificate, &leaf.certificate, 0o644)?;
        write_new(&self.key, &leaf.key, 0o600)
    }
}

/// The mode is given at creation: a key that is readable for a moment is a key that was read.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), FilesError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| write_error(path, source))
}

fn write_error(path: &Path, source: io::Error) -> FilesError {
    FilesError::Write {
        path: path.to_path_buf(),
        source,
    }
}

fn read(path: &Path) -> Result<String, FilesError> {
    fs::read_to_string(path).map_err(|source| FilesError::Read {
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::config;
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
        let first = files.read().unwrap();
        prepare(folder.path(), true, &hosts()).unwrap();
        assert_eq!(first, files.read().unwrap());
        config(&first, None).unwrap();
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
        assert!(matches!(error, FilesError::Incomplete { path } if path == files.key));
    }

    #[test]
    fn a_host_that_is_no_name_is_an_error_with_the_host() {
        let folder = tempfile::tempdir().unwrap();
        let error = prepare(folder.path(), true, &["ümlaut".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("mlaut"), "{error}");
    }
}
