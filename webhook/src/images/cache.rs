//! What was pulled before, by digest: a file each. Whatever a file holds counts only if it has its
//! digest, so nobody can put a component there that isn't asked for.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use runtime::digest;

/// A folder of files that are named after their digests.
#[derive(Debug, Clone)]
pub(super) struct Cache(pub(super) PathBuf);

impl Cache {
    /// What has this digest, if it is here and whole.
    pub(super) fn get(&self, wanted: &str) -> Option<Vec<u8>> {
        // A manifest can name anything, a path too.
        let hex = wanted.strip_prefix("sha256:")?;
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let bytes = fs::read(self.path(wanted)).ok()?;
        if digest(&bytes) == wanted {
            return Some(bytes);
        }
        tracing::warn!(
            digest = wanted,
            "the cache of images holds something else: it is pulled again"
        );
        None
    }

    /// Keeps it. Without the cache the next start pulls again, so a failure is only told.
    pub(super) fn put(&self, digest: &str, bytes: &[u8]) {
        if let Err(error) = self.write(digest, bytes) {
            tracing::warn!(digest, %error, "an image is not kept");
        }
    }

    /// Whole or not at all.
    fn write(&self, digest: &str, bytes: &[u8]) -> std::io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let path = self.path(digest);
        let unfinished = path.with_extension(std::process::id().to_string());
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(unfinished, path)
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.0.join(digest.replace(':', "-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache(folder.path().join("images"));
        let name = digest(b"component");
        assert_eq!(cache.get(&name), None);
        cache.put(&name, b"component");
        assert_eq!(cache.get(&name).as_deref(), Some(b"component".as_slice()));
        fs::write(cache.path(&name), b"Component").unwrap();
        assert_eq!(cache.get(&name), None);
        assert_eq!(cache.get("sha256:../../etc/passwd"), None);
    }
}
