//! Kinds and resources, and how the known kinds are spelled in the plural.

use serde_json::Value;

/// `JobSet` in `jobset.x-k8s.io/v1alpha2`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupVersionKind {
    /// Empty for the core group.
    pub group: String,
    /// Such as `v1alpha2`.
    pub version: String,
    /// Such as `JobSet`.
    pub kind: String,
}

/// `jobsets` in `jobset.x-k8s.io/v1alpha2`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupVersionResource {
    /// Empty for the core group.
    pub group: String,
    /// Such as `v1alpha2`.
    pub version: String,
    /// The plural, such as `jobsets`.
    pub resource: String,
}

impl GroupVersionKind {
    /// Splits `group/version` (or `version` for the core group).
    #[must_use]
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// `group/version`, or `version` for the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The resource of this kind. Without a cluster's discovery only the spelling is known:
    /// lowercase, with the English plural that Kubernetes' own code generator gives.
    #[must_use]
    pub fn resource(&self) -> GroupVersionResource {
        GroupVersionResource {
            group: self.group.clone(),
            version: self.version.clone(),
            resource: plural(&self.kind.to_lowercase()),
        }
    }

    /// Whether objects of this kind have no namespace, as far as that is known without a
    /// cluster's discovery: Kubernetes' own kinds and ours.
    #[must_use]
    pub fn is_cluster_scoped(&self) -> bool {
        let known: &[&str] = match self.group.as_str() {
            "" => &["Namespace", "Node", "PersistentVolume"],
            "rbac.authorization.k8s.io" => &["ClusterRole", "ClusterRoleBinding"],
            "storage.k8s.io" => &["StorageClass", "CSIDriver", "CSINode", "VolumeAttachment"],
            "scheduling.k8s.io" => &["PriorityClass"],
            "node.k8s.io" => &["RuntimeClass"],
            "networking.k8s.io" => &["IngressClass", "IPAddress", "ServiceCIDR"],
            "apiextensions.k8s.io" => &["CustomResourceDefinition"],
            "apiregistration.k8s.io" => &["APIService"],
            "certificates.k8s.io" => &["CertificateSigningRequest", "ClusterTrustBundle"],
            "resource.k8s.io" => &["DeviceClass", "ResourceSlice"],
            "admissionregistration.k8s.io" => &[
                "MutatingWebhookConfiguration",
                "ValidatingWebhookConfiguration",
                "ValidatingAdmissionPolicy",
                "ValidatingAdmissionPolicyBinding",
                "MutatingAdmissionPolicy",
                "MutatingAdmissionPolicyBinding",
            ],
            "kueue.x-k8s.io" => &[
                "ClusterQueue",
                "ResourceFlavor",
                "AdmissionCheck",
                "Topology",
            ],
            "kubectl-sax.dev" => &["WasmPolicy"],
            _ => &[],
        };
        known.contains(&self.kind.as_str())
    }
}

/// A string below `object`, by member names.
pub(crate) fn text<'a>(object: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter()
        .try_fold(object, |value, member| value.get(member))
        .and_then(Value::as_str)
}

fn plural(singular: &str) -> String {
    let ends_with_any = |endings: &[&str]| endings.iter().any(|end| singular.ends_with(end));
    match singular.strip_suffix('y') {
        _ if singular == "endpoints" => singular.to_owned(),
        Some(stem) if !ends_with_any(&["ay", "ey", "oy", "uy"]) => format!("{stem}ies"),
        _ if ends_with_any(&["s", "x", "ch", "sh"]) => format!("{singular}es"),
        _ => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_the_ones_of_the_api_server() {
        for (kind, resource) in [
            ("JobSet", "jobsets"),
            ("Pod", "pods"),
            ("NetworkPolicy", "networkpolicies"),
            ("Ingress", "ingresses"),
            ("Endpoints", "endpoints"),
            ("PriorityClass", "priorityclasses"),
            ("Gateway", "gateways"),
            ("LeaderWorkerSet", "leaderworkersets"),
        ] {
            assert_eq!(plural(&kind.to_lowercase()), resource);
        }
    }

    #[test]
    fn the_core_group_is_empty() {
        let pod = GroupVersionKind::new("v1", "Pod");
        assert_eq!((pod.group.as_str(), pod.api_version()), ("", "v1".into()));
        let jobset = GroupVersionKind::new("jobset.x-k8s.io/v1alpha2", "JobSet");
        assert_eq!(jobset.api_version(), "jobset.x-k8s.io/v1alpha2");
        assert_eq!(jobset.resource().resource, "jobsets");
    }
}
