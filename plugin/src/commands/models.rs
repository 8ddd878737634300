//! `models`: the catalogue of model classes.

use serde::Serialize;

use crate::cli::{DescribeModelArgs, ListModelsArgs, ModelsFormat, ModelsVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::{Description, PlanError, classes, classes_table};
use crate::printer::Printer;
use crate::render::{pretty_json, pretty_yaml};

pub(super) fn run(verb: &ModelsVerb, printer: &Printer) -> Result<Exit, Failure> {
    let text = match verb {
        ModelsVerb::List(args) => list(args, printer),
        ModelsVerb::Describe(args) => describe(args, printer)?,
    };
    printer.data(&text)?;
    Ok(Exit::Fine)
}

fn list(args: &ListModelsArgs, printer: &Printer) -> String {
    let classes = classes(args.image_version);
    match args.output {
        ModelsFormat::Table => classes_table(&classes, printer),
        ModelsFormat::Name => classes
            .iter()
            .map(|class| format!("{}\n", class.name))
            .collect(),
        format => data(&List { models: &classes }, format),
    }
}

fn describe(args: &DescribeModelArgs, printer: &Printer) -> Result<String, Failure> {
    let description = Description::of(&args.class, args.image_version);
    let description = description.map_err(|cause| PlanError::Model {
        class: args.class.clone(),
        cause,
    })?;
    Ok(match args.output {
        ModelsFormat::Table => description.table(printer),
        ModelsFormat::Name => format!("{}\n", description.class.name),
        format => data(&description, format),
    })
}

/// What `-o json` and `-o yaml` print of several.
#[derive(Serialize)]
struct List<'a, T> {
    models: &'a [T],
}

fn data(value: &impl Serialize, format: ModelsFormat) -> String {
    match format {
        ModelsFormat::Yaml => pretty_yaml(value),
        _ => pretty_json(value),
    }
}
