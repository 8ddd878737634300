//! `get`.

use clap::{Args, Subcommand, ValueEnum};

use super::{Output, OutputParser, SaxFlags};
use crate::completion;
use crate::sax::{ModelName, parse_model};

/// Look at a cell: its models, model servers and slices.
///
/// Whether a model is loaded, its model servers are asked, one by one; the admin server doesn't
/// know it.
#[derive(Debug, Subcommand)]
pub(crate) enum GetVerb {
    /// Published models, and how far their servers are
    #[command(visible_alias = "model", after_help = MODELS_EXAMPLES)]
    Models(GetModelsArgs),
    /// Model servers, and what they hold
    #[command(visible_alias = "server", after_help = SERVERS_EXAMPLES)]
    Servers(GetArgs),
    /// Cells of the namespace
    #[command(visible_alias = "cell", after_help = CELLS_EXAMPLES)]
    Cells(GetArgs),
    /// Slices behind the model servers
    #[command(visible_alias = "slice", after_help = SLICES_EXAMPLES)]
    Slices(GetArgs),
}

/// Which models, and how they are printed.
#[derive(Debug, Args)]
pub(crate) struct GetModelsArgs {
    /// Models: /sax/test/spmd, test/spmd, or spmd; without it all of the cell
    #[arg(value_name = "MODEL", value_parser = parse_model, add = completion::published())]
    pub(crate) models: Vec<ModelName>,

    #[command(flatten)]
    pub(crate) get: GetArgs,
}

/// How it is printed, and who is asked.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<GetFormat>::new(),
        default_value = "table",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<GetFormat>,

    /// Look at the cells of all namespaces
    #[arg(short = 'A', long, conflicts_with_all = ["admin", "endpoint"])]
    pub(crate) all_namespaces: bool,

    /// Go on, and print each row again when it changes, until Ctrl-C; what is gone is printed a
    /// last time with the state Gone. Every look has its own deadline (--request-timeout)
    #[arg(short, long)]
    pub(crate) watch: bool,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

/// How it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum GetFormat {
    /// For people
    #[default]
    Table,
    /// With addresses, checkpoints and overrides
    Wide,
    /// For programs
    Json,
    /// For people and programs
    Yaml,
    /// Names
    Name,
}

const MODELS_EXAMPLES: &str = "\
Examples:
  kubectl sax get models
  kubectl sax get models -A
  kubectl sax get models spmd -w
  kubectl sax get models spmd -o jsonpath='{.models[0].phase}'";

const SERVERS_EXAMPLES: &str = "\
Examples:
  kubectl sax get servers
  kubectl sax get servers -w
  kubectl sax get servers --admin 127.0.0.1:10000 -o json";

const CELLS_EXAMPLES: &str = "\
Examples:
  kubectl sax get cells -n serving
  kubectl sax get cells -A";

const SLICES_EXAMPLES: &str = "\
Examples:
  kubectl sax get slices -o wide
  kubectl sax get slices -A -w";
