//! Between the contract's types and ours.

use admission::{Call, MatchRule, Operation, Severity};

use crate::bindings::sax::policy::types;
use crate::description::{Code, Description};
use crate::grants::Grant;

/// The review, borrowed: nothing is copied before it is in the policy's memory.
pub(crate) fn request<'a>(call: &Call<'a>) -> types::Request<'a> {
    let request = call.request;
    types::Request {
        operation: operation(request.operation),
        kind: types::GroupVersionKind {
            group: &request.kind.group,
            version: &request.kind.version,
            kind: &request.kind.kind,
        },
        resource: &request.resource.resource,
        subresource: &request.sub_resource,
        namespace: request.namespace.as_deref(),
        name: &request.name,
        dry_run: request.dry_run,
        object: call.object_json,
        old_object: call.old_object_json,
    }
}

/// The description; the error says which text is no JSON.
pub(crate) fn description(from: types::Description) -> Result<Description, String> {
    let settings_schema = admission::parse_json(from.settings_schema.as_bytes())
        .map_err(|error| format!("its settings schema is no JSON: {error}"))?;
    Ok(Description {
        name: from.name,
        version: from.version,
        summary: from.summary,
        matches: from.matches.into_iter().map(match_rule).collect(),
        settings_schema,
        codes: from.codes.into_iter().map(code).collect(),
        grants: from.grants.into_iter().map(grant).collect(),
    })
}

pub(crate) fn severity(from: types::Severity) -> Severity {
    match from {
        types::Severity::Deny => Severity::Deny,
        types::Severity::Warn => Severity::Warn,
    }
}

fn operation(from: Operation) -> types::Operation {
    match from {
        Operation::Create => types::Operation::Create,
        Operation::Update => types::Operation::Update,
        Operation::Delete => types::Operation::Delete,
        Operation::Connect => types::Operation::Connect,
    }
}

fn match_rule(from: types::MatchRule) -> MatchRule {
    let operation = |operation: &types::Operation| match operation {
        types::Operation::Create => Operation::Create,
        types::Operation::Update => Operation::Update,
        types::Operation::Delete => Operation::Delete,
        types::Operation::Connect => Operation::Connect,
    };
    MatchRule {
        api_groups: from.api_groups,
        api_versions: from.api_versions,
        resources: from.resources,
        operations: from.operations.iter().map(operation).collect(),
    }
}

fn code(from: types::CodeExplanation) -> Code {
    Code {
        code: from.code,
        severity: severity(from.severity),
        title: from.title,
        text: from.text,
    }
}

fn grant(from: types::WantedGrant) -> (Grant, String) {
    let grant = Grant {
        api_version: from.api_version,
        kind: from.kind,
    };
    (grant, from.reason)
}
