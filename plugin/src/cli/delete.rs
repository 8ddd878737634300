//! `delete`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::DryRunFlag;
use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::duration::parse_duration;

/// Delete a deployment: exactly the objects that carry its labels.
///
/// What `deploy`, or `kubectl apply` of what `init` wrote, has made carries the deployment's name;
/// nothing else is touched, whatever its name. Its models are unpublished first. Afterwards it says what is still billed, node pools
/// and bucket, with the commands that remove it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeleteArgs {
    /// Name of the deployment
    #[arg(add = completion::deployments())]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Don't fail where there is no such deployment
    #[arg(long)]
    pub(crate) ignore_not_found: bool,

    /// Unpublish its models first: else they stay in the cell's state, and are served again by
    /// whoever deploys there. It waits for half a minute at most, and goes on where its admin
    /// server can't be asked
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        action = clap::ArgAction::Set
    )]
    pub(crate) unpublish: bool,

    /// Wait until everything is gone
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        action = clap::ArgAction::Set
    )]
    pub(crate) wait: bool,

    /// How long to wait for each object
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<DeleteFormat>,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// How what is deleted is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeleteFormat {
    /// Kinds and names
    Name,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax delete sax
  kubectl sax delete sax -n serving --dry-run=server
  kubectl sax delete sax -y --wait=false";
