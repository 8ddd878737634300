//! `lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::PolicyFiles;

/// Judge manifests as the cluster would, without a cluster.
///
/// The policies are those of the webhook, run by the same engine, and the findings are the same
/// byte for byte. All objects of one run are also judged together.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LintArgs {
    /// File, folder or `-` for stdin; repeat for several
    #[arg(
        short = 'f',
        long = "filename",
        value_name = "FILE",
        required_unless_present = "kustomize",
        conflicts_with = "kustomize"
    )]
    pub(crate) filename: Vec<PathBuf>,

    /// Folder with a kustomization, rendered by kubectl
    #[arg(short = 'k', long, value_name = "FOLDER")]
    pub(crate) kustomize: Option<PathBuf>,

    /// Read folders with all folders below them
    #[arg(
        short = 'R',
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        action = clap::ArgAction::Set
    )]
    pub(crate) recursive: bool,

    /// Namespace of objects that don't say theirs
    #[arg(short = 'n', long, value_name = "NAME", default_value = "default")]
    pub(crate) namespace: String,

    /// Let warnings fail the run too
    #[arg(long)]
    pub(crate) strict: bool,

    #[command(flatten)]
    pub(crate) policies: PolicyFiles,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: LintFormat,
}

/// How `lint` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LintFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for test reports
    Junit,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax lint -f jobset.yaml
  kubectl sax lint -k overlays/prod --strict
  helm template . | kubectl sax lint -f - -o json";
