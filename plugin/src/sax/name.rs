//! Models and cells as people write them.

use std::fmt;

use tpu::sax::{CellName, ModelId, NameError};

use super::SaxError;

/// A model as it was written: `/sax/test/spmd`, `test/spmd`, or `spmd` where the cell is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelName {
    /// With its cell.
    Full(ModelId),
    /// Without.
    Bare(String),
}

impl ModelName {
    /// Its cell, where it says one.
    pub(crate) fn cell(&self) -> Option<&CellName> {
        match self {
            Self::Full(id) => Some(id.cell()),
            Self::Bare(_) => None,
        }
    }

    /// The whole id in a cell.
    ///
    /// # Errors
    /// [`SaxError::OtherCell`] where it names another one, [`SaxError::CellUnknown`] where nobody
    /// does.
    pub(crate) fn in_cell(&self, cell: Option<&CellName>) -> Result<ModelId, SaxError> {
        match (self, cell) {
            (Self::Full(id), Some(cell)) if id.cell() != cell => Err(SaxError::OtherCell {
                id: id.clone(),
                cell: cell.clone(),
            }),
            (Self::Full(id), _) => Ok(id.clone()),
            (Self::Bare(name), Some(cell)) => Ok(ModelId::parse(&format!("{cell}/{name}"))
                .expect("a cell and a checked name must be an id")),
            (Self::Bare(name), None) => Err(SaxError::CellUnknown { name: name.clone() }),
        }
    }
}

/// As it was written, as far as that matters.
impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(id) => id.fmt(f),
            Self::Bare(name) => f.write_str(name),
        }
    }
}

/// Reads a model's name.
///
/// # Errors
/// Says what a name looks like, and what may have been meant.
pub(crate) fn parse_model(text: &str) -> Result<ModelName, String> {
    let parts: Vec<_> = text.split('/').collect();
    let full = match parts.as_slice() {
        [name] => return bare(name),
        [cell, name] => format!("/sax/{cell}/{name}"),
        _ => text.to_owned(),
    };
    let id = ModelId::parse(&full).map_err(|error| meant(&error, &full))?;
    Ok(ModelName::Full(id))
}

/// Reads a cell's name, `/sax/test` or `test`.
///
/// # Errors
/// Says what a name looks like.
pub(crate) fn parse_cell(text: &str) -> Result<CellName, String> {
    let full = match text.contains('/') {
        true => text.to_owned(),
        false => format!("/sax/{text}"),
    };
    CellName::parse(&full).map_err(|error| meant(&error, &full))
}

fn bare(name: &str) -> Result<ModelName, String> {
    match tpu::sax::cell_name_valid(name) {
        true => Ok(ModelName::Bare(name.to_owned())),
        false => {
            let error = NameError::ModelName {
                name: name.to_owned(),
            };
            Err(meant(&error, name))
        }
    }
}

/// The error, and the same name with what Saxml takes of it.
fn meant(error: &NameError, text: &str) -> String {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|letter| match letter {
            '.' | ' ' | ':' => '-',
            letter => letter,
        })
        .filter(|letter| letter.is_ascii_alphanumeric() || "/-_".contains(*letter))
        .collect();
    let names = plain.strip_prefix("/sax/").unwrap_or(&plain).split('/');
    let mut names =
        names.map(|name| name.trim_start_matches(|first: char| !first.is_ascii_lowercase()));
    let count = names.clone().count();
    let fits = names.all(tpu::sax::cell_name_valid) && count <= 2;
    match fits && plain != text {
        true => format!("{error}; fix: write {plain}"),
        false => format!("{error}; fix: write a name such as /sax/test/spmd, test/spmd or spmd"),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_cell, parse_model};

    #[test]
    fn a_model_is_written_in_three_ways() {
        let cell = parse_cell("test").expect("must be a cell");
        for text in ["/sax/test/spmd", "test/spmd", "spmd"] {
            let name = parse_model(text).expect("must be a model");
            let id = name.in_cell(Some(&cell)).expect("must have a cell");
            assert_eq!(id.to_string(), "/sax/test/spmd", "{text}");
        }
    }

    #[test]
    fn a_bare_name_needs_a_cell_and_a_full_one_keeps_its_own() {
        let bare = parse_model("spmd").expect("must be a model");
        assert!(bare.in_cell(None).is_err());
        let full = parse_model("/sax/test/spmd").expect("must be a model");
        assert!(full.in_cell(None).is_ok());
        let other = parse_cell("/sax/other").expect("must be a cell");
        let error = full.in_cell(Some(&other)).expect_err("must be refused");
        assert!(error.to_string().contains("/sax/other"), "{error}");
    }

    #[test]
    fn names_that_saxml_refuses_are_refused_with_what_may_be_meant() {
        for (text, meant) in [
            ("Spmd", "write spmd"),
            ("/sax/Test/Spmd", "write /sax/test/spmd"),
            ("my model.v2", "write my-model-v2"),
            ("9b", "such as"),
            ("", "such as"),
            ("/sax/test", "such as"),
            ("/sax/a/b/c", "such as"),
            ("a/b/c/d", "such as"),
        ] {
            let error = parse_model(text).expect_err("must be refused");
            assert!(error.contains(meant), "{text}: {error}");
        }
        assert!(parse_cell("/sax/a/b").is_err());
    }
}
