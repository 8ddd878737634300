//! The folder of compiled code and the key that only its owner can read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const KEY_FILE: &str = "key";
const PRIVATE_DIR: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;
/// What nobody but the owner may have.
const OTHERS: u32 = 0o077;
/// Writing rights of group and world.
const OTHERS_WRITE: u32 = 0o022;

/// Secret bytes that sign what this user compiled.
pub(crate) type Key = [u8; 32];

/// Why compiled code is neither kept nor taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("{} can't be used", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not a folder", path.display())]
    NoFolder { path: PathBuf },
    #[error("{} belongs to user {owner}, not to {us}", path.display())]
    Foreign { path: PathBuf, owner: u32, us: u32 },
    #[error("{} can be written by others (mode {mode:o})", path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("no randomness for a key: {0}")]
    Random(getrandom::Error),
}

/// Makes the folder if there is none, and gives its key, made at the first use.
pub(crate) fn open(folder: &Path) -> Result<Key, KeyError> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_DIR)
        .create(folder);
    made.map_err(|source| io_error(folder, source))?;
    check_folder(folder)?;
    let path = folder.join(KEY_FILE);
    match read(&path)? {
        Some(key) => Ok(key),
        None => make(folder, &path),
    }
}

/// Writes a file as a whole or not at all: a reader never sees a part.
pub(crate) fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let temporary = temporary(path);
    let written = write_new(&temporary, parts).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        remove(&temporary);
    }
    written
}

fn check_folder(folder: &Path) -> Result<(), KeyError> {
    let metadata = fs::symlink_metadata(folder).map_err(|source| io_error(folder, source))?;
    let path = folder.to_owned();
    let (owner, us) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if !metadata.is_dir() {
        Err(KeyError::NoFolder { path })
    } else if owner != us {
        Err(KeyError::Foreign { path, owner, us })
    } else if metadata.mode() & OTHERS_WRITE != 0 {
        let mode = metadata.mode() & 0o777;
        Err(KeyError::Open { path, mode })
    } else {
        Ok(())
    }
}

/// The key, unless there is none that only we can read: then a new one is made, and what the
/// old one signed is compiled again.
fn read(path: &Path) -> Result<Option<Key>, KeyError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_error(path, source)),
    };
    let metadata = file.metadata().map_err(|source| io_error(path, source))?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    let mut key = Key::default();
    let is_key = ours
        && metadata.mode() & OTHERS == 0
        && metadata.len() == key.len() as u64
        && file.read_exact(&mut key).is_ok();
    if is_key {
        return Ok(Some(key));
    }
    tracing::warn!(path = %path.display(), "the key of the compiled code is not private, a new one is made");
    fs::remove_file(path).map_err(|source| io_error(path, source))?;
    Ok(None)
}

/// Of several processes that start at once, one makes the key and all use it.
fn make(folder: &Path, path: &Path) -> Result<Key, KeyError> {
    let mut key = Key::default();
    getrandom::fill(&mut key).map_err(KeyError::Random)?;
    let temporary = temporary(path);
    write_new(&temporary, &[&key]).map_err(|source| io_error(folder, source))?;
    let linked = fs::hard_link(&temporary, path);
    remove(&temporary);
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let missing = || io_error(path, io::Error::from(io::ErrorKind::InvalidData));
            read(path)?.ok_or_else(missing)
        }
        Err(source) => Err(io_error(path, source)),
    }
}

fn write_new(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .open(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))
}

/// A name beside `path` that no other process or thread uses.
fn temporary(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let suffix = format!("{}-{count}.tmp", std::process::id());
    path.with_extension(suffix)
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::debug!(path = %path.display(), %error, "a temporary file stays");
    }
}

fn io_error(path: &Path, source: io::Error) -> KeyError {
    let path = path.to_owned();
    KeyError::Io { path, source }
}
