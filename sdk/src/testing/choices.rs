//! Cases of a placement policy's choice.
//!
//! ```yaml
//! # The tightest domain comes first.
//! group: {pods: 8, chipsPerPod: 4}
//! domains:
//! - {name: large, nodes: 16, fits: 16, chips: 64, freeChips: 64}
//! - {name: small, nodes: 8, fits: 8, chips: 32, freeChips: 32}
//! expect: [small, large]
//! ```

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{CaseError, check_all, empty_object, read};
use crate::placement::{Domain, Group, PlacementPolicy};

/// One case: a group, the domains that could take it, and the order that is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    #[serde(default = "empty_object")]
    settings: Value,
    group: Group,
    domains: Vec<Domain>,
    expect: Vec<String>,
}

/// Checks every case of a choice below `folder` against `P`.
///
/// # Panics
/// With all cases that fail, or if there is none: for use in a test.
#[track_caller]
pub fn check_choices<P: PlacementPolicy>(folder: impl AsRef<Path>) {
    check_all(folder.as_ref(), check_choice::<P>);
}

fn check_choice<P: PlacementPolicy>(path: &Path) -> Result<(), CaseError> {
    let Choice {
        settings,
        group,
        domains,
        expect,
    } = read(path)?;
    let settings = serde_json::from_value(settings).map_err(|error| CaseError::NotACase {
        path: path.to_owned(),
        reason: format!("the settings do not fit the policy: {error}"),
    })?;
    let chosen = P::choose(&group, &domains, &settings);
    let found: Vec<&str> = chosen.iter().map(|domain| domain.name.as_str()).collect();
    if found == expect {
        return Ok(());
    }
    Err(CaseError::Differs {
        path: path.to_owned(),
        difference: format!("  expected {expect:?}\n  found    {found:?}\n"),
    })
}
