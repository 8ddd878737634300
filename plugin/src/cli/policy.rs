//! `policy`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{DryRunFlag, ObjectFormat, Output, OutputParser, TextOrJson};
use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::duration::parse_duration;

/// Test, run and inspect policies with the cluster's engine, and put them in force.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyVerb {
    /// Run a policy's cases
    Test(TestArgs),
    /// Ask one policy about a manifest
    Run(RunArgs),
    /// Show what a policy says of itself
    Inspect(InspectArgs),
    /// Put policies in force in the cluster
    Install(Box<InstallPolicyArgs>),
    /// Show the cluster's policies and how far they are in force
    List(Box<ListPoliciesArgs>),
    /// Take policies out of force
    Uninstall(Box<UninstallPolicyArgs>),
}

/// Run a policy's cases.
///
/// A case is a YAML file with an object and what the policy must say of it. They stand in the
/// folder `cases` beside the policy. A placement policy's choices stand in `choices`: a group, the
/// domains that could take it, and the order that is expected.
#[derive(Debug, Args)]
#[command(after_help = TEST_EXAMPLES)]
pub(crate) struct TestArgs {
    /// Folder of a policy (with policy.yaml or a .wasm file, and cases/ or choices/), a .wasm file,
    /// or the name of a built-in policy
    #[arg(value_name = "POLICY")]
    pub(crate) policy: String,

    /// Folder of the cases, choices among them [default: cases and choices beside the policy]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cases: Option<PathBuf>,

    /// Run only cases whose path matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub(crate) run: Option<String>,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TestFormat,
}

/// Ask one policy about a manifest.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct RunArgs {
    /// A .wasm file, a WasmPolicy document, or the name of a built-in policy
    #[arg(value_name = "POLICY")]
    pub(crate) policy: String,

    /// File, folder or `-` for stdin; repeat for several
    #[arg(short = 'f', long = "filename", value_name = "FILE", required = true)]
    pub(crate) filename: Vec<PathBuf>,

    /// The policy's settings: JSON, or a YAML or JSON file
    #[arg(long, value_name = "FILE|JSON")]
    pub(crate) settings: Option<String>,

    /// Namespace of objects that don't say theirs
    #[arg(short = 'n', long, value_name = "NAME", default_value = "default")]
    pub(crate) namespace: String,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: TextOrJson,
}

/// Show what a policy says of itself.
#[derive(Debug, Args)]
#[command(after_help = INSPECT_EXAMPLES)]
pub(crate) struct InspectArgs {
    /// A .wasm file, a WasmPolicy document, or the name of a built-in policy
    #[arg(value_name = "POLICY")]
    pub(crate) policy: String,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: InspectFormat,
}

/// Put policies in force in the cluster.
///
/// Each is checked here first, by the cluster's own engine: the component, its settings against its
/// schema, its limits. A component in a file goes into a ConfigMap of the webhook's namespace, named
/// after its digest, so that what is in force stays there until the new one has taken its place.
/// Installing an earlier file again is the way back.
#[derive(Debug, Args)]
#[command(after_help = INSTALL_EXAMPLES)]
pub(crate) struct InstallPolicyArgs {
    /// A .wasm file, a file or folder with WasmPolicy documents, the folder of a policy (with
    /// policy.yaml), or the name of a built-in policy
    #[arg(value_name = "POLICY", required = true)]
    pub(crate) policies: Vec<String>,

    /// Name of the policy in the cluster [default: the document's, or what a .wasm file says]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// What follows from its findings, whatever the document says
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) mode: Option<PolicyMode>,

    /// The policy's settings, whatever the document says: JSON, or a YAML or JSON file
    #[arg(long, value_name = "FILE|JSON")]
    pub(crate) settings: Option<String>,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Output format
    #[arg(short, long, value_parser = OutputParser::<ObjectFormat>::new(), value_name = "FORMAT")]
    pub(crate) output: Option<Output<ObjectFormat>>,

    /// Wait until every replica of the webhook judges by them
    #[arg(long)]
    pub(crate) wait: bool,

    /// How long to wait; 0 looks once
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Take fields that other managers own
    #[arg(long)]
    pub(crate) force_conflicts: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Show the cluster's policies and how far they are in force.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ListPoliciesArgs {
    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<PolicyListFormat>::new(),
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<PolicyListFormat>,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// Take policies out of force, and remove what install made of them.
///
/// A built-in policy whose place one took is in force again.
#[derive(Debug, Args)]
#[command(after_help = UNINSTALL_EXAMPLES)]
pub(crate) struct UninstallPolicyArgs {
    /// Names of policies in the cluster
    #[arg(value_name = "NAME", required = true, add = completion::policies())]
    pub(crate) names: Vec<String>,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Don't fail where there is no such policy
    #[arg(long)]
    pub(crate) ignore_not_found: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

/// What follows from a policy's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyMode {
    /// Denials deny
    Enforce,
    /// Denials become warnings
    Warn,
    /// Findings only go to the audit log
    Audit,
}

/// How the cluster's policies are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum PolicyListFormat {
    /// For people
    #[default]
    Text,
    /// With module, digest and replicas
    Wide,
    /// A List
    Json,
    /// Documents
    Yaml,
    /// Kinds and names
    Name,
}

/// How test results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum TestFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// JUnit XML, for test reports
    Junit,
}

/// How a description is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum InspectFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For people and programs
    Yaml,
}

const TEST_EXAMPLES: &str = "\
Examples:
  kubectl sax policy test policies/tpu-shape
  kubectl sax policy test ./my-policy --run TPU007 -o junit
  kubectl sax policy test ./my-placement --run '^choices/'";

const RUN_EXAMPLES: &str = "\
Examples:
  kubectl sax policy run tpu-shape -f jobset.yaml
  kubectl sax policy run my.wasm -f - --settings '{\"strict\": true}'";

const INSPECT_EXAMPLES: &str = "\
Examples:
  kubectl sax policy inspect tpu-shape
  kubectl sax policy inspect my.wasm -o json";

const INSTALL_EXAMPLES: &str = "\
Examples:
  kubectl sax policy install ./my-policy.wasm --mode audit --wait
  kubectl sax policy install my-policy.yaml --dry-run=server
  kubectl sax policy install tpu-shape --mode warn";

const LIST_EXAMPLES: &str = "\
Examples:
  kubectl sax policy list
  kubectl sax policy list -o wide";

const UNINSTALL_EXAMPLES: &str = "\
Examples:
  kubectl sax policy uninstall my-policy";
