//! Names in Saxml: cells, models, model paths, checkpoint paths.
//!
//! Sources: `saxml/common/naming.go`, `saxml/admin/validator.go`.

use std::fmt;

use super::classes::ImageVersion;
use crate::topology::excerpt;

/// The pattern of cell and model names, as Saxml's errors quote it.
const NAME_PATTERN: &str = "^[a-z]+[a-z0-9-_]*$";

/// A cell, `/sax/<cell>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CellName {
    name: String,
}

/// A model, `/sax/<cell>/<model>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelId {
    cell: CellName,
    model: String,
}

/// Why a text names no cell or model. Texts in it are excerpts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameError {
    /// Not of the form `/sax/<cell>`.
    NotACell {
        /// What was written.
        text: String,
    },
    /// Not of the form `/sax/<cell>/<model>`.
    NotAModel {
        /// What was written.
        text: String,
    },
    /// A cell name with other characters than the pattern allows.
    CellName {
        /// The name.
        name: String,
    },
    /// A model name with other characters than the pattern allows.
    ModelName {
        /// The name.
        name: String,
    },
}

/// Is it a cell's or a model's bare name: a lower-case letter, then lower-case letters, digits,
/// dashes and underscores?
#[must_use]
pub fn cell_name_valid(name: &str) -> bool {
    let tail =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(tail)
}

/// Is it a model path (a class's name): `^[a-zA-Z]+[a-zA-Z0-9_.-]*$`?
#[must_use]
pub fn model_path_valid(path: &str) -> bool {
    let tail = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    path.starts_with(|first: char| first.is_ascii_alphabetic()) && path.bytes().all(tail)
}

/// Is it a checkpoint path for this build: not empty, of letters, digits and `/_.-%:=|`, from
/// v1.2.0 on also `+`? `None` (the word) stands for no checkpoint.
#[must_use]
pub fn checkpoint_path_valid(path: &str, version: ImageVersion) -> bool {
    let plus = version != ImageVersion::V1_1_0;
    !path.is_empty()
        && path.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || b"/_.-%:=|".contains(&byte) || (plus && byte == b'+')
        })
}

impl CellName {
    /// Reads `/sax/<cell>`.
    ///
    /// # Errors
    /// [`NameError::NotACell`] or [`NameError::CellName`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix("/sax/") {
            Some(name) if !name.contains('/') => Self::bare(name),
            _ => Err(NameError::NotACell {
                text: excerpt(text),
            }),
        }
    }

    /// The bare name, `test` of `/sax/test`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn bare(name: &str) -> Result<Self, NameError> {
        if cell_name_valid(name) {
            Ok(Self {
                name: name.to_owned(),
            })
        } else {
            Err(NameError::CellName {
                name: excerpt(name),
            })
        }
    }
}

impl ModelId {
    /// Reads `/sax/<cell>/<model>`.
    ///
    /// # Errors
    /// [`NameError::NotAModel`], [`NameError::CellName`] or [`NameError::ModelName`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let parts = text
            .strip_prefix("/sax/")
            .and_then(|rest| rest.split_once('/'));
        let Some((cell, model)) = parts.filter(|(_, model)| !model.contains('/')) else {
            return Err(NameError::NotAModel {
                text: excerpt(text),
            });
        };
        let cell = CellName::bare(cell)?;
        if !cell_name_valid(model) {
            return Err(NameError::ModelName {
                name: excerpt(model),
            });
        }
        Ok(Self {
            cell,
            model: model.to_owned(),
        })
    }

    /// Its cell.
    #[must_use]
    pub fn cell(&self) -> &CellName {
        &self.cell
    }

    /// The bare model name.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }
}

impl fmt::Display for CellName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/sax/{}", self.name)
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cell, self.model)
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACell { text } => {
                write!(
                    f,
                    "cell {text:?} is not of the form /sax/<cell>, such as /sax/test"
                )
            }
            Self::NotAModel { text } => {
                write!(f, "model {text:?} is not of the form /sax/<cell>/<model>")
            }
            Self::CellName { name } => {
                write!(f, "cell name {name:?} does not match {NAME_PATTERN:?}")
            }
            Self::ModelName { name } => {
                write!(f, "model name {name:?} does not match {NAME_PATTERN:?}")
            }
        }
    }
}

impl std::error::Error for NameError {}
