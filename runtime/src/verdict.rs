//! What a policy says is believed only after it was checked.

use admission::json_patch::jsonptr::PointerBuf;
use admission::json_patch::{AddOperation, PatchOperation, RemoveOperation, ReplaceOperation};
use admission::{EvaluateError, Finding, Patch, Severity, Verdict};
use serde_json::Value;

use crate::bindings::sax::policy::types;
use crate::convert;
use crate::description::{Codes, clip};

/// Findings of one verdict.
const FINDINGS: usize = 256;
/// Operations of one patch.
const OPERATIONS: usize = 4_096;
/// Bytes of each text of a finding.
const TEXT: usize = 4_096;

/// The verdict in our types, if it is one.
pub(crate) fn checked(
    policy: &str,
    from: types::Verdict,
    codes: &Codes,
) -> Result<Verdict, EvaluateError> {
    within("findings", from.findings.len(), FINDINGS)?;
    within("patch operations", from.patch.len(), OPERATIONS)?;
    let findings = from.findings.into_iter();
    let findings: Result<_, _> = findings
        .map(|finding| check(policy, finding, codes))
        .collect();
    let patch: Result<_, _> = from.patch.into_iter().map(operation).collect();
    Ok(Verdict {
        findings: findings?,
        patch: Patch(patch?),
    })
}

fn check(policy: &str, from: types::Finding, codes: &Codes) -> Result<Finding, EvaluateError> {
    let severity = convert::severity(from.severity);
    let code = clip(&from.code);
    match (codes.get(&from.code), severity) {
        (None, _) => return Err(invalid(format!("code {code:?} is not in its description"))),
        (Some(Severity::Warn), Severity::Deny) => {
            return Err(invalid(format!(
                "code {code} denies, and is described as a warning"
            )));
        }
        (Some(_), _) => {}
    }
    for (name, text) in [
        ("message", &from.message),
        ("fix", &from.fix),
        ("path", &from.path),
    ] {
        within(&format!("bytes in the {name} of {code}"), text.len(), TEXT)?;
    }
    pointer(&from.path)?;
    Ok(Finding {
        code: from.code,
        severity,
        policy: policy.to_owned(),
        path: from.path,
        message: from.message,
        fix: from.fix,
    })
}

fn operation(from: types::PatchOperation) -> Result<PatchOperation, EvaluateError> {
    Ok(match from {
        types::PatchOperation::Add(placed) => PatchOperation::Add(AddOperation {
            path: pointer(&placed.path)?,
            value: value(&placed)?,
        }),
        types::PatchOperation::Replace(placed) => PatchOperation::Replace(ReplaceOperation {
            path: pointer(&placed.path)?,
            value: value(&placed)?,
        }),
        types::PatchOperation::Remove(path) => PatchOperation::Remove(RemoveOperation {
            path: pointer(&path)?,
        }),
    })
}

fn pointer(path: &str) -> Result<PointerBuf, EvaluateError> {
    PointerBuf::parse(path)
        .map_err(|_| invalid(format!("path {:?} is no JSON pointer", clip(path))))
}

fn value(placed: &types::Placed) -> Result<Value, EvaluateError> {
    admission::parse_json(placed.value.as_bytes()).map_err(|error| {
        let path = clip(&placed.path);
        invalid(format!("the value for {path:?} is no JSON: {error}"))
    })
}

fn within(what: &str, found: usize, most: usize) -> Result<(), EvaluateError> {
    match found <= most {
        true => Ok(()),
        false => Err(invalid(format!("{found} {what}, at most {most} are taken"))),
    }
}

fn invalid(reason: String) -> EvaluateError {
    EvaluateError::InvalidVerdict { reason }
}
