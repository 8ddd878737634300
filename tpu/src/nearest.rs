//! What to write instead: topologies around a number of chips, accelerators around a name.

use crate::accelerator::{Accelerator, Offer};
use crate::legality::STEP;
use crate::spelling;
use crate::topology::Topology;

/// How many alternatives a message can carry before nobody reads them.
const ALTERNATIVES: usize = 3;

/// Published topologies around a number of chips, at most three: those of exactly that many
/// first, then the next smaller and the next larger one.
#[must_use]
pub fn nearest(accelerator: &Accelerator, chips: u64) -> Vec<Topology> {
    let published = || accelerator.published();
    let exact = published().filter(|topology| topology.chips() == chips);
    let smaller = published()
        .filter(|topology| topology.chips() < chips)
        .max_by_key(Topology::chips);
    let larger = published()
        .filter(|topology| topology.chips() > chips)
        .min_by_key(Topology::chips);
    exact
        .chain(smaller)
        .chain(larger)
        .take(ALTERNATIVES)
        .collect()
}

/// Every legal topology of exactly this many chips: the published ones, then custom ones. More
/// than one means that the number of chips doesn't determine the shape. Empty for accelerators
/// without a published list.
#[must_use]
pub fn topologies_with_chips(accelerator: &Accelerator, chips: u64) -> Vec<Topology> {
    let mut found: Vec<_> = accelerator
        .published()
        .filter(|topology| topology.chips() == chips)
        .collect();
    if let Offer::Cubes(_) = accelerator.offer {
        let published = found.clone();
        found.extend(custom(accelerator, chips).filter(|custom| !published.contains(custom)));
    }
    found
}

/// Aliases and labels that look like `name`, best first, at most three.
#[must_use]
pub fn accelerator_suggestions(name: &str) -> Vec<&'static str> {
    let spellings = Accelerator::all().iter().flat_map(|accelerator| {
        let shown = accelerator.short_name();
        let others = accelerator
            .other_names
            .iter()
            .map(move |other| (*other, shown));
        accelerator
            .alias
            .map(|alias| (alias, alias))
            .into_iter()
            .chain([(accelerator.label, accelerator.label)])
            .chain(others)
    });
    spelling::closest(name, spellings)
}

/// Nondecreasing dimensions, multiples of 4, whose product is `chips`, if a slice can be so large.
fn custom(accelerator: &Accelerator, chips: u64) -> impl Iterator<Item = Topology> {
    let allowed = accelerator.max_chips().is_some_and(|max| chips <= max);
    let chips = if allowed {
        u32::try_from(chips).unwrap_or(0)
    } else {
        0
    };
    let dims = move |from: u32| (from..=chips).step_by(STEP as usize);
    dims(STEP)
        .take_while(move |a| cubed(*a) <= u64::from(chips))
        .flat_map(move |a| {
            dims(a)
                .take_while(move |b| u64::from(a).saturating_mul(squared(*b)) <= u64::from(chips))
                .filter_map(move |b| last_dimension(chips, a, b))
        })
}

fn last_dimension(chips: u32, a: u32, b: u32) -> Option<Topology> {
    let base = a.checked_mul(b)?;
    let c = chips.checked_div(base)?;
    (chips.checked_rem(base)? == 0 && c % STEP == 0).then(|| Topology::solid(a, b, c))
}

fn squared(dim: u32) -> u64 {
    u64::from(dim) * u64::from(dim)
}

fn cubed(dim: u32) -> u64 {
    squared(dim).saturating_mul(u64::from(dim))
}
