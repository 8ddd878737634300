//! `models`: the catalogue of model classes.

use serde::Serialize;

use crate::cli::{DescribeModelArgs, ListModelsArgs, ModelsFormat, ModelsVerb, Output};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::{Description, PlanError, classes, classes_table};
use crate::printer::Printer;
use crate::render::{pretty_json, pretty_yaml, templated};
use crate::template::Unprintable;

pub(super) fn run(verb: &ModelsVerb, printer: &Printer) -> Result<Exit, Failure> {
    let text = match verb {
        ModelsVerb::List(args) => list(args, printer)?,
        ModelsVerb::Describe(args) => describe(args, printer)?,
    };
    printer.data(&text)?;
    Ok(Exit::Fine)
}

fn list(args: &ListModelsArgs, printer: &Printer) -> Result<String, Unprintable> {
    let classes = classes(args.image_version);
    Ok(match &args.output {
        Output::Named(ModelsFormat::Table) => classes_table(&classes, printer),
        Output::Named(ModelsFormat::Name) => classes
            .iter()
            .map(|class| format!("{}\n", class.name))
            .collect(),
        output => data(&List { models: &classes }, output)?,
    })
}

fn describe(args: &DescribeModelArgs, printer: &Printer) -> Result<String, Failure> {
    let description = Description::of(&args.class, args.image_version);
    let description = description.map_err(|cause| PlanError::Model {
        class: args.class.clone(),
        cause,
    })?;
    Ok(match &args.output {
        Output::Named(ModelsFormat::Table) => description.table(printer),
        Output::Named(ModelsFormat::Name) => format!("{}\n", description.class.name),
        output => data(&description, output)?,
    })
}

/// What `-o json` and `-o yaml` print of several.
#[derive(Serialize)]
struct List<'a, T> {
    models: &'a [T],
}

fn data(value: &impl Serialize, output: &Output<ModelsFormat>) -> Result<String, Unprintable> {
    Ok(match output {
        Output::Template(template) => templated(value, template)?,
        Output::Named(ModelsFormat::Yaml) => pretty_yaml(value),
        _ => pretty_json(value),
    })
}
