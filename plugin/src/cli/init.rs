//! `init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::PolicyFiles;
use crate::cluster::ConnectionFlags;
use crate::values::ValuesFlags;

/// Write what `deploy` would apply as files.
///
/// A folder for `kubectl apply -k`, or a Helm chart: manifests in which every number is computed
/// and says where it comes from, values.yaml of which `kubectl sax deploy -f` makes the same
/// objects, and the values' JSON Schema. The files are written all or none, after the same
/// policies as the cluster's webhook have judged them; no cluster is asked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InitArgs {
    /// Folder to write to, or - for the manifests on stdout
    #[arg(value_name = "DIR|-", required_unless_present = "schema")]
    pub(crate) folder: Option<PathBuf>,

    /// Name of the deployment; the objects' names begin with it [default: sax]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) values: ValuesFlags,

    /// What the folder is for
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: LayoutFormat,

    /// Replace files that are there
    #[arg(long)]
    pub(crate) force: bool,

    /// Print the JSON Schema of values.yaml, and nothing else
    #[arg(long, exclusive = true)]
    pub(crate) schema: bool,

    #[command(flatten)]
    pub(crate) policies: PolicyFiles,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LayoutFormat {
    /// `kubectl apply -k`
    #[default]
    Kustomize,
    /// `helm install`
    Helm,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax init ./sax --model lm_cloud.LmCloudSpmd175B32Test --replicas 2 --bucket my-bucket
  kubectl sax init ./sax-chart --format helm --slice v5e:4x8 --bucket my-bucket
  kubectl sax init - --params 70B --dtype int8 --hbm-headroom 20% --bucket my-bucket
  kubectl sax init --schema";
