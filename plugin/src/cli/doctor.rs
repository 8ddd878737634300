//! `doctor`.

use std::path::PathBuf;

use clap::Args;

use super::TextOrJson;
use crate::cluster::ConnectionFlags;
use crate::completion;

/// Say what is wrong with a deployment, or with the cluster before there is one.
///
/// The verdict comes first, then every problem with what was found and the command that mends it.
/// Nothing is changed: a JobSet is created as a dry run, to see whether JobSet answers. What the
/// policies judge carries their code (`kubectl sax explain CODE`). Exit status 2 means at least
/// one problem.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Name of a deployment or workload; without it all of Sax in the namespace is looked at
    #[arg(add = completion::workloads())]
    pub(crate) name: Option<String>,

    /// Look at what a deployment needs before there is one: permissions, JobSet, node pools,
    /// namespace
    #[arg(long)]
    pub(crate) preflight: bool,

    /// Write the report, the objects, Events and the ends of the logs to this zip file, without
    /// Secrets and without what looks like one
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,

    /// Leave in the bundle what looks like a secret
    #[arg(long, requires = "bundle")]
    pub(crate) no_redact: bool,

    /// Let warnings count as problems
    #[arg(long)]
    pub(crate) strict: bool,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TextOrJson,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax doctor --preflight
  kubectl sax doctor sax
  kubectl sax doctor sax --bundle sax.zip";
