//! `generate`, `chat`, `score` and `embed`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Output, OutputParser, SaxFlags};
use crate::completion;
use crate::duration::parse_duration;
use crate::sax::{ExtraFlags, ModelName, parse_model};

/// Whom to ask, and how long an answer may take.
#[derive(Debug, Args)]
pub(crate) struct AskFlags {
    /// Model: /sax/test/spmd, test/spmd, or spmd
    #[arg(value_parser = parse_model, add = completion::published())]
    pub(crate) model: ModelName,

    /// How long an answer may take
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Wait first until a replica is loaded, for as long as this
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "20m",
        value_parser = parse_duration
    )]
    pub(crate) wait: Option<Duration>,
}

/// Have a model go on with a text.
///
/// Each prompt gets an answer of its own. A model that isn't loaded is told at once, with how far
/// it is: Saxml itself would let the request hang.
#[derive(Debug, Args)]
#[command(after_help = GENERATE_EXAMPLES)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    pub(crate) ask: AskFlags,

    /// Prompts; `-` is what stdin has, as one prompt
    #[arg(required = true, value_name = "PROMPT")]
    pub(crate) prompts: Vec<String>,

    /// Take each line of stdin as a prompt of its own
    #[arg(long)]
    pub(crate) lines: bool,

    /// How many answers to print, best first as the server has them
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) answers: u16,

    /// Print the answer piece by piece as it is made, where the model can do that
    #[arg(long)]
    pub(crate) stream: bool,

    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<AnswerFormat>::new(),
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<AnswerFormat>,

    #[command(flatten)]
    pub(crate) extras: ExtraFlags,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

/// Talk with a model, line by line.
///
/// What was said before is sent along, as lines that begin with `User:` and `Model:`; Saxml knows
/// no other form of conversation. It ends with the end of the input, or with /exit; /clear forgets
/// what was said.
#[derive(Debug, Args)]
#[command(after_help = CHAT_EXAMPLES)]
pub(crate) struct ChatArgs {
    #[command(flatten)]
    pub(crate) ask: AskFlags,

    /// Text before the conversation
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// Send each line as it is, without what was said before
    #[arg(long, conflicts_with = "system")]
    pub(crate) plain: bool,

    #[command(flatten)]
    pub(crate) extras: ExtraFlags,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

/// Say how likely texts are after another.
///
/// The score of a suffix is the logarithm of its likelihood after the prefix, as the model sees it.
#[derive(Debug, Args)]
#[command(after_help = SCORE_EXAMPLES)]
pub(crate) struct ScoreArgs {
    #[command(flatten)]
    pub(crate) ask: AskFlags,

    /// Text before
    pub(crate) prefix: String,

    /// Texts after it, each scored on its own
    #[arg(required = true, value_name = "SUFFIX")]
    pub(crate) suffixes: Vec<String>,

    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<ValueFormat>::new(),
        default_value = "table",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<ValueFormat>,

    #[command(flatten)]
    pub(crate) extras: ExtraFlags,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

/// Have a model turn texts into vectors.
#[derive(Debug, Args)]
#[command(after_help = EMBED_EXAMPLES)]
pub(crate) struct EmbedArgs {
    #[command(flatten)]
    pub(crate) ask: AskFlags,

    /// Texts; `-` is what stdin has
    #[arg(required = true, value_name = "TEXT")]
    pub(crate) texts: Vec<String>,

    /// Take each line of stdin as a text of its own
    #[arg(long)]
    pub(crate) lines: bool,

    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<ValueFormat>::new(),
        default_value = "json",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<ValueFormat>,

    #[command(flatten)]
    pub(crate) extras: ExtraFlags,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// The texts
    #[default]
    Text,
    /// With prompts, scores and times, for programs
    Json,
    /// The same for people and programs
    Yaml,
}

/// How numbers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ValueFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For people and programs
    Yaml,
}

const GENERATE_EXAMPLES: &str = "\
Examples:
  kubectl sax generate spmd 'How many days are in a week?'
  cat prompt.txt | kubectl sax generate spmd - --temperature 0.5 --max-decode-steps 64
  kubectl sax generate spmd --lines - -o json < prompts.txt
  kubectl sax generate spmd 'Hello' --endpoint http://127.0.0.1:8888 --cell test";

const CHAT_EXAMPLES: &str = "\
Examples:
  kubectl sax chat llama --system 'You answer in one sentence.' --temperature 0.7";

const SCORE_EXAMPLES: &str = "\
Examples:
  kubectl sax score spmd 'A week has' ' seven days' ' ten days'";

const EMBED_EXAMPLES: &str = "\
Examples:
  kubectl sax embed spmd 'How many days are in a week?' -o json";
