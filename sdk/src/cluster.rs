//! Reads of other objects, where the policy set grants them.

use crate::document::Document;

/// Why a read gave nothing. A policy judges without what it can't read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// The policy set grants no reads of this kind.
    NotGranted,
    /// The host holds no such objects, or not yet.
    Unavailable,
    /// More than the limit for one review.
    Exhausted(String),
    /// The host answered with something that is not JSON.
    Unreadable,
}

/// The objects that a policy may read. Only what is called becomes an import of the component:
/// a policy that reads nothing needs no grant.
pub trait Cluster {
    /// One object by name; `namespace` is none for cluster-scoped kinds.
    ///
    /// # Errors
    /// See [`ReadError`].
    fn get(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<Document>, ReadError>;

    /// All objects of a kind in one namespace or in all, ordered by namespace and name.
    ///
    /// # Errors
    /// See [`ReadError`].
    fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Document>, ReadError>;
}

/// No cluster at all: every read is [`ReadError::Unavailable`].
pub struct NoCluster;

impl Cluster for NoCluster {
    fn get(
        &self,
        _: &str,
        _: &str,
        _: Option<&str>,
        _: &str,
    ) -> Result<Option<Document>, ReadError> {
        Err(ReadError::Unavailable)
    }

    fn list(&self, _: &str, _: &str, _: Option<&str>) -> Result<Vec<Document>, ReadError> {
        Err(ReadError::Unavailable)
    }
}
