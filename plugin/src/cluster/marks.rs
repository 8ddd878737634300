//! JobSets that our admission took over from JobSet's own exclusive placement: found and handed
//! back when we are uninstalled.
//!
//! With the mark and without us JobSet gives the Pods of a Job that it makes, as after a restart,
//! a node label to select that no node has.

use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use placement::{MARK, NODE_SELECTOR_STRATEGY};
use serde_json::{Value, json};

use super::replace::ended;
use super::{Cluster, ClusterError, Listing, resource};
use crate::scaffold::Object;

const JOBSETS: Listing<'static> = Listing::all("jobset.x-k8s.io/v1alpha2", "jobsets", "JobSet");

/// A JobSet with our mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MarkedJobSet {
    /// Where.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    /// Is the mark on the JobSet itself? From there it can be taken.
    pub(crate) above: bool,
    /// Is it in a template? They can't change.
    pub(crate) below: bool,
    uid: String,
}

impl Cluster {
    /// All JobSets with our mark that may still make Jobs.
    pub(crate) async fn marked_jobsets(&self) -> Result<Vec<MarkedJobSet>, ClusterError> {
        let found = self.list(&JOBSETS, marked).await?;
        Ok(found.into_iter().flatten().flatten().collect())
    }

    /// Takes the mark from the JobSet itself; `false` where the JobSet is gone.
    pub(crate) async fn take_mark(
        &self,
        jobset: &MarkedJobSet,
        dry_run: bool,
    ) -> Result<bool, ClusterError> {
        let params = PatchParams {
            dry_run,
            ..PatchParams::default()
        };
        // The uid is a precondition: another one of the same name isn't marked.
        let patch = json!({"metadata": {
            "uid": jobset.uid, "annotations": {NODE_SELECTOR_STRATEGY: null},
        }});
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &jobset.namespace, &kind());
        match api.patch(&jobset.name, &params, &Patch::Merge(patch)).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(false),
            Err(cause) => Err(self.error(cause)),
        }
    }
}

fn kind() -> ApiResource {
    let any = json!({"apiVersion": JOBSETS.api_version, "kind": JOBSETS.kind, "metadata": {}});
    resource(&Object::from_value(any))
}

fn marked(jobset: &Value) -> Option<MarkedJobSet> {
    let jobs = jobset["spec"]["replicatedJobs"].as_array();
    let templates = jobs.into_iter().flatten().map(|job| &job["template"]);
    let mut levels = templates.flat_map(|job| [job, &job["spec"]["template"]]);
    let text = |member: &str| {
        let text = jobset["metadata"][member].as_str();
        text.unwrap_or_default().to_owned()
    };
    let marked = MarkedJobSet {
        namespace: text("namespace"),
        name: text("name"),
        above: has_mark(jobset),
        below: levels.any(has_mark),
        uid: text("uid"),
    };
    let matters = (marked.above || marked.below) && ended(jobset).is_none();
    matters.then_some(marked)
}

/// Any other value is the author's own strategy.
fn has_mark(level: &Value) -> bool {
    level["metadata"]["annotations"][NODE_SELECTOR_STRATEGY] == MARK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_found_at_every_level_and_no_other_strategy_is() {
        let annotated = |value: &str| json!({"annotations": {NODE_SELECTOR_STRATEGY: value}});
        let found = |above: &str, job: &str, pod: &str| {
            let pod = json!({"metadata": annotated(pod)});
            let job = json!({"metadata": annotated(job), "spec": {"template": pod}});
            let jobs = json!([{"template": {}}, {"template": job}]);
            let jobset = json!({"metadata": annotated(above), "spec": {"replicatedJobs": jobs}});
            marked(&jobset).map(|jobset| (jobset.above, jobset.below))
        };
        assert_eq!(found("true", "", ""), None);
        assert_eq!(found(MARK, "", ""), Some((true, false)));
        assert_eq!(found("", MARK, "true"), Some((false, true)));
        assert_eq!(found(MARK, "", MARK), Some((true, true)));
    }

    #[test]
    fn a_jobset_that_has_ended_makes_no_more_jobs() {
        let jobset = |status: &str| {
            let annotations = json!({NODE_SELECTOR_STRATEGY: MARK});
            let condition = json!({"type": "Completed", "status": status, "message": "all"});
            json!({"metadata": {"annotations": annotations}, "status": {"conditions": [condition]}})
        };
        assert!(marked(&jobset("False")).is_some());
        assert_eq!(marked(&jobset("True")), None);
    }
}
