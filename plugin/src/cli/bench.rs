//! `bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::generate::AskFlags;
use super::{Output, OutputParser, SaxFlags};
use crate::duration::parse_duration;
use crate::sax::ExtraFlags;

/// Measure how fast a model answers.
///
/// Sends prompts from several callers side by side, each its next one when the last is answered,
/// and prints percentiles of the time to the whole answer with a picture of how they are spread.
/// What fails counts as failed and not into the percentiles.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) ask: AskFlags,

    /// Prompts, sent in turn; `-` is what stdin has
    #[arg(value_name = "PROMPT", default_value = "How many days are in a week?")]
    pub(crate) prompts: Vec<String>,

    /// Take each line of stdin as a prompt of its own
    #[arg(long)]
    pub(crate) lines: bool,

    /// Callers side by side
    #[arg(short, long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,

    /// How long to send prompts; those that are under way are waited for
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) duration: Duration,

    /// How many prompts to send at most
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) requests: Option<u32>,

    /// Write the picture to this file, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<BenchFormat>::new(),
        default_value = "table",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<BenchFormat>,

    #[command(flatten)]
    pub(crate) extras: ExtraFlags,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

/// How measurements are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum BenchFormat {
    /// For people, with a picture
    #[default]
    Table,
    /// For programs
    Json,
    /// For people and programs
    Yaml,
    /// The picture as SVG
    Svg,
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax bench spmd --concurrency 4 --duration 30s
  kubectl sax bench spmd 'Hello' --requests 100 -o json
  kubectl sax bench spmd --svg latency.svg";
