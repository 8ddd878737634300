//! What goes on costing money after a deployment is deleted: none of it is ours to delete.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ServiceAccount;

use crate::cluster::{Cluster, ClusterError};
use crate::scaffold::{BUCKET_VARIABLE, JobSet, Object, WORKLOAD_IDENTITY};

/// What stays.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Billed {
    /// Nodes by the node pool in which model servers stood; `None` where we may not know.
    pools: Option<BTreeMap<String, usize>>,
    /// The bucket of the cell's state.
    bucket: Option<String>,
    /// The Google service account, which costs nothing and can do harm.
    account: Option<String>,
}

impl Billed {
    /// What these objects use, while they are there.
    pub(super) async fn of(cluster: &Cluster, found: &[Object]) -> Result<Self, ClusterError> {
        let mut pools = BTreeMap::new();
        for jobset in found.iter().filter(|object| object.is::<JobSet>()) {
            match cluster.pools_of(jobset).await {
                Ok(more) => pools.extend(more),
                Err(ClusterError::NotAllowed(_)) => return Ok(Self::of_objects(None, found)),
                Err(cause) => return Err(cause),
            }
        }
        Ok(Self::of_objects(Some(pools), found))
    }

    fn of_objects(pools: Option<BTreeMap<String, usize>>, found: &[Object]) -> Self {
        Self {
            pools,
            bucket: found.iter().find_map(bucket),
            account: found.iter().find_map(account),
        }
    }
}

/// The command of each beside it, as in Google's tutorial.
impl fmt::Display for Billed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "what stays, and the command that removes it if nobody else needs it:"
        )?;
        match &self.pools {
            None => write!(
                f,
                "\n  node pools, billed (nodes can't be read, so they aren't named here)\n    \
                 gcloud container node-pools list --cluster=\"$CLUSTER\" --zone=\"$ZONE\""
            )?,
            Some(pools) => {
                for (pool, nodes) in pools {
                    write!(
                        f,
                        "\n  node pool {pool}, billed: model servers stood on {nodes} of its \
                         nodes\n    gcloud container node-pools delete {pool} \
                         --cluster=\"$CLUSTER\" --zone=\"$ZONE\""
                    )?;
                }
            }
        }
        if let Some(bucket) = &self.bucket {
            write!(
                f,
                "\n  bucket {bucket}, billed: the cell's state, published models included\n    \
                 gcloud storage rm --recursive gs://{bucket}"
            )?;
        }
        if let Some(account) = &self.account {
            write!(
                f,
                "\n  Google service account {account}\n    gcloud iam service-accounts delete \
                 {account}"
            )?;
        }
        if self.pools.as_ref().is_some_and(BTreeMap::is_empty) {
            write!(f, "\n  node pools: no model server stood on any")?;
        }
        Ok(())
    }
}

fn bucket(object: &Object) -> Option<String> {
    let admin = object.is::<Deployment>().then_some(&object.value)?;
    let variables = admin.pointer("/spec/template/spec/containers/0/env")?;
    let mut variables = variables.as_array()?.iter();
    let bucket = variables.find(|variable| variable["name"] == BUCKET_VARIABLE)?;
    bucket["value"].as_str().map(str::to_owned)
}

fn account(object: &Object) -> Option<String> {
    let account = object.is::<ServiceAccount>().then_some(&object.value)?;
    let email = &account["metadata"]["annotations"][WORKLOAD_IDENTITY];
    email.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{Billed, Object};

    fn objects() -> [Object; 2] {
        [
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
                "spec": {"template": {"spec": {"containers": [
                    {"env": [{"name": "GSBUCKET", "value": "my-bucket"}]}]}}}}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a",
                "annotations": {"iam.gke.io/gcp-service-account": "sax@p.iam.gserviceaccount.com"}}}),
        ]
        .map(Object::from_value)
    }

    #[test]
    fn what_stays_is_named_with_the_command_that_removes_it() {
        let pools = BTreeMap::from([("tpu1".to_owned(), 8), ("tpu2".to_owned(), 8)]);
        let text = Billed::of_objects(Some(pools), &objects()).to_string();
        for command in [
            "gcloud container node-pools delete tpu1 ",
            "gcloud container node-pools delete tpu2 ",
            "gcloud storage rm --recursive gs://my-bucket",
            "gcloud iam service-accounts delete sax@p.iam.gserviceaccount.com",
        ] {
            assert!(text.contains(command), "{text}");
        }
        let unknown = Billed::of_objects(None, &objects()).to_string();
        assert!(
            unknown.contains("gcloud container node-pools list"),
            "{unknown}"
        );
    }
}
