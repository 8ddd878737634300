//! Results as text, JSON, YAML, SARIF, JUnit and SVG. Nothing here writes anywhere.

mod age;
mod explanation;
mod junit;
mod lint;
mod plan;
mod sarif;
mod status;
mod table;
mod topology;
mod topology_svg;
mod wrap;
mod yaml;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::ObjectFormat;
use crate::scaffold::Object;

pub(crate) use explanation::explanation_text;
pub(crate) use junit::{Outcome as JunitOutcome, Test as JunitTest, junit};
pub(crate) use lint::{finding_json, finding_line, lint_json, lint_junit, lint_text};
pub(crate) use plan::{PlacedReport, prospects_text};
pub(crate) use sarif::lint_sarif;
pub(crate) use status::{Detail, status_names, status_text};
pub(crate) use table::{Cell, Table};
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

/// Objects as kubectl prints them: documents, a List, or names; without the server's record of who
/// owns which field.
pub(crate) fn objects(objects: &[Object], format: ObjectFormat) -> String {
    let shown = objects.iter().map(|object| {
        let mut value = object.value.clone();
        let metadata = value.get_mut("metadata").and_then(Value::as_object_mut);
        metadata.and_then(|metadata| metadata.remove("managedFields"));
        value
    });
    match format {
        ObjectFormat::Yaml => {
            let documents: Vec<_> = shown.map(|value| yaml(&value)).collect();
            documents.join("---\n")
        }
        ObjectFormat::Json => {
            let items: Vec<Value> = shown.collect();
            pretty_json(&json!({"apiVersion": "v1", "kind": "List", "items": items}))
        }
        ObjectFormat::Name => {
            let names = objects.iter().map(|object| object.display_name() + "\n");
            names.collect()
        }
    }
}
