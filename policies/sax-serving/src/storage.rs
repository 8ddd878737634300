//! Where a cell keeps its files: buckets and roots.
//!
//! Source: the image's `admin_server_entrypoint.sh` builds `gs://$GSBUCKET/sax-root`, which goes
//! before a `SAX_ROOT` of its own; servers and clients read the flag `--sax_root`, else
//! `SAX_ROOT`, and end where neither is set (`saxml/common/platform/cloud.go`).

use sdk::Verdict;

use crate::command_line::Setting;
use crate::component::{Component, Role};
use crate::excerpt::{quoted, shortened};

/// Variables of the admin image that name a bucket; the second came after v1.1.0.
const BUCKETS: [&str; 2] = ["GSBUCKET", "SAX_GCS_BUCKET"];
/// Variables of newer images that put the root elsewhere, in ways that we don't follow.
const OTHER_ROOTS: [&str; 3] = ["SAX_GCS_BUCKET", "SAX_REPLICA_NAME", "SAX_DIR"];

/// SAX002: buckets with a scheme or a path, roots without, none at all.
pub(crate) fn check(component: &Component<'_>, verdict: &mut Verdict) {
    if component.role == Role::Admin {
        for name in BUCKETS {
            check_bucket(component, name, verdict);
        }
    }
    let named = [
        ("SAX_ROOT", component.variable("SAX_ROOT")),
        ("--sax_root", component.flag("sax_root")),
    ];
    for (name, setting) in named {
        if let Some(setting) = setting {
            check_root(name, &setting, verdict);
        }
    }
    if root_of(component).is_none() {
        report_missing(component, verdict);
    }
}

/// The root that the component uses; none where nothing names one.
pub(crate) fn root_of(component: &Component<'_>) -> Option<Setting> {
    if let Some(flag) = component.flag("sax_root") {
        return Some(flag);
    }
    let own = || component.variable("SAX_ROOT");
    let elsewhere = || root_elsewhere(component);
    let named = match component.role {
        Role::Admin => elsewhere().or_else(|| bucket_root(component)).or_else(own),
        Role::ModelServer | Role::Http => own().or_else(elsewhere),
    };
    named.or_else(|| unseen_root(component))
}

/// Whether the root is one that Saxml can use, so that comparing it with others says something.
pub(crate) fn is_usable(root: &str) -> bool {
    let in_bucket = root.strip_prefix("gs://");
    in_bucket.is_some_and(|path| !path.is_empty() && !path.starts_with(['/', ':']))
        && !root.contains("gs://gs:")
        || root.starts_with('/')
}

fn bucket_root(component: &Component<'_>) -> Option<Setting> {
    let bucket = component.variable("GSBUCKET")?;
    Some(Setting {
        value: bucket.value.as_deref().map(root_in),
        ..bucket
    })
}

fn root_elsewhere(component: &Component<'_>) -> Option<Setting> {
    let set = OTHER_ROOTS.iter().find_map(|name| component.variable(name));
    set.map(|setting| Setting {
        value: None,
        ..setting
    })
}

fn unseen_root(component: &Component<'_>) -> Option<Setting> {
    let is_unseen = component.has_foreign_variables() || component.has_foreign_flags();
    is_unseen.then(|| Setting {
        path: component.variables().path().to_owned(),
        value: None,
    })
}

fn check_bucket(component: &Component<'_>, name: &str, verdict: &mut Verdict) {
    let Some(Setting {
        path,
        value: Some(value),
    }) = component.variable(name)
    else {
        return;
    };
    if !value.contains('/') && !value.contains(char::is_whitespace) {
        return;
    }
    let bucket = bucket_in(&value);
    verdict.deny(
        "SAX002",
        path,
        format!(
            "found {name} {}, expected the bare name of a bucket: the admin builds \
             gs://${name}/sax-root, here {}",
            quoted(&value),
            shortened(&root_in(&value))
        ),
        format!("write {bucket}, which gives {}", root_in(&bucket)),
    );
}

fn check_root(name: &str, root: &Setting, verdict: &mut Verdict) {
    let Some(value) = root.value.as_deref() else {
        return;
    };
    if is_usable(value) {
        return;
    }
    let bucket = bucket_in(value);
    verdict.deny(
        "SAX002",
        root.path.as_str(),
        format!(
            "found {name} {}, expected gs://BUCKET/sax-root or an absolute path",
            quoted(value)
        ),
        format!("write {}", root_in(&bucket)),
    );
}

/// Without a root an admin builds `gs:///sax-root`, and every other server ends at its start.
fn report_missing(component: &Component<'_>, verdict: &mut Verdict) {
    let place = component.variables();
    let has_own_command = component.container.node.at("command").is_present();
    match component.role {
        Role::Admin if has_own_command => (),
        Role::Admin => verdict.deny(
            "SAX002",
            place.path(),
            "found no GSBUCKET, expected the name of a bucket: the admin would build \
             gs:///sax-root",
            "set the variable GSBUCKET to the name of the cell's bucket",
        ),
        Role::ModelServer if component.flag("sax_cell").is_none() => (),
        Role::ModelServer | Role::Http => verdict.warn(
            "SAX002",
            place.path(),
            "found no SAX_ROOT, expected the root that the admin uses: without it the cell \
             isn't found",
            "set the variable SAX_ROOT to gs://BUCKET/sax-root with the admin's bucket",
        ),
    }
}

fn root_in(bucket: &str) -> String {
    format!("gs://{bucket}/sax-root")
}

/// The bucket that was probably meant.
fn bucket_in(value: &str) -> String {
    let rest = value.trim();
    let rest = rest.rsplit_once("://").map_or(rest, |(_, rest)| rest);
    let rest = rest.strip_prefix("gs:").unwrap_or(rest);
    let mut parts = rest.split('/').filter(|part| !part.is_empty());
    let bucket = parts.next().unwrap_or("BUCKET");
    shortened(bucket.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_in_a_bucket_or_absolute() {
        for root in ["gs://b", "gs://b/sax-root", "/mnt/sax"] {
            assert!(is_usable(root), "{root}");
        }
        for root in [
            "b/sax-root",
            "gs://",
            "gs:///x",
            "gs://gs://b/x",
            "gs:/b",
            "s3://b/x",
            "./x",
        ] {
            assert!(!is_usable(root), "{root}");
        }
    }

    #[test]
    fn the_bucket_that_was_meant_is_found_in_any_spelling() {
        for value in [
            "gs://b",
            "gs://b/sax-root",
            "b/sax-root",
            "gs:/b/x",
            " b ",
            "gs:///b",
        ] {
            assert_eq!(bucket_in(value), "b", "{value}");
        }
        assert_eq!(bucket_in("gs://"), "BUCKET");
    }
}
