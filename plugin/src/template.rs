//! kubectl's output templates: `-o jsonpath=...`, `-o custom-columns=...` and `-o go-template=...`,
//! with their files.

mod columns;
mod evaluate;
mod jsonpath;

use std::fmt;
use std::path::PathBuf;

use gotemplate::{RenderError, SyntaxError};
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
    /// A program in Go's language of templates.
    Go(gotemplate::Template),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
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
    /// A Go template that can't be read.
    #[error("{place}: {cause}")]
    Go {
        /// The template, or the file where it is.
        place: String,
        /// Where in it, and why.
        cause: SyntaxError,
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

/// Why a template prints nothing of what it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unprintable {
    /// It doesn't fit the data, or doesn't end.
    #[error("the Go template can't print this: {0}")]
    Go(#[from] RenderError),
    /// Single bytes of a text, or what Base64 held.
    #[error("the Go template prints bytes that are no UTF-8, the first at byte {0}")]
    NoText(usize),
}

impl Unprintable {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::Go(_) => "`-o json` shows what the template is given",
            Self::NoText(_) => "print them with `printf \"%q\"`, or leave them in Base64",
        }
        .to_owned()
    }
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
            "go-template" | "template" => go("go-template", text, &format!("{text:?}")),
            "go-template-file" | "templatefile" => {
                read(text).and_then(|read| go("go-template-file", &read, text))
            }
            _ => return None,
        })
    }

    /// What it makes of a value.
    ///
    /// # Errors
    /// Where a Go template asks for what isn't there, or never ends. Paths always print something.
    pub(crate) fn render(&self, value: &Value) -> Result<String, Unprintable> {
        Ok(match self {
            Self::JsonPath(path) => path.text(value),
            Self::JsonPathAsJson(path) => path.json(value),
            Self::Columns(columns) => columns.text(value),
            Self::Go(template) => {
                let bytes = template.render(value)?;
                let text = String::from_utf8(bytes);
                text.map_err(|error| Unprintable::NoText(error.utf8_error().valid_up_to()))?
            }
        })
    }
}

fn jsonpath(name: &'static str, text: &str) -> Result<JsonPath, TemplateError> {
    if text.is_empty() {
        let example = "'{.metadata.name}'";
        return Err(TemplateError::Empty { name, example });
    }
    JsonPath::parse(text).map_err(|reason| syntax(text, reason))
}

fn go(name: &'static str, text: &str, place: &str) -> Result<Template, TemplateError> {
    if text.is_empty() {
        let example = "'{{.metadata.name}}'";
        return Err(TemplateError::Empty { name, example });
    }
    let place = place.to_owned();
    let template = gotemplate::Template::parse(text);
    template
        .map(Template::Go)
        .map_err(|cause| TemplateError::Go { place, cause })
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
