//! From the component's functions to [`Policy`](crate::Policy) and back.

use crate::bindings::reviewing::sax::policy::{cluster as imported, types};
use crate::cluster::{Cluster, ReadError};
use crate::describe::{CodeExplanation, Description, MatchRule, WantedGrant};
use crate::document::Document;
use crate::patch::PatchOperation;
use crate::policy::Policy;
use crate::review::{Kind, Operation, Review};
use crate::verdict::{Finding, Severity, Verdict};

/// What [`crate::export_policy!`] expands to; not for use by hand.
pub mod component {
    pub use super::{describe, review};
    pub use crate::bindings::reviewing::*;
}

/// Exports a [`Policy`](crate::Policy) as a component of the world `policy`.
#[macro_export]
macro_rules! export_policy {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            impl $crate::component::Guest for Component {
                fn describe() -> $crate::component::Description {
                    $crate::component::describe::<$policy>()
                }

                fn review(
                    request: $crate::component::Request,
                    settings: ::std::vec::Vec<u8>,
                ) -> ::std::result::Result<$crate::component::Verdict, ::std::string::String>
                {
                    $crate::component::review::<$policy>(request, &settings)
                }
            }

    $crate::component::export_component!(Component with_types_in $crate::component);
        };
    };
}

/// The description of `P` in the contract's types.
pub fn describe<P: Policy>() -> types::Description {
    P::describe().into()
}

/// Runs `P` on a review in the contract's types.
///
/// # Errors
/// The settings or an object are not JSON: the host's fault, or settings without a schema.
pub fn review<P: Policy>(
    request: types::Request,
    settings: &[u8],
) -> Result<types::Verdict, String> {
    let settings = serde_json::from_slice(settings)
        .map_err(|error| format!("the settings do not fit the policy: {error}"))?;
    let review = Review::try_from(request)?;
    let (findings, patch) = judge::<P>(&review, &settings, &HostCluster);
    Ok(types::Verdict {
        findings: findings.into_iter().map(Into::into).collect(),
        patch: patch.operations().iter().map(Into::into).collect(),
    })
}

/// One review, with the fields of a wrong type settled.
pub(crate) fn judge<P: Policy>(
    review: &Review,
    settings: &P::Settings,
    cluster: &impl Cluster,
) -> (Vec<Finding>, crate::Patch) {
    let mut verdict = Verdict::default();
    P::review(review, settings, cluster, &mut verdict);
    verdict.settle(review.take_wrong_types())
}

/// The host behind the import `sax:policy/cluster`.
struct HostCluster;

impl Cluster for HostCluster {
    fn get(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<Document>, ReadError> {
        let found = imported::get(api_version, kind, namespace, name)?;
        found.map(read).transpose()
    }

    fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Document>, ReadError> {
        let found = imported::list(api_version, kind, namespace)?;
        found.into_iter().map(read).collect()
    }
}

fn read(json: Vec<u8>) -> Result<Document, ReadError> {
    document(json).map_err(|_| ReadError::Unreadable)
}

fn document(json: Vec<u8>) -> Result<Document, String> {
    let text = String::from_utf8(json).map_err(|error| error.to_string())?;
    Document::parse(text).map_err(|error| error.to_string())
}

impl From<imported::ReadError> for ReadError {
    fn from(error: imported::ReadError) -> Self {
        match error {
            imported::ReadError::NotGranted => Self::NotGranted,
            imported::ReadError::Unavailable => Self::Unavailable,
            imported::ReadError::Exhausted(limit) => Self::Exhausted(limit),
        }
    }
}

impl TryFrom<types::Request> for Review {
    type Error = String;

    fn try_from(request: types::Request) -> Result<Self, String> {
        let read =
            |json| document(json).map_err(|error| format!("the object is not JSON: {error}"));
        Ok(Self {
            operation: request.operation.into(),
            kind: Kind {
                group: request.kind.group,
                version: request.kind.version,
                kind: request.kind.kind,
            },
            resource: request.resource,
            subresource: request.subresource,
            namespace: request.namespace,
            name: request.name,
            dry_run: request.dry_run,
            object: read(request.object)?.noting_wrong_types(),
            old_object: request.old_object.map(read).transpose()?,
        })
    }
}

impl From<types::Operation> for Operation {
    fn from(operation: types::Operation) -> Self {
        match operation {
            types::Operation::Create => Self::Create,
            types::Operation::Update => Self::Update,
            types::Operation::Delete => Self::Delete,
            types::Operation::Connect => Self::Connect,
        }
    }
}

impl From<Operation> for types::Operation {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Create => Self::Create,
            Operation::Update => Self::Update,
            Operation::Delete => Self::Delete,
            Operation::Connect => Self::Connect,
        }
    }
}

impl From<Severity> for types::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Deny => Self::Deny,
            Severity::Warn => Self::Warn,
        }
    }
}

impl From<Finding> for types::Finding {
    fn from(finding: Finding) -> Self {
        let Finding {
            code,
            severity,
            path,
            message,
            fix,
        } = finding;
        Self {
            code,
            severity: severity.into(),
            path,
            message,
            fix,
        }
    }
}

impl From<&PatchOperation> for types::PatchOperation {
    fn from(operation: &PatchOperation) -> Self {
        let placed = |path: &String, value: &serde_json::Value| types::Placed {
            path: path.clone(),
            value: value.to_string(),
        };
        match operation {
            PatchOperation::Add(path, value) => Self::Add(placed(path, value)),
            PatchOperation::Replace(path, value) => Self::Replace(placed(path, value)),
            PatchOperation::Remove(path) => Self::Remove(path.clone()),
        }
    }
}

impl From<Description> for types::Description {
    fn from(description: Description) -> Self {
        Self {
            name: description.name,
            version: description.version,
            summary: description.summary,
            matches: description.matches.into_iter().map(Into::into).collect(),
            settings_schema: description.settings_schema,
            codes: description.codes.into_iter().map(Into::into).collect(),
            grants: description.grants.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<MatchRule> for types::MatchRule {
    fn from(rule: MatchRule) -> Self {
        Self {
            api_groups: rule.api_groups,
            api_versions: rule.api_versions,
            resources: rule.resources,
            operations: rule.operations.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<CodeExplanation> for types::CodeExplanation {
    fn from(code: CodeExplanation) -> Self {
        let CodeExplanation {
            code,
            severity,
            title,
            text,
        } = code;
        Self {
            code,
            severity: severity.into(),
            title,
            text,
        }
    }
}

impl From<WantedGrant> for types::WantedGrant {
    fn from(grant: WantedGrant) -> Self {
        let WantedGrant {
            api_version,
            kind,
            reason,
        } = grant;
        Self {
            api_version,
            kind,
            reason,
        }
    }
}
