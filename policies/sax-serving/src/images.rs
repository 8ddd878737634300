//! Images of Sax containers: their names and versions.

use sdk::Verdict;

use crate::component::{Component, Role};
use crate::excerpt::quoted;
use crate::placeholder;

/// A reference to an image, such as
/// `us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server:v1.1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Image<'a> {
    /// The last part of the repository, such as `sax-model-server`.
    pub(crate) name: &'a str,
    /// Such as `v1.1.0`; none where the reference has no tag.
    pub(crate) tag: Option<&'a str>,
    /// Whether a digest says exactly which image it is.
    pub(crate) has_digest: bool,
}

/// What stands for another image tomorrow. Source: facts/plugin.md §5d row 40.
const MOVING_TAGS: [&str; 2] = ["nightly", "latest"];

impl<'a> Image<'a> {
    pub(crate) fn parse(reference: &'a str) -> Self {
        let (named, has_digest) = match reference.split_once('@') {
            Some((named, _)) => (named, true),
            None => (reference, false),
        };
        let last = named.rsplit('/').next().unwrap_or(named);
        let (name, tag) = match last.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (last, None),
        };
        Self {
            name,
            tag,
            has_digest,
        }
    }

    /// Numbers of a tag such as `v1.2.0`.
    pub(crate) fn version(&self) -> Option<(u32, u32, u32)> {
        let tag = self.tag?;
        let mut parts = tag.strip_prefix('v').unwrap_or(tag).split('.');
        let mut next = || parts.next()?.parse().ok();
        let version = (next()?, next()?, next()?);
        parts.next().is_none().then_some(version)
    }
}

/// SAX022: a tag that moves.
pub(crate) fn check(component: &Component<'_>, verdict: &mut Verdict) {
    let Image {
        tag, has_digest, ..
    } = component.image;
    let place = component.container.node.at("image");
    let Some(reference) = place.text() else {
        return;
    };
    let moves = tag.is_none_or(|tag| MOVING_TAGS.contains(&tag));
    if has_digest || !moves || placeholder::find(reference).is_some() {
        return;
    }
    let version = match component.role {
        Role::Http => "v1.0.0",
        Role::Admin | Role::ModelServer => "v1.1.0",
    };
    verdict.warn(
        "SAX022",
        place.path(),
        format!(
            "found image {} {}, expected a fixed version: the admin's default cell and the \
             model classes change between images",
            quoted(reference),
            tag.map_or("without a tag".to_owned(), |tag| format!(
                "with the moving tag {tag}"
            )),
        ),
        format!("name a version, such as :{version}"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_port_is_no_tag() {
        let image = Image::parse("localhost:5000/inference/sax-http");
        assert_eq!((image.name, image.tag), ("sax-http", None));
    }

    #[test]
    fn versions_are_three_numbers() {
        assert_eq!(Image::parse("a/b:v1.2.0").version(), Some((1, 2, 0)));
        for other in ["a/b", "a/b:nightly", "a/b:v1.2", "a/b:v1.2.0.1", "a:v1.2.x"] {
            assert_eq!(Image::parse(other).version(), None, "{other}");
        }
    }

    #[test]
    fn a_digest_is_seen_beside_a_tag() {
        let image = Image::parse("a/b:v1.1.0@sha256:00");
        assert_eq!((image.tag, image.has_digest), (Some("v1.1.0"), true));
    }
}
