//! `diff`.

use clap::Args;

use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::values::ValuesFlags;

/// Show what `deploy` would change in the cluster.
///
/// Each object as it is stored is compared with what the server would make of an apply, its
/// webhooks included, by a dry run that stores nothing. What couldn't be changed in place is
/// compared as a new object, and said. Exit status 0 means no difference, 1 a difference, more
/// than 1 an error, as with `kubectl diff`, whose variable KUBECTL_EXTERNAL_DIFF counts too.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DiffArgs {
    /// Name of the deployment. The values file may have it
    #[arg(add = completion::deployments())]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) values: ValuesFlags,

    /// Take fields that other managers own
    #[arg(long)]
    pub(crate) force_conflicts: bool,

    /// Who would own the fields afterwards
    #[arg(long, value_name = "NAME", default_value = "kubectl-sax")]
    pub(crate) field_manager: String,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax diff -f ./sax/values.yaml
  kubectl sax diff sax --model lm_cloud.LmCloudSpmd175B32Test --replicas 3 --bucket my-bucket";
