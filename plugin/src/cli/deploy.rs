//! `deploy`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{DryRunFlag, PolicyFiles};
use crate::cluster::ConnectionFlags;
use crate::duration::parse_duration;
use crate::scaffold::Expose;

/// Plan, check and apply a Saxml deployment.
///
/// From a model class or a slice it derives every number, makes a ServiceAccount, an admin
/// server, a JobSet of model servers, an HTTP server and its Service, judges them by the same
/// policies as the cluster's webhook, and applies them server-side in this order. Applying the
/// same again changes nothing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeployArgs {
    /// Name of the deployment; the objects' names begin with it
    pub(crate) name: String,

    /// Saxml model class, such as lm_cloud.LmCloudSpmd175B32Test; it decides the slice where
    /// none is named
    #[arg(long, value_name = "CLASS")]
    pub(crate) model: Option<String>,

    /// Slice behind each model server, such as v5e:4x8
    #[arg(long, value_name = "ACCELERATOR:TOPOLOGY")]
    pub(crate) slice: Option<String>,

    /// Model servers, each on a slice of its own
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) replicas: u32,

    /// Cloud Storage bucket for the cell's state, without gs://
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: String,

    /// Sax cell: /sax/ and a name
    #[arg(long, value_name = "CELL", default_value = "/sax/test")]
    pub(crate) cell: String,

    /// Google service account that the Pods act as
    #[arg(long, value_name = "EMAIL")]
    pub(crate) google_service_account: Option<String>,

    /// Kubernetes service account of the Pods [default: NAME-sa]
    #[arg(long, value_name = "NAME")]
    pub(crate) service_account: Option<String>,

    /// Who reaches the HTTP server, which has no authentication
    #[arg(long, value_enum, default_value_t, value_name = "WHO")]
    pub(crate) expose: Expose,

    /// Version of the published images [default: v1.1.0, as in Google's tutorial]
    #[arg(long, value_name = "TAG")]
    pub(crate) image_version: Option<String>,

    /// Image of the admin server
    #[arg(long, value_name = "IMAGE")]
    pub(crate) admin_image: Option<String>,

    /// Image of the model servers
    #[arg(long, value_name = "IMAGE")]
    pub(crate) model_image: Option<String>,

    /// Image of the HTTP server
    #[arg(long, value_name = "IMAGE")]
    pub(crate) http_image: Option<String>,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<ObjectFormat>,

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
  kubectl sax deploy sax --slice v5e:4x8 --bucket my-bucket --dry-run=client -o yaml";
