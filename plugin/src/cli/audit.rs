//! `audit`.

use clap::{Args, ValueEnum};
use kube::core::Selector;

use super::PolicyFiles;
use crate::cluster::ConnectionFlags;
use crate::selector::parse_selector;

/// Judge what is in the cluster already, by the policies in force.
///
/// Every object of the kinds that the policies ask for is judged as if it were created now: what
/// would be denied, what would be warned of, and how many fields would be filled in. Objects that
/// another judged object controls, such as a JobSet's Jobs, are judged with it. Nothing is changed.
/// Lists are read page by page, one at a time. What a policy of the cluster is granted to read is
/// read with your own rights; where you may not list it, that is said and nothing is judged.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AuditArgs {
    /// Judge the objects of all namespaces, and those that have none
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub(crate) all_namespaces: bool,

    /// Judge those whose labels this selects, such as app=sax,env!=test
    #[arg(short = 'l', long, value_name = "SELECTOR", value_parser = parse_selector)]
    pub(crate) selector: Option<Selector>,

    /// Let warnings fail the run too
    #[arg(long)]
    pub(crate) strict: bool,

    #[command(flatten)]
    pub(crate) policies: PolicyFiles,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: AuditFormat,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// How an audit is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum AuditFormat {
    /// For people
    #[default]
    Text,
    /// As `lint` prints it
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// PolicyReports (wgpolicyk8s.io/v1alpha2), one for each namespace, as `kubectl apply` takes them
    #[value(name = "policyreport")]
    PolicyReport,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax audit
  kubectl sax audit -A --strict
  kubectl sax audit -A -o policyreport | kubectl apply -f -";
