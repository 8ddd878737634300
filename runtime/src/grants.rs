//! What a policy may read through `cluster`.

/// One kind that may be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
}

/// All that a policy may read; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants(pub Vec<Grant>);

impl Grant {
    /// Whether it is about a kind that no policy may read, whoever grants it.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        (self.api_version.as_str(), self.kind.as_str()) == ("v1", "Secret")
    }
}

/// `batch/v1 Job`
impl std::fmt::Display for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.api_version, self.kind)
    }
}

impl Grants {
    /// Whether nothing may be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether objects of this kind may be read.
    #[must_use]
    pub fn covers(&self, grant: &Grant) -> bool {
        self.0.contains(grant)
    }
}
