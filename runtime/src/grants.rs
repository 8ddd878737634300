//! What a policy may read through `cluster`.

/// One kind that may be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
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

impl Grants {
    /// Whether nothing may be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether objects of this kind may be read.
    #[must_use]
    pub fn covers(&self, api_version: &str, kind: &str) -> bool {
        let Self(grants) = self;
        grants
            .iter()
            .any(|grant| grant.api_version == api_version && grant.kind == kind)
    }
}
