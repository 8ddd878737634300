//! Changes of single objects that are no apply: patches of what was read, and Events.

use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::Value;

use super::{Cluster, ClusterError};
use crate::scaffold::Object;

/// Who owns what a patch changes.
const FIELD_MANAGER: &str = "kubectl-sax";

impl Cluster {
    /// Applies a JSON patch to an object.
    pub(crate) async fn patch_json(
        &self,
        object: &Object,
        patch: &Value,
        dry_run: bool,
    ) -> Result<(), ClusterError> {
        let patch = serde_json::from_value(patch.clone()).expect("ours must be a JSON patch");
        self.patched(object, &Patch::Json::<Value>(patch), dry_run)
            .await
    }

    /// Applies a merge patch to an object.
    pub(crate) async fn patch_merge(
        &self,
        object: &Object,
        patch: &Value,
        dry_run: bool,
    ) -> Result<(), ClusterError> {
        self.patched(object, &Patch::Merge(patch.clone()), dry_run)
            .await
    }

    /// Creates an object, which may have a `generateName`.
    pub(crate) async fn create(&self, object: &Object) -> Result<(), ClusterError> {
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let typed: DynamicObject =
            serde_json::from_value(object.value.clone()).expect("ours must be an object");
        let created = self.api(object).create(&params, &typed).await;
        created.map(drop).map_err(|cause| self.error(cause))
    }

    async fn patched(
        &self,
        object: &Object,
        patch: &Patch<Value>,
        dry_run: bool,
    ) -> Result<(), ClusterError> {
        let params = PatchParams {
            dry_run,
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patched = self.api(object).patch(&object.name, &params, patch).await;
        patched.map(drop).map_err(|cause| self.error(cause))
    }
}
