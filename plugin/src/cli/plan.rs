//! `plan`.

use clap::{Args, ValueEnum};

use crate::cluster::ConnectionFlags;

/// Say what hardware a model needs, and with --on-cluster where it would go.
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
    pub(crate) model: Option<String>,

    /// Slice behind each model server, such as v5e:4x8
    #[arg(long, value_name = "ACCELERATOR:TOPOLOGY")]
    pub(crate) slice: Option<String>,

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
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: PlanFormat,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
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
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax plan lm_cloud.LmCloudSpmd175B32Test --replicas 2
  kubectl sax plan --slice v5e:4x8 --replicas 3 --on-cluster";
