//! `scale`.

use std::time::Duration;

use clap::Args;

use super::{DryRunFlag, ObjectFormat, Output, OutputParser, PolicyFiles};
use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::duration::parse_duration;

/// Change the number of a deployment's model servers.
///
/// A JobSet's number of slices can't be changed in place, so its model servers stop and as many
/// as asked for start: it says what is lost and asks before. With the number that is there already
/// nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ScaleArgs {
    /// Name of the deployment
    #[arg(add = completion::deployments())]
    pub(crate) name: String,

    /// Model servers, each on a slice of its own
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) replicas: u32,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Output format
    #[arg(short, long, value_parser = OutputParser::<ObjectFormat>::new(), value_name = "FORMAT")]
    pub(crate) output: Option<Output<ObjectFormat>>,

    /// How long to wait until the model servers are gone
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Don't ask before model servers stop
    #[arg(short, long)]
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

const EXAMPLES: &str = "\
Examples:
  kubectl sax scale sax --replicas 3
  kubectl sax scale sax --replicas 1 -n serving -y";
