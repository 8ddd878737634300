//! `models list` and `models describe`.

use clap::{Args, Subcommand, ValueEnum};
use tpu::sax::ImageVersion;

use super::{Output, OutputParser};
use crate::completion;

/// Look at the model classes that Saxml registers.
///
/// The catalogue is part of the plugin and needs no cluster: the classes of
/// saxml.server.pax.lm.params in each image version, with their size and the numbers of devices
/// on which they run.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsVerb {
    /// List the model classes
    List(ListModelsArgs),
    /// Describe a model class and the slices that can serve it
    Describe(DescribeModelArgs),
}

/// List the model classes.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ListModelsArgs {
    /// Only what images of this version have: v1.1.0, v1.2.0 or nightly
    #[arg(long, value_name = "TAG", value_parser = parse_version)]
    pub(crate) image_version: Option<ImageVersion>,

    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<ModelsFormat>::new(),
        default_value = "table",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<ModelsFormat>,
}

/// Describe a model class and the slices that can serve it.
#[derive(Debug, Args)]
#[command(after_help = DESCRIBE_EXAMPLES)]
pub(crate) struct DescribeModelArgs {
    /// The class, with or without saxml.server.pax.lm.params.
    #[arg(add = completion::classes())]
    pub(crate) class: String,

    /// The class as images of this version have it: v1.1.0, v1.2.0 or nightly [default: the
    /// oldest that has it]
    #[arg(long, value_name = "TAG", value_parser = parse_version)]
    pub(crate) image_version: Option<ImageVersion>,

    /// Output format
    #[arg(
        short,
        long,
        value_parser = OutputParser::<ModelsFormat>::new(),
        default_value = "table",
        value_name = "FORMAT"
    )]
    pub(crate) output: Output<ModelsFormat>,
}

/// How classes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ModelsFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For people and programs
    Yaml,
    /// Names, as `plan` and `deploy --model` take them
    Name,
}

fn parse_version(tag: &str) -> Result<ImageVersion, String> {
    ImageVersion::from_tag(tag).ok_or_else(|| {
        let known = ImageVersion::ALL.map(ImageVersion::tag).join(", ");
        let meant = ImageVersion::from_tag(&format!("v{tag}"));
        let hint = meant.map_or_else(String::new, |meant| {
            format!("; did you mean {}?", meant.tag())
        });
        format!("the classes of these images aren't known, only those of {known}{hint}")
    })
}

const LIST_EXAMPLES: &str = "\
Examples:
  kubectl sax models list
  kubectl sax models list --image-version v1.2.0 -o name";

const DESCRIBE_EXAMPLES: &str = "\
Examples:
  kubectl sax models describe lm_cloud.LmCloudSpmd175B32Test
  kubectl sax models describe gemma.Gemma7BFP16 --image-version v1.2.0 -o yaml";
