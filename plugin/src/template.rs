//! kubectl's output templates: `-o jsonpath=...` and `-o custom-columns=...`, with their files.
//!
//! Its Go templates are a programming language of their own, and no library in Rust speaks it
//! well: they are refused, with what does the same.

mod columns;
mod evaluate;
mod jsonpath;

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use crate::system;
use columns::Columns;
use jsonpath::JsonPath;

/// A template, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Template {
    /// Text with paths into what is printed.
    JsonPath(JsonPath),
    /// The same, with what isn't a string as JSON.
    JsonPathAsJson(JsonPath),
    /// A table with a path for each column.
    Columns(Columns),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// Go's own.
    #[error(
        "Go templates aren't supported; `-o jsonpath=...` or `-o custom-columns=...` print single \
         fields, and -o json feeds any other program"
    )]
    GoTemplate,
    /// Nothing behind the `=`.
    #[error("{name} needs a template, as in {name}={example}")]
    Empty {
        /// The format.
        name: &'static str,
        /// One that would do.
        example: &'static str,
    },
    /// A template that can't be read.
    #[error("{template:?}: {reason}")]
    Syntax {
        /// As written.
        template: String,
        /// Why.
        reason: String,
    },
    /// A file that can't be read.
    #[error("{}: can't be read: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
}

impl Template {
    /// Reads the value of `-o`; `None` where it names no template.
    pub(crate) fn parse(output: &str) -> Option<Result<Self, TemplateError>> {
        let (name, text) = output.split_once('=').unwrap_or((output, ""));
        Some(match name {
            "jsonpath" => jsonpath("jsonpath", text).map(Self::JsonPath),
            "jsonpath-as-json" => jsonpath("jsonpath-as-json", text).map(Self::JsonPathAsJson),
            "jsonpath-file" => read(text)
                .and_then(|text| jsonpath("jsonpath-file", &text))
                .map(Self::JsonPath),
            "custom-columns" => columns(text),
            "custom-columns-file" => read(text).and_then(|text| columns_of_file(&text)),
            "go-template" | "go-template-file" | "template" | "templatefile" => {
                Err(TemplateError::GoTemplate)
            }
            _ => return None,
        })
    }

    /// What it makes of a value.
    pub(crate) fn render(&self, value: &Value) -> String {
        match self {
            Self::JsonPath(path) => path.text(value),
            Self::JsonPathAsJson(path) => path.json(value),
            Self::Columns(columns) => columns.text(value),
        }
    }
}

fn jsonpath(name: &'static str, text: &str) -> Result<JsonPath, TemplateError> {
    if text.is_empty() {
        let example = "'{.metadata.name}'";
        return Err(TemplateError::Empty { name, example });
    }
    JsonPath::parse(text).map_err(|reason| syntax(text, reason))
}

fn columns(text: &str) -> Result<Template, TemplateError> {
    if text.is_empty() {
        return Err(TemplateError::Empty {
            name: "custom-columns",
            example: "NAME:.metadata.name",
        });
    }
    let columns = Columns::parse(text).map_err(|reason| syntax(text, reason))?;
    Ok(Template::Columns(columns))
}

/// Two lines: the titles, and below them the paths.
fn columns_of_file(text: &str) -> Result<Template, TemplateError> {
    let columns = Columns::of_lines(text).map_err(|reason| syntax(text, reason))?;
    Ok(Template::Columns(columns))
}

fn read(path: &str) -> Result<String, TemplateError> {
    std::fs::read_to_string(path).map_err(|cause| TemplateError::File {
        path: PathBuf::from(path),
        cause: system::plain(&cause),
    })
}

fn syntax(template: &str, reason: impl fmt::Display) -> TemplateError {
    TemplateError::Syntax {
        template: template.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
