//! Whom the API server trusts: the Secret in which the webhook keeps its authority.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Manifests, PART_OF, PRODUCT};
use crate::duration;
use crate::scaffold::Object;

/// By what the Deployment names the Secret.
const FLAG: &str = "--tls-secret=";

/// Why the webhook's certificates aren't rotated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RotationError {
    /// The webhook in the cluster has made no certificates, or there is none.
    #[error("there is no {name}, in which the webhook in the cluster keeps its certificates")]
    NoSecret {
        /// As kubectl names it.
        name: String,
    },
    /// The Secret holds certificates, but no authority that the webhook could use.
    #[error("{name} holds no authority of the webhook's own: somebody else renews its certificate")]
    Foreign {
        /// As kubectl names it.
        name: String,
    },
    /// `--timeout` ran out.
    #[error("timed out after {}, waiting for {waits_for}", duration::display(*limit))]
    Slow {
        /// The flag's value.
        limit: Duration,
        /// What wasn't there yet.
        waits_for: &'static str,
    },
}

impl RotationError {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> &'static str {
        match self {
            Self::NoSecret { .. } => "kubectl sax webhook install",
            Self::Foreign { .. } => "ask whoever renews it, such as cert-manager",
            Self::Slow { .. } => {
                "it goes on by itself; `kubectl sax webhook status` tells which replica serves what"
            }
        }
    }
}

impl Manifests {
    /// The Secret as it will be called, without what it will hold: the webhook itself makes it.
    pub(crate) fn secret(&self) -> Object {
        let deployment = self.deployment();
        let namespace = deployment.and_then(|object| object.namespace.clone());
        let arguments = deployment
            .and_then(|object| {
                object
                    .value
                    .pointer("/spec/template/spec/containers/0/args")
            })
            .and_then(Value::as_array);
        let name = arguments.into_iter().flatten().find_map(|argument| {
            let name = argument.as_str()?.strip_prefix(FLAG)?;
            Some(name.to_owned())
        });
        Object::from_value(json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name.unwrap_or_default(),
                "namespace": namespace,
                "labels": {PART_OF: PRODUCT},
            },
        }))
    }
}

/// A text that a stored Secret holds; empty where it holds none of this name.
pub(crate) fn text_of(secret: &Object, file: &str) -> String {
    let encoded = secret.value["data"][file].as_str().unwrap_or_default();
    let bytes = STANDARD.decode(encoded).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Whole days until the first certificate of a PEM text ends, negative when it has; `None` if it
/// is no certificate.
pub(crate) fn days_left(pem: &[u8]) -> Option<i64> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    let end = pem.parse_x509().ok()?.validity().not_after.timestamp();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Some((end - i64::try_from(now.as_secs()).ok()?) / 86_400)
}

/// SHA-256 of the first certificate of a PEM text, as a replica says which one it serves; `None`
/// if it is no certificate.
pub(crate) fn fingerprint(pem: &[u8]) -> Option<String> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    let digest = Sha256::digest(&pem.contents);
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
