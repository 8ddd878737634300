//! Who is served first.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::fault::seeded;
use crate::group::Group;
use crate::settings::Gang;

/// Groups that are served at once.
#[derive(Debug)]
pub(crate) enum Unit<'a> {
    One(&'a Group),
    /// All get their domains or none does.
    Gang {
        groups: Vec<&'a Group>,
        /// Groups that there must be.
        needed: u32,
    },
}

/// All groups in their order: priority (the highest of the root's groups), then the age of the
/// root owner. So groups of one root stand together.
pub(crate) fn units<'a>(groups: &'a [Arc<Group>], gang: Gang) -> Vec<Unit<'a>> {
    let mut priorities: HashMap<&str, i32> = HashMap::new();
    for group in groups {
        let highest = priorities.entry(&group.reference.root).or_insert(i32::MIN);
        *highest = group.priority.max(*highest);
    }
    let mut sorted: Vec<&Group> = groups.iter().map(AsRef::as_ref).collect();
    sorted.sort_by_cached_key(|group| {
        let root = group.reference.root.as_str();
        let priority = priorities.get(root).copied().unwrap_or(0);
        (
            Reverse(priority),
            group.created,
            root,
            group.reference.name.as_str(),
        )
    });
    if seeded!(YoungestFirst) {
        sorted.reverse();
    }
    gathered(sorted, gang)
}

fn gathered<'a>(sorted: Vec<&'a Group>, gang: Gang) -> Vec<Unit<'a>> {
    let mut units: Vec<Unit<'a>> = Vec::new();
    let mut gangs: HashMap<&str, usize> = HashMap::new();
    for group in sorted {
        let needed = match gang {
            Gang::Multislice => group.slices,
            Gang::Always => group.siblings,
            Gang::Never => 0,
        };
        if needed < 2 {
            units.push(Unit::One(group));
            continue;
        }
        let at = *gangs.entry(&group.reference.root).or_insert(units.len());
        match units.get_mut(at) {
            Some(Unit::Gang { groups, .. }) => groups.push(group),
            _ => units.push(Unit::Gang {
                groups: vec![group],
                needed,
            }),
        }
    }
    units
}
