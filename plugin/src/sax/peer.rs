//! Who is asked, and how long and how much may come back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a server may take to answer a question about state.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);
/// How long a connection may take.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// The most bytes of one answer: a hundred times what Saxml's answers need.
pub(crate) const LARGEST: usize = 8 << 20;

/// A server as messages name it: `the admin server at 127.0.0.1:10000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer(Arc<str>);

impl Peer {
    /// A server.
    pub(crate) fn new(name: impl AsRef<str>) -> Self {
        Self(name.as_ref().into())
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
