//! `topology`.

use clap::{Args, ValueEnum};

use crate::cluster::ConnectionFlags;

/// Draw the TPU node pools, their nodes and what stands on them.
///
/// One cell for each node: a letter for each workload there, `.` where all chips are free, `x`
/// where no Pod can go.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TopologyArgs {
    /// Draw only nodes with these labels, such as cloud.google.com/gke-nodepool=tpu1
    #[arg(short = 'l', long, value_name = "LABELS")]
    pub(crate) selector: Option<String>,

    /// Label whose values are the domains
    #[arg(long, value_name = "LABEL", default_value = tpu::keys::NODE_POOL_LABEL)]
    pub(crate) topology_key: String,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TopologyFormat,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// How a topology is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum TopologyFormat {
    /// In the terminal
    #[default]
    Text,
    /// For programs
    Json,
    /// As a picture
    Svg,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax topology
  kubectl sax topology -l cloud.google.com/gke-tpu-topology=4x8
  kubectl sax topology -o svg > pools.svg";
