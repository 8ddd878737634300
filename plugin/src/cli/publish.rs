//! `publish`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{DryRunFlag, SaxFlags};
use crate::completion;
use crate::duration::parse_duration;
use crate::sax::{ModelName, parse_model};

/// Publish a model: have model servers load it.
///
/// Saxml takes any model, and says nothing of one that no server can serve; so it is checked before
/// that enough idle servers have exactly the devices that the class needs. With --wait it shows
/// each replica until all are loaded, by the word of the model servers themselves: the admin server
/// counts a server from its assignment on. It ends at once with 125 where a server fails to load it
/// or none can, with the server's reason.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, mut_arg("dry_run", super::without_dry_run))]
pub(crate) struct PublishArgs {
    /// Model to make: /sax/test/spmd, test/spmd, or spmd
    #[arg(value_parser = parse_model)]
    pub(crate) model: ModelName,

    /// Model class, such as lm_cloud.LmCloudSpmd175B32Test; the beginning
    /// saxml.server.pax.lm.params. may be left out
    #[arg(long, value_name = "CLASS", add = completion::classes())]
    pub(crate) path: String,

    /// Folder of the checkpoint, or None [default: None for a test class, whose weights are
    /// random]
    #[arg(long, value_name = "PATH")]
    pub(crate) checkpoint: Option<String>,

    /// How many model servers are to have it
    #[arg(long, value_name = "NUMBER", default_value_t = 1, allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(0..))]
    pub(crate) replicas: i32,

    /// Override one of the class's settings with a JSON value, such as BATCH_SIZE=32; repeat for
    /// several
    #[arg(long = "set", value_name = "KEY=JSON", value_parser = parse_override)]
    pub(crate) overrides: Vec<(String, String)>,

    /// Wait until all replicas are loaded
    #[arg(long)]
    pub(crate) wait: bool,

    /// How long to wait; 0 looks once
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Unpublish a model of this name first, which stops its serving
    #[arg(long)]
    pub(crate) replace: bool,

    /// Don't check whether model servers can serve it
    #[arg(long)]
    pub(crate) unchecked: bool,

    /// Don't ask before --replace unpublishes
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

/// How a changed model is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelFormat {
    /// For programs
    Json,
    /// For people and programs
    Yaml,
    /// Its id
    Name,
}

/// Reads `KEY=JSON`: Saxml takes the text as it is, and refuses what is no JSON only while it
/// loads the model.
pub(crate) fn parse_override(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or("must be KEY=JSON, such as BATCH_SIZE=32")?;
    match serde_json::from_str::<serde_json::Value>(value) {
        Ok(_) => Ok((key.to_owned(), value.to_owned())),
        Err(_) => Err(format!(
            "{value:?} is no JSON; a text needs its quotes: '{key}=\"{}\"'",
            value.replace('"', "")
        )),
    }
}

const EXAMPLES: &str = "\
Examples:
  kubectl sax publish spmd --path lm_cloud.LmCloudSpmd175B32Test --replicas 2 --wait
  kubectl sax publish /sax/test/llama --path lm_cloud.LLaMA7BFP16TPUv5e \\
      --checkpoint gs://my-bucket/llama/checkpoint_00000000 --set BATCH_SIZE=32
  kubectl sax publish spmd --path lm_cloud.LmCloudSpmd2BTest --dry-run=server";

#[cfg(test)]
mod tests {
    use super::parse_override;

    #[test]
    fn overrides_are_json_and_texts_need_quotes() {
        for text in [
            "BATCH_SIZE=32",
            "B=[256,512]",
            "E={\"a\":0}",
            "S=\"x\"",
            "N=null",
        ] {
            assert!(parse_override(text).is_ok(), "{text}");
        }
        let error = parse_override("S=x").expect_err("must be refused");
        assert_eq!(
            error,
            "\"x\" is no JSON; a text needs its quotes: 'S=\"x\"'"
        );
        for text in ["S", "=1", "S=", "S={"] {
            assert!(parse_override(text).is_err(), "{text}");
        }
    }
}
