//! Results as text, JSON, YAML, SARIF, JUnit and SVG. Nothing here writes anywhere.

mod age;
mod audit;
mod bench;
mod bench_svg;
mod cells;
mod commented;
mod doctor;
mod explanation;
mod junit;
mod lint;
mod markdown;
mod plan;
mod sarif;
mod serving;
mod status;
mod table;
mod topology;
mod topology_svg;
mod wrap;
mod yaml;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::{ObjectFormat, Output};
use crate::scaffold::{Object, without_managed_fields};
use crate::template::{Template, Unprintable};

pub(crate) use age::age;
pub(crate) use audit::{audit_text, policy_reports};
pub(crate) use bench::{Measured, bench_text};
pub(crate) use bench_svg::bench_svg;
pub(crate) use commented::{Comments, commented_yaml};
pub(crate) use doctor::report_text;
pub(crate) use explanation::explanation_text;
pub(crate) use junit::{Outcome as JunitOutcome, Test as JunitTest, junit};
pub(crate) use lint::{finding_json, finding_line, lint_json, lint_junit, lint_text};
pub(crate) use markdown::{Chapter, markdown};
pub(crate) use plan::{PlacedReport, prospects_text};
pub(crate) use sarif::lint_sarif;
pub(crate) use serving::{CellRow, Columns, Listed, ModelRow, ServerRow, SliceRow};
pub(crate) use status::{Detail, status_names, status_text};
pub(crate) use table::{Cell, Growing, Table};
pub(crate) use topology::topology_text;
pub(crate) use topology_svg::topology_svg;
pub(crate) use yaml::yaml;

/// Indented JSON with a line end.
pub(crate) fn pretty_json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("our own results must be JSON");
    text + "\n"
}

/// YAML of the same values as the JSON.
pub(crate) fn pretty_yaml(value: &impl Serialize) -> String {
    yaml(&serde_json::to_value(value).expect("our own results must be JSON"))
}

/// Our own results by a template of the user's.
pub(crate) fn templated(
    value: &impl Serialize,
    template: &Template,
) -> Result<String, Unprintable> {
    template.render(&serde_json::to_value(value).expect("our own results must be JSON"))
}

/// Objects as kubectl prints them: by a template of a List of them, or in a format.
pub(crate) fn printed(
    objects: &[Object],
    output: &Output<ObjectFormat>,
) -> Result<String, Unprintable> {
    match output {
        Output::Named(format) => Ok(self::objects(objects, *format)),
        Output::Template(template) => template.render(&list(shown(objects))),
    }
}

/// Objects as kubectl prints them: documents, a List, or names.
pub(crate) fn objects(objects: &[Object], format: ObjectFormat) -> String {
    match format {
        ObjectFormat::Yaml => {
            let documents: Vec<_> = shown(objects).iter().map(yaml).collect();
            documents.join("---\n")
        }
        ObjectFormat::Json => pretty_json(&list(shown(objects))),
        ObjectFormat::Name => {
            let names = objects.iter().map(|object| object.display_name() + "\n");
            names.collect()
        }
    }
}

/// Objects without the server's record of who owns which field.
fn shown(objects: &[Object]) -> Vec<Value> {
    let values = objects.iter().map(|object| &object.value);
    values.map(without_managed_fields).collect()
}

fn list(items: Vec<Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}
