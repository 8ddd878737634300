//! `deploy`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{DryRunFlag, Output, OutputParser, PolicyFiles};
use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::duration::parse_duration;
use crate::values::ValuesFlags;

/// Plan, check and apply a Saxml deployment.
///
/// From a model class or a slice it derives every number, makes a ServiceAccount, an admin
/// server, a JobSet of model servers, an HTTP server and its Service, judges them by the same
/// policies as the cluster's webhook, and applies them server-side in this order. Applying the
/// same again changes nothing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeployArgs {
    /// Name of the deployment; the objects' names begin with it. The values file may have it
    #[arg(add = completion::deployments())]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) values: ValuesFlags,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Output format
    #[arg(short, long, value_parser = OutputParser::<ObjectFormat>::new(), value_name = "FORMAT")]
    pub(crate) output: Option<Output<ObjectFormat>>,

    /// Wait until the admin server, all model servers and the HTTP server run
    #[arg(long)]
    pub(crate) wait: bool,

    /// How long to wait, here and for what --replace deletes; 0 looks once
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Delete and make again what can't be changed in place, such as a JobSet's number of slices:
    /// its model servers stop. Says what is lost and asks before
    #[arg(long)]
    pub(crate) replace: bool,

    /// Don't ask before --replace deletes
    #[arg(short, long, requires = "replace")]
    pub(crate) yes: bool,

    /// Take fields that other managers own
    #[arg(long)]
    pub(crate) force_conflicts: bool,

    /// Who owns the fields afterwards
    #[arg(long, value_name = "NAME", default_value = "kubectl-sax")]
    pub(crate) field_manager: String,

    #[command(flatten)]
    pub(crate) policies: PolicyFiles,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// How objects are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ObjectFormat {
    /// Documents that `kubectl apply` takes
    Yaml,
    /// A List
    Json,
    /// Kinds and names
    Name,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax deploy sax --model lm_cloud.LmCloudSpmd175B32Test --replicas 2 \\
    --bucket my-bucket --wait
  kubectl sax deploy sax --slice v5e:4x8 --bucket my-bucket --dry-run=client -o yaml
  kubectl sax deploy -f ./sax/values.yaml --replicas 3 --replace --wait";
