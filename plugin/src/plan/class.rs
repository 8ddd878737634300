//! A class of the catalogue for its reader: what it is in each image version, and with one of
//! them the slices that can serve it.

use std::collections::BTreeMap;

use serde::Serialize;
use tpu::sax::{self, ImageVersion, ModelClass};

use super::fit::{Need, list};
use super::report::{AcceleratorPart, accelerators};
use super::size::{Parameters, gigabytes};
use super::table::accelerators_text;
use super::{DEFAULT_ACCELERATOR, Model, ModelError};
use crate::printer::Printer;
use crate::render::{Cell, Table};

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClassPart {
    /// Its name without the common prefix.
    pub(crate) name: &'static str,
    /// Its name as `publish` takes it.
    pub(crate) class: String,
    /// How many parameters; `null` where its name misleads.
    pub(crate) parameters: Option<u64>,
    /// Are its weights random, whatever the checkpoint?
    pub(crate) test_mode: bool,
    /// Was it written for GPUs?
    pub(crate) for_gpu: bool,
    /// What it is in each image version that has it, by tag.
    pub(crate) image_versions: BTreeMap<&'static str, VersionPart>,
}

/// What a class is in one image version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionPart {
    /// The numbers of devices of its mesh, exactly one of which JAX must show.
    pub(crate) devices: &'static [u32],
    /// The type of its weights.
    pub(crate) dtype: String,
    /// What they need in bytes; `null` where its size is unknown.
    pub(crate) weights_bytes: Option<u64>,
}

/// A class with the slices that can serve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Description {
    /// The class.
    #[serde(flatten)]
    pub(crate) class: ClassPart,
    /// The image version whose slices these are.
    pub(crate) image_version: &'static str,
    /// What each accelerator offers.
    pub(crate) accelerators: Vec<AcceleratorPart>,
}

/// Every class; those of one image version where one is named.
pub(crate) fn classes(version: Option<ImageVersion>) -> Vec<ClassPart> {
    let wanted = |wanted: &ImageVersion| version.is_none_or(|version| version == *wanted);
    sax::all()
        .iter()
        .map(|class| ClassPart::of(class, wanted))
        .filter(|part| !part.image_versions.is_empty())
        .collect()
}

/// The classes for people.
pub(crate) fn classes_table(classes: &[ClassPart], printer: &Printer) -> String {
    let mut table = Table::new([
        "NAME",
        "PARAMETERS",
        "DTYPE",
        "WEIGHTS",
        "DEVICES v1.1.0",
        "v1.2.0",
        "nightly",
    ]);
    let tags = ImageVersion::ALL.map(ImageVersion::tag);
    // A version of which nobody asked has an empty column, which isn't shown.
    let shown = tags.map(|tag| {
        classes
            .iter()
            .any(|class| class.image_versions.contains_key(tag))
    });
    for class in classes {
        let devices = [0, 1, 2].map(|index| {
            let version = class.image_versions.get(tags[index]);
            match (version, shown[index]) {
                (Some(version), _) => list(version.devices),
                (None, true) => "-".to_owned(),
                (None, false) => String::new(),
            }
        });
        let facts = [
            class.name.to_owned(),
            class.size(),
            class.dtypes(),
            class.mode(),
        ];
        table.row(facts.into_iter().chain(devices).map(Cell::from));
    }
    table.text(printer)
}

impl Description {
    /// A class in an image version; in the oldest that has it where none is named.
    pub(crate) fn of(class: &str, version: Option<ImageVersion>) -> Result<Self, ModelError> {
        let oldest = || {
            let has = |version: &ImageVersion| sax::find(class)?.registration(*version).map(|_| ());
            ImageVersion::ALL
                .into_iter()
                .find(|version| has(version).is_some())
        };
        let model = Model::find(class, version.or_else(oldest))?;
        let need = Need::of(Some(&model), model.size());
        let first = tpu::Accelerator::from_alias_or_label(DEFAULT_ACCELERATOR);
        Ok(Self {
            class: ClassPart::of(model.class, |_| true),
            image_version: model.version.tag(),
            accelerators: first.map_or_else(Vec::new, |first| accelerators(&need, first)),
        })
    }

    /// For people.
    pub(crate) fn table(&self, printer: &Printer) -> String {
        let class = &self.class;
        let mut versions = Table::new(["IMAGES", "DEVICES", "DTYPE", "MEMORY OF THE WEIGHTS"]);
        let tags = ImageVersion::ALL.map(ImageVersion::tag);
        let known = tags
            .iter()
            .filter_map(|tag| class.image_versions.get_key_value(tag));
        for (tag, version) in known {
            let bytes = version.weights_bytes;
            let memory = bytes.map_or_else(|| "unknown".to_owned(), gigabytes);
            let devices = list(version.devices);
            versions
                .row([(*tag).to_owned(), devices, version.dtype.clone(), memory].map(Cell::from));
        }
        let devices = class
            .image_versions
            .get(self.image_version)
            .map(|version| version.devices);
        format!(
            "Class:      {}\nParameters: {}\nWeights:    {}{}\n\n{}\nIn images {}:\n{}",
            class.class,
            class.size(),
            class.mode(),
            if class.for_gpu {
                "\nWritten for: GPUs"
            } else {
                ""
            },
            versions.text(printer),
            self.image_version,
            accelerators_text(&self.accelerators, devices, printer)
        )
    }
}

impl ClassPart {
    fn of(class: &'static ModelClass, wanted: impl Fn(&ImageVersion) -> bool) -> Self {
        let versions = ImageVersion::ALL.into_iter().filter(wanted);
        let parts = versions.filter_map(|version| {
            let model = Model::of(class, version)?;
            Some((version.tag(), VersionPart::of(&model)))
        });
        Self {
            name: class.name(),
            class: class.full_name(),
            parameters: class
                .parameters_millions()
                .map(|millions| u64::from(millions) * 1_000_000),
            test_mode: class.test_mode(),
            for_gpu: class.for_gpu(),
            image_versions: parts.collect(),
        }
    }

    fn size(&self) -> String {
        let parameters = self.parameters.map(Parameters::from_count);
        parameters.map_or_else(|| "unknown".to_owned(), |parameters| parameters.to_string())
    }

    /// The types of its weights, each once.
    fn dtypes(&self) -> String {
        let mut dtypes: Vec<_> = self
            .image_versions
            .values()
            .map(|part| part.dtype.as_str())
            .collect();
        dtypes.sort_unstable();
        dtypes.dedup();
        dtypes.join(",")
    }

    fn mode(&self) -> String {
        if self.test_mode {
            "random"
        } else {
            "a checkpoint's"
        }
        .to_owned()
    }
}

impl VersionPart {
    fn of(model: &Model) -> Self {
        Self {
            devices: model.registration.chips,
            dtype: model.dtype().to_string(),
            weights_bytes: model.size().map(super::Size::weights),
        }
    }
}
