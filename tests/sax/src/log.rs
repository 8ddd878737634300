//! What a container says, in a file as a container runtime writes it.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use k8s_openapi::jiff::Timestamp;

/// A container's log, or nothing where nobody reads it.
#[derive(Default)]
pub(crate) struct Log(Option<Mutex<File>>);

impl Log {
    /// A log in a file, which is made anew.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn to(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("write {}", path.display()))?;
        Ok(Self(Some(Mutex::new(file))))
    }

    /// One line, as glog (Go) and absl (Python) write it: `file` is what says it, such as
    /// `location.go:141`.
    pub(crate) fn said(&self, file: &str, text: &str) {
        let now = Timestamp::now().strftime("%m%d %H:%M:%S%.6f");
        self.line(&format!("I{now}       1 {file}] {text}"));
    }

    /// A line that is text alone.
    pub(crate) fn line(&self, text: &str) {
        let Some(file) = &self.0 else { return };
        let line = format!("{} stderr F {text}\n", Timestamp::now());
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that can't be written is no reason for a model server to end.
        drop(file.write_all(line.as_bytes()));
    }
}
