//! `status`.

use clap::{Args, ValueEnum};
use kube::core::Selector;

use super::{Output, OutputParser};
use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::selector::parse_selector;

/// Say what runs on TPUs, where it stands, and why it waits.
///
/// Every JobSet and other workload that asks for TPU chips, with its slices: Pods ready of total,
/// restarts, node pool. A slice that waits says why, for every node pool that it could go to.
/// Below them the namespace's Sax cell: its models, and how far each server is by its own word.
/// Where Saxml doesn't answer within 4 s, one line says so, and all else is shown.
/// Exit status 125 means that the workload named by NAME has failed for good.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    /// Name of a JobSet, Job, StatefulSet, LeaderWorkerSet, Pod or deployment; without it all
    /// of the namespace are shown
    #[arg(add = completion::workloads())]
    pub(crate) name: Option<String>,

    /// Show the workloads of all namespaces
    #[arg(short = 'A', long, conflicts_with_all = ["name", "namespace"])]
    pub(crate) all_namespaces: bool,

    /// Show those whose labels this selects, such as app=sax,env!=test; of what no JobSet or Job
    /// stands behind the Pods' labels count
    #[arg(short = 'l', long, value_name = "SELECTOR", value_parser = parse_selector, conflicts_with = "name")]
    pub(crate) selector: Option<Selector>,

    /// Go on and show every change
    #[arg(short, long)]
    pub(crate) watch: bool,

    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<StatusFormat>::new(),
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<StatusFormat>,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// How a status is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum StatusFormat {
    /// For people
    #[default]
    Text,
    /// With topology key, priority, place in the queue and nodes
    Wide,
    /// For programs
    Json,
    /// For people and programs
    Yaml,
    /// Kinds and names
    Name,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax status
  kubectl sax status sax-model-server-set -w
  kubectl sax status -A -o wide";
