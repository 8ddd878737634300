//! `plan`.

use clap::{Args, ValueEnum};

use super::{Output, OutputParser};
use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::plan::{Dtype, Headroom, Parameters};

/// Say what hardware a model needs, how to get it, and with --on-cluster where it would go.
///
/// From a class of the catalogue, a number of parameters or a slice it derives memory, chips,
/// machines, node pools and quota, says what else could serve the model and what couldn't, and
/// prints the Google Cloud commands that make it; none of them is run.
///
/// Without --on-cluster no cluster is asked. With it the slices are placed, as if they were
/// deployed now, by the code of the cluster's own placer: each slice with the node pool that it
/// would get, or with the reason for every pool why it would wait. Nothing is changed. Exit
/// status 1 means that a slice would wait.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PlanArgs {
    /// Saxml model class, such as lm_cloud.LmCloudSpmd175B32Test; it decides the slice where
    /// none is named
    #[arg(add = completion::classes())]
    pub(crate) model: Option<String>,

    /// Parameters of the model, such as 175B; for classes that the catalogue doesn't know, and
    /// instead of what it knows
    #[arg(long, value_name = "NUMBER")]
    pub(crate) params: Option<Parameters>,

    /// Type of the weights: f32, bf16, f16 or int8 [default: the class's own, else bf16]
    #[arg(long, value_name = "TYPE")]
    pub(crate) dtype: Option<Dtype>,

    /// Memory of a slice that the weights must leave free, such as 10% [default: 0%]
    #[arg(long, value_name = "PERCENT")]
    pub(crate) hbm_headroom: Option<Headroom>,

    /// Slice behind each model server, such as v5e:4x8
    #[arg(long, value_name = "ACCELERATOR:TOPOLOGY")]
    pub(crate) slice: Option<String>,

    /// Accelerator to choose a slice of, such as v4 [default: v5e]
    #[arg(long, value_name = "NAME", conflicts_with = "slice")]
    pub(crate) accelerator: Option<String>,

    /// Model servers, each on a slice of its own
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) replicas: u32,

    /// Version of the published images, which decides the model classes that exist
    /// [default: v1.1.0, as in Google's tutorial]
    #[arg(long, value_name = "TAG")]
    pub(crate) image_version: Option<String>,

    /// Say too where each slice would go in the cluster now
    #[arg(long)]
    pub(crate) on_cluster: bool,

    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<PlanFormat>::new(),
        default_value = "table",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<PlanFormat>,

    #[command(flatten)]
    pub(crate) site: SiteFlags,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// What the Google Cloud commands name. What isn't given is a shell variable that they check.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Google Cloud commands")]
pub(crate) struct SiteFlags {
    /// Project's id
    #[arg(long, value_name = "ID")]
    pub(crate) project: Option<String>,

    /// Zone of the cluster and its TPUs
    #[arg(long, value_name = "NAME")]
    pub(crate) zone: Option<String>,

    /// GKE cluster to which the node pools are added
    #[arg(long, value_name = "NAME")]
    pub(crate) gke_cluster: Option<String>,

    /// Cloud Storage bucket to make for the cell's state, without gs://
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: Option<String>,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For people and programs
    Yaml,
    /// The Google Cloud commands that make what it needs
    Gcloud,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax plan lm_cloud.LmCloudSpmd175B32Test --replicas 2
  kubectl sax plan gemma.Gemma7BFP16 --image-version v1.2.0 --accelerator v4
  kubectl sax plan --slice v5e:4x8 --replicas 3 --on-cluster
  kubectl sax plan --params 70B --dtype int8 -o json
  kubectl sax plan lm_cloud.LmCloudSpmd175B32Test -o gcloud --project my-project --zone us-west4-a";
