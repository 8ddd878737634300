//! Model classes that Saxml registers, by image version.

use super::table::TABLE;
use crate::spelling;

/// What a full class name begins with.
const PREFIX: &str = "saxml.server.pax.lm.params.";

/// The Saxml builds whose classes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageVersion {
    /// Images tagged `v1.1.0`, the tutorial's.
    V1_1_0,
    /// Images tagged `v1.2.0`.
    V1_2_0,
    /// The repository's last state, in images tagged `nightly`.
    Head,
}

/// A class of `saxml.server.pax.lm.params`: a model with its mesh.
#[derive(Debug, PartialEq, Eq)]
pub struct ModelClass {
    pub(super) name: &'static str,
    pub(super) parameters_millions: Option<u32>,
    pub(super) test_mode: bool,
    pub(super) for_gpu: bool,
    pub(super) v1_1_0: Option<Registration>,
    pub(super) v1_2_0: Option<Registration>,
    pub(super) head: Option<Registration>,
}

/// What a class is in one build of Saxml.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration {
    /// The numbers of devices that it can run on. Saxml wants exactly one of them; more is as
    /// wrong as less.
    pub chips: &'static [u32],
    /// Are the weights int8 (about one byte a parameter)?
    pub quantized: bool,
}

impl ImageVersion {
    /// Every build, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_1_0, Self::V1_2_0, Self::Head];

    /// The tag of its images.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::V1_1_0 => "v1.1.0",
            Self::V1_2_0 => "v1.2.0",
            Self::Head => "nightly",
        }
    }

    /// The build behind an image tag; `None` for tags whose classes aren't known.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.tag() == tag)
    }

    /// The build behind an image reference such as
    /// `us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server:v1.1.0`.
    #[must_use]
    pub fn from_image(image: &str) -> Option<Self> {
        let named = image
            .split_once('@')
            .map_or(image, |(named, _digest)| named);
        let (_, tag) = named.rsplit_once(':')?;
        Self::from_tag(tag)
    }
}

impl ModelClass {
    /// Its name after the prefix, such as `lm_cloud.LmCloudSpmd175B32Test`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its name as `publish` takes it.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    /// Parameters in millions, by its name; `None` where the name misleads or says nothing.
    #[must_use]
    pub fn parameters_millions(&self) -> Option<u32> {
        self.parameters_millions
    }

    /// Does it serve random weights, whatever the checkpoint path says?
    #[must_use]
    pub fn test_mode(&self) -> bool {
        self.test_mode
    }

    /// The extra inputs that it declares, as far as we know. Test classes of 2 billion parameters
    /// have one only, and refuse what other models take.
    #[must_use]
    pub fn extra_inputs(&self) -> Option<&'static [&'static str]> {
        let is_small_test = self.test_mode && self.name.starts_with("lm_cloud.LmCloudSpmd2B");
        is_small_test.then_some(&["temperature"])
    }

    /// Was it written for GPUs (by its name), so that nothing is known of it on TPUs?
    #[must_use]
    pub fn for_gpu(&self) -> bool {
        self.for_gpu
    }

    /// The part of the name that classes of the same model share, up to its size:
    /// `lm_cloud.LmCloudSpmd175B`; the module where the name has no size.
    #[must_use]
    pub fn family(&self) -> &'static str {
        let name = self.name;
        let by_size = self.parameters_millions.and_then(|millions| {
            let size = format!("{}B", millions / 1000);
            let end = name.find(&size)? + size.len();
            name.get(..end)
        });
        let module = || name.split_inclusive('.').next().unwrap_or(name);
        by_size.unwrap_or_else(module)
    }

    /// What it is in this build; `None` if that build doesn't have it, as far as we know.
    #[must_use]
    pub fn registration(&self, version: ImageVersion) -> Option<&Registration> {
        match version {
            ImageVersion::V1_1_0 => self.v1_1_0.as_ref(),
            ImageVersion::V1_2_0 => self.v1_2_0.as_ref(),
            ImageVersion::Head => self.head.as_ref(),
        }
    }

    /// The numbers of devices on which this build can serve it, each exactly; `None` if it doesn't
    /// have the class, as far as we know.
    #[must_use]
    pub fn chips(&self, version: ImageVersion) -> Option<&'static [u32]> {
        self.registration(version)
            .map(|registration| registration.chips)
    }

    /// Are its weights int8 in this build? `None` if the build doesn't have it.
    #[must_use]
    pub fn quantized(&self, version: ImageVersion) -> Option<bool> {
        self.registration(version)
            .map(|registration| registration.quantized)
    }
}

/// The class of this name, with or without the prefix.
#[must_use]
pub fn find(class: &str) -> Option<&'static ModelClass> {
    let name = without_prefix(class);
    TABLE.iter().find(|entry| entry.name == name)
}

/// Every class, by module.
#[must_use]
pub fn all() -> &'static [ModelClass] {
    TABLE
}

/// Names of classes that look like this one, best first, at most three.
#[must_use]
pub fn suggestions(class: &str) -> Vec<&'static str> {
    let name = without_prefix(class);
    // Many leave the module out: compare with the bare class names too.
    let spellings = TABLE.iter().flat_map(|entry| {
        let bare = entry
            .name
            .rsplit_once('.')
            .map_or(entry.name, |(_, bare)| bare);
        [(entry.name, entry.name), (bare, entry.name)]
    });
    spelling::closest(name, spellings)
}

fn without_prefix(class: &str) -> &str {
    class.strip_prefix(PREFIX).unwrap_or(class)
}
