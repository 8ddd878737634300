//! The AdmissionReview that the API server sends.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::kind::{GroupVersionKind, GroupVersionResource};
use crate::request::{Operation, Request, type_name, without_managed_fields};
use crate::strict::Strict;
use crate::warnings::cut;

pub(crate) const API_VERSION: &str = "admission.k8s.io/v1";
pub(crate) const KIND: &str = "AdmissionReview";

/// A body that is no usable review, with the uid that its answer must carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct ReviewError {
    /// None where not even that could be read.
    pub uid: Option<String>,
    /// What is wrong.
    pub fault: ReviewFault,
}

/// What is wrong with a review. Texts in it are excerpts: a refusal is short, whatever it refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewFault {
    /// Not JSON, nested too deeply, a member twice, or members of wrong types.
    #[error("the review can't be read: {reason}")]
    Unreadable {
        /// What and where, in the words of the JSON reader.
        reason: String,
    },
    /// Another version or kind.
    #[error("found {found}, expected {API_VERSION} {KIND}")]
    OtherKind {
        /// apiVersion and kind as they stand.
        found: String,
    },
    /// There is no `request`.
    #[error("the review has no request")]
    NoRequest,
    /// The request has no uid.
    #[error("the request has no uid")]
    NoUid,
    /// The object is absent or no object.
    #[error("{member} is {found}, expected an object")]
    NoObject {
        /// `object` or `oldObject`.
        member: &'static str,
        /// The JSON type that was found.
        found: &'static str,
    },
}

/// Reads an AdmissionReview.
///
/// # Errors
/// See [`ReviewFault`]; the uid is recovered where it can be, from broken JSON too.
pub fn parse_review(body: &[u8]) -> Result<Request, ReviewError> {
    parse(body).map_err(|fault| ReviewError {
        uid: recover_uid(body),
        fault,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReview {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    request: Option<WireRequest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRequest {
    #[serde(default)]
    uid: String,
    kind: WireKind,
    resource: WireResource,
    #[serde(default)]
    sub_resource: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
    operation: WireOperation,
    #[serde(default)]
    dry_run: Option<bool>,
    #[serde(default)]
    object: Option<Strict>,
    #[serde(default)]
    old_object: Option<Strict>,
    #[serde(default)]
    user_info: Option<Strict>,
}

#[derive(Deserialize)]
struct WireKind {
    #[serde(default)]
    group: String,
    version: String,
    kind: String,
}

#[derive(Deserialize)]
struct WireResource {
    #[serde(default)]
    group: String,
    version: String,
    resource: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum WireOperation {
    Create,
    Update,
    Delete,
    Connect,
}

fn parse(body: &[u8]) -> Result<Request, ReviewFault> {
    let review: WireReview =
        serde_json::from_slice(body).map_err(|error| ReviewFault::Unreadable {
            reason: cut(&error.to_string()),
        })?;
    if (review.api_version.as_str(), review.kind.as_str()) != (API_VERSION, KIND) {
        let found = cut(&format!("{} {}", review.api_version, review.kind));
        return Err(ReviewFault::OtherKind { found });
    }
    let request: Request = review.request.ok_or(ReviewFault::NoRequest)?.into();
    if request.uid.is_empty() {
        return Err(ReviewFault::NoUid);
    }
    check_objects(&request)?;
    Ok(request)
}

fn check_objects(request: &Request) -> Result<(), ReviewFault> {
    let must_be_object = |member, value: Option<&Value>| match value {
        Some(Value::Object(_)) => Ok(()),
        other => Err(ReviewFault::NoObject {
            member,
            found: other.map_or("absent", type_name),
        }),
    };
    match request.operation {
        Operation::Create => must_be_object("object", request.object.as_ref()),
        Operation::Update => must_be_object("object", request.object.as_ref())
            .and_then(|()| must_be_object("oldObject", request.old_object.as_ref())),
        Operation::Delete => must_be_object("oldObject", request.old_object.as_ref()),
        Operation::Connect => Ok(()),
    }
}

impl From<WireRequest> for Request {
    fn from(wire: WireRequest) -> Self {
        let unwrapped = |strict: Option<Strict>| strict.map(|Strict(value)| value);
        let object = |strict| unwrapped(strict).map(without_managed_fields);
        Self {
            uid: wire.uid,
            kind: GroupVersionKind {
                group: wire.kind.group,
                version: wire.kind.version,
                kind: wire.kind.kind,
            },
            resource: GroupVersionResource {
                group: wire.resource.group,
                version: wire.resource.version,
                resource: wire.resource.resource,
            },
            sub_resource: wire.sub_resource,
            name: wire.name,
            namespace: Some(wire.namespace).filter(|namespace| !namespace.is_empty()),
            operation: match wire.operation {
                WireOperation::Create => Operation::Create,
                WireOperation::Update => Operation::Update,
                WireOperation::Delete => Operation::Delete,
                WireOperation::Connect => Operation::Connect,
            },
            dry_run: wire.dry_run.unwrap_or_default(),
            object: object(wire.object),
            old_object: object(wire.old_object),
            user_info: unwrapped(wire.user_info).unwrap_or_default(),
        }
    }
}

/// `/request/uid` of whatever this is, read up to where it breaks.
fn recover_uid(body: &[u8]) -> Option<String> {
    let mut uid = None;
    let mut reader = serde_json::Deserializer::from_slice(body);
    let finder = FindUid {
        path: &["request", "uid"],
        uid: &mut uid,
    };
    match finder.deserialize(&mut reader) {
        // What is broken was reported by `parse`; here only what stands before it counts.
        Ok(()) | Err(_) => uid,
    }
}

/// Walks down a path of members and keeps the string at its end.
struct FindUid<'a> {
    path: &'a [&'a str],
    uid: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for FindUid<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            *self.uid = Some(String::deserialize(deserializer)?);
            Ok(())
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for FindUid<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if self.path.first() == Some(&name.as_str()) {
                members.next_value_seed(FindUid {
                    path: &self.path[1..],
                    uid: self.uid,
                })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
