//! `policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::TextOrJson;

/// Test, run and inspect policies with the cluster's engine.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyVerb {
    /// Run a policy's cases
    Test(TestArgs),
    /// Ask one policy about a manifest
    Run(RunArgs),
    /// Show what a policy says of itself
    Inspect(InspectArgs),
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
