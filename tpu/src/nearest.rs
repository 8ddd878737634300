//! What to write instead: topologies around a number of chips, accelerators around a name.

use crate::accelerator::{Accelerator, Offer};
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

/// Nondecreasing products of multiples of 4, in the limits of the accelerator.
fn custom(accelerator: &Accelerator, chips: u64) -> impl Iterator<Item = Topology> {
    const STEP: u32 = 4;
    // Two dimensions are at least 4 each, so the third is at most a sixteenth of the chips.
    let cubes = match accelerator.max_chips() {
        Some(max) if chips <= max => chips / 16,
        _ => 0,
    };
    let longest = u32::try_from(cubes).unwrap_or(0);
    let steps = move |from: u32| (from..=longest).step_by(STEP as usize);
    steps(STEP).flat_map(move |a| {
        steps(a)
            .take_while(move |b| u64::from(a) * u64::from(*b) * u64::from(*b) <= chips)
            .filter_map(move |b| {
                let base = u64::from(a) * u64::from(b);
                let c = u32::try_from(chips / base).ok()?;
                (chips % base == 0 && c % STEP == 0).then(|| Topology::solid(a, b, c))
            })
    })
}
