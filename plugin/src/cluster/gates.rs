//! Pods that wait for our placer: found and let go when it is uninstalled.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::{Cluster, ClusterError};

/// The gate of our placement; the webhook adds it, the placer lifts it.
const GATE: &str = "kubectl-sax.dev/placement";
/// Pods of one answer: a whole cluster's need not be in memory at once.
const PAGE: u32 = 500;

/// A Pod that has our gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatedPod {
    /// Where.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    uid: String,
}

impl Cluster {
    /// All Pods that have our gate.
    pub(crate) async fn gated_pods(&self) -> Result<Vec<GatedPod>, ClusterError> {
        let api: Api<Pod> = Api::all(self.client.clone());
        // A Pod with a gate has no node and has not begun.
        let mut params = ListParams::default()
            .fields("status.phase=Pending,spec.nodeName=")
            .limit(PAGE);
        let mut gated = Vec::new();
        loop {
            let page = api.list(&params).await.map_err(|cause| self.error(cause))?;
            gated.extend(page.items.iter().filter(|pod| is_gated(pod)).map(of_pod));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(gated),
            }
        }
    }

    /// Lifts our gate from a Pod, and no other; `false` where the Pod is gone.
    pub(crate) async fn lift_gate(
        &self,
        pod: &GatedPod,
        dry_run: bool,
    ) -> Result<bool, ClusterError> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), &pod.namespace);
        let params = PatchParams {
            dry_run,
            ..PatchParams::default()
        };
        let patch = Patch::Strategic(lifted(&pod.uid));
        match api.patch(&pod.name, &params, &patch).await {
            Ok(_) => Ok(true),
            // Gone, or another one of the same name, which was created after our registration.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(false),
            Err(cause) => Err(self.error(cause)),
        }
    }
}

/// Gates are merged by name, so this takes away exactly ours; the uid is a precondition.
fn lifted(uid: &str) -> Value {
    json!({
        "metadata": {"uid": uid},
        "spec": {"schedulingGates": [{"$patch": "delete", "name": GATE}]},
    })
}

fn is_gated(pod: &Pod) -> bool {
    let gates = pod.spec.iter().flat_map(|spec| &spec.scheduling_gates);
    gates.flatten().any(|gate| gate.name == GATE)
}

fn of_pod(pod: &Pod) -> GatedPod {
    GatedPod {
        namespace: pod.namespace().unwrap_or_default(),
        name: pod.name_any(),
        uid: pod.uid().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_gate_counts() {
        let pod = |gates: Value| -> Pod {
            let pod = json!({"metadata": {}, "spec": {"containers": [], "schedulingGates": gates}});
            serde_json::from_value(pod).expect("must be a Pod")
        };
        assert!(is_gated(&pod(json!([{"name": "a"}, {"name": GATE}]))));
        assert!(!is_gated(&pod(
            json!([{"name": "kueue.x-k8s.io/topology"}])
        )));
        assert!(!is_gated(&pod(json!([]))));
    }
}
