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
/// Operations of one patch, beside one for each [`BYTES_PER_OPERATION`] of the object. What an
/// operation in a long list costs grows with the list, outside of fuel and deadline: this bounds how
/// long a hostile patch takes to apply.
const OPERATIONS: usize = 4_096;
/// A Job of a terse JobSet has about 320 bytes and gets eight operations.
const BYTES_PER_OPERATION: usize = 32;
/// Operations of one patch, whatever the object: about what the largest JobSet that etcd takes
/// (1.5 MiB when it is complete) needs.
const MOST_OPERATIONS: usize = 16_384;
/// Bytes of each text of a finding.
const TEXT: usize = 4_096;

/// The verdict on an object of so many bytes in our types, if it is one.
pub(crate) fn checked(
    policy: &str,
    from: types::Verdict,
    codes: &Codes,
    bytes: usize,
) -> Result<Verdict, EvaluateError> {
    within("findings", from.findings.len(), FINDINGS)?;
    check_operations(from.patch.len(), bytes)?;
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

/// The object may be to blame, so it is named.
fn check_operations(found: usize, bytes: usize) -> Result<(), EvaluateError> {
    let most = most_operations(bytes);
    match found <= most {
        true => Ok(()),
        false => Err(EvaluateError::PatchTooLong {
            found,
            object_bytes: bytes,
            limit: most,
        }),
    }
}

fn most_operations(bytes: usize) -> usize {
    MOST_OPERATIONS.min(OPERATIONS + bytes / BYTES_PER_OPERATION)
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
