//! A Saxml model class as one image version has it.

use tpu::sax::{self, ImageVersion, ModelClass, Registration};

use super::size::{Dtype, Parameters, Size};

/// A class that exists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Model {
    /// The class.
    pub(crate) class: &'static ModelClass,
    /// The build whose class it is.
    pub(crate) version: ImageVersion,
    /// What that build knows of it.
    pub(crate) registration: &'static Registration,
}

/// Why there is no such model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ModelError {
    /// Not in the catalogue.
    #[error("no such model class{}", did_you_mean(suggestions))]
    Unknown {
        /// Classes that look like it.
        suggestions: Vec<&'static str>,
    },
    /// Not in this image.
    #[error("the image of {image} doesn't have this class; {} does", others.join(" or "))]
    NotInImage {
        /// The tag asked for.
        image: &'static str,
        /// Tags of images that have it.
        others: Vec<&'static str>,
    },
}

impl Model {
    /// The class in an image version; where the version isn't known, in the newest that has it.
    pub(crate) fn find(class: &str, version: Option<ImageVersion>) -> Result<Self, ModelError> {
        let found = sax::find(class).ok_or_else(|| ModelError::Unknown {
            suggestions: sax::suggestions(class),
        })?;
        match version {
            Some(version) => Self::of(found, version).ok_or_else(|| not_in_image(found, version)),
            None => newest(found).ok_or_else(|| not_in_image(found, ImageVersion::Head)),
        }
    }

    /// The class in this build, if it has it.
    pub(crate) fn of(class: &'static ModelClass, version: ImageVersion) -> Option<Self> {
        class.registration(version).map(|registration| Self {
            class,
            version,
            registration,
        })
    }

    /// Its size, where its name says it.
    pub(crate) fn size(&self) -> Option<Size> {
        Some(Size {
            parameters: Parameters::from_millions(self.class.parameters_millions()?),
            dtype: self.dtype(),
        })
    }

    /// The type of its weights.
    pub(crate) fn dtype(&self) -> Dtype {
        if self.registration.quantized {
            Dtype::Int8
        } else {
            Dtype::Bf16
        }
    }
}

impl ModelError {
    /// The one action that mends it.
    pub(super) fn fix(&self) -> String {
        match self {
            Self::Unknown { suggestions } => match suggestions.first() {
                Some(class) => format!("write {class}"),
                None => "add --params and --dtype, or its slice with --slice; \
                         `kubectl sax models list` shows what is known"
                    .to_owned(),
            },
            Self::NotInImage { others, .. } => match others.first() {
                Some(tag) => format!("add --image-version {tag}"),
                None => "take another class".to_owned(),
            },
        }
    }
}

fn newest(class: &'static ModelClass) -> Option<Model> {
    let versions = ImageVersion::ALL.into_iter().rev();
    versions
        .into_iter()
        .find_map(|version| Model::of(class, version))
}

fn not_in_image(class: &ModelClass, version: ImageVersion) -> ModelError {
    let has = |version: &ImageVersion| class.registration(*version).is_some();
    let others = ImageVersion::ALL.into_iter().filter(has);
    ModelError::NotInImage {
        image: version.tag(),
        others: others.map(ImageVersion::tag).collect(),
    }
}

/// `; did you mean a or b?`, or nothing.
pub(super) fn did_you_mean(suggestions: &[&str]) -> String {
    if suggestions.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", suggestions.join(" or "))
    }
}
