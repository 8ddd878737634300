//! Which versions of Saxml run together. Whether admin and model server agree, and whether a tag
//! moves, the policies judge (SAX022, SAX023); this is about the HTTP server, and about one role
//! in several versions.

use std::collections::{BTreeMap, BTreeSet};

use tpu::sax::ImageVersion;

use super::{Evidence, Finding, Outcome};
use crate::scaffold::Images;
use crate::servers::Role;

pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    let mut tags: BTreeMap<Role, BTreeSet<String>> = BTreeMap::new();
    for (_, server) in evidence.servers() {
        tags.entry(server.role)
            .or_default()
            .insert(tag(&server.image));
    }
    if tags.is_empty() {
        return None;
    }
    let mixed = tags.iter().filter(|(_, tags)| tags.len() > 1);
    let mut findings: Vec<_> = mixed.map(|(role, tags)| several(*role, tags)).collect();
    findings.extend(http_of_another(&tags));
    let matrix = tags
        .iter()
        .map(|(role, tags)| format!("{} {}", role.word(), joined(tags)));
    let matrix: Vec<_> = matrix.collect();
    Some(Outcome::found(matrix.join(", "), findings))
}

fn several(role: Role, tags: &BTreeSet<String>) -> Finding {
    let message = format!("{} servers run {} side by side", role.word(), joined(tags));
    Finding::warning("images", message).fixed_by("give all of one role the same image")
}

/// The HTTP server that isn't the one published with the admin server's version.
fn http_of_another(tags: &BTreeMap<Role, BTreeSet<String>>) -> Option<Finding> {
    let admin = tags.get(&Role::Admin)?.first()?;
    let http = tags.get(&Role::Http)?.first()?;
    ImageVersion::from_tag(admin)?;
    let expected = tag(&Images::of(Some(admin)).http);
    if *http == expected || http == "a digest" {
        return None;
    }
    let message =
        format!("the HTTP server is {http} beside an admin server {admin}, expected {expected}");
    Some(
        Finding::warning("images", message)
            .because("the two are published together; another version may speak to it or not")
            .fixed_by(format!("kubectl sax deploy NAME --image-version {admin}, or set the HTTP image's tag to {expected}")),
    )
}

/// The tag of an image; what a reference without one means.
fn tag(image: &str) -> String {
    if image.contains('@') {
        return "a digest".to_owned();
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    let tag = last.split_once(':').map(|(_, tag)| tag);
    tag.unwrap_or("latest").to_owned()
}

fn joined(tags: &BTreeSet<String>) -> String {
    tags.iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" and ")
}
