//! `update` and `unpublish`.

use std::time::Duration;

use clap::Args;

use super::publish::parse_override;
use super::{DryRunFlag, ModelFormat, SaxFlags};
use crate::completion;
use crate::duration::parse_duration;
use crate::sax::{ModelName, parse_model};

/// Change a published model, and keep what isn't named.
///
/// Saxml replaces all of a model with what it is sent, so what is published is read first, and sent
/// again with the change. It warns where the change makes model servers load the model again, or
/// has no effect until they do.
#[derive(Debug, Args)]
#[command(after_help = UPDATE_EXAMPLES, mut_arg("dry_run", super::without_dry_run))]
pub(crate) struct UpdateArgs {
    /// Model: /sax/test/spmd, test/spmd, or spmd
    #[arg(value_parser = parse_model, add = completion::published())]
    pub(crate) model: ModelName,

    #[command(flatten)]
    pub(crate) change: ChangeFlags,

    /// Refused: a published model keeps its class
    #[arg(long, value_name = "CLASS", hide = true, value_parser = another_class)]
    path: Option<String>,

    /// Wait until all replicas are loaded
    #[arg(long)]
    pub(crate) wait: bool,

    /// How long to wait; 0 looks once
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Don't ask where an HTTP server would lose overrides
    #[arg(short, long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<ModelFormat>,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

/// No version of Saxml changes a class.
fn another_class(class: &str) -> Result<String, String> {
    Err(format!(
        "a published model keeps its class; fix: publish it anew with `kubectl sax publish MODEL \
         --path {class} --replace`"
    ))
}

/// What changes.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct ChangeFlags {
    /// How many model servers are to have it
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(0..))]
    pub(crate) replicas: Option<i32>,

    /// Folder of the checkpoint; servers of v1.1.0 and v1.2.0 refuse another one
    #[arg(long, value_name = "PATH")]
    pub(crate) checkpoint: Option<String>,

    /// Override one of the class's settings with a JSON value; repeat for several
    #[arg(long = "set", value_name = "KEY=JSON", value_parser = parse_override)]
    pub(crate) overrides: Vec<(String, String)>,

    /// Take an override back; repeat for several
    #[arg(long = "unset", value_name = "KEY")]
    pub(crate) unset: Vec<String>,
}

const UPDATE_EXAMPLES: &str = "\
Examples:
  kubectl sax update spmd --replicas 2 --wait
  kubectl sax update /sax/test/llama --set BATCH_SIZE=64 --unset BUCKET_KEYS";

/// Unpublish a model: have its model servers forget it.
///
/// They answer no more about it within ten seconds, when the admin server acts next; a load that
/// goes on is finished first. With --wait it ends when the last of them has forgotten it.
#[derive(Debug, Args)]
#[command(after_help = UNPUBLISH_EXAMPLES, mut_arg("dry_run", super::without_dry_run))]
pub(crate) struct UnpublishArgs {
    /// Model: /sax/test/spmd, test/spmd, or spmd
    #[arg(value_parser = parse_model, add = completion::published())]
    pub(crate) model: ModelName,

    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Don't fail where no such model is published
    #[arg(long)]
    pub(crate) ignore_not_found: bool,

    /// Wait until no model server holds it
    #[arg(long)]
    pub(crate) wait: bool,

    /// How long to wait; 0 looks once
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) dry_run: DryRunFlag,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<ModelFormat>,

    #[command(flatten)]
    pub(crate) sax: SaxFlags,
}

const UNPUBLISH_EXAMPLES: &str = "\
Examples:
  kubectl sax unpublish spmd --wait
  kubectl sax unpublish /sax/test/llama -n serving -y";
