//! Which of the feasible domains a group should have.

use std::cmp::Ordering;

use sdk::Domain;

use crate::settings::{Order, Settings};

/// The domains, the best first.
pub(crate) fn ranked<'d>(domains: &'d [Domain], settings: &Settings) -> Vec<&'d Domain> {
    let mut ranked: Vec<&Domain> = domains.iter().collect();
    ranked.sort_by(|one, other| compare(one, other, settings));
    ranked
}

fn compare(one: &Domain, other: &Domain, settings: &Settings) -> Ordering {
    let fit = |domain: &Domain| (domain.fits, domain.free_chips);
    let by_fit = fit(one).cmp(&fit(other));
    let by_failure_domain = one
        .claims_in_failure_domain
        .cmp(&other.claims_in_failure_domain);
    let by_order = match settings.order {
        Order::Pack => by_fit.then(by_failure_domain),
        Order::Spread => by_failure_domain.then(by_fit),
    };
    let by_supply = match settings.prefer_reservations {
        true => supply(one).cmp(&supply(other)),
        false => Ordering::Equal,
    };
    by_supply.then(by_order).then(one.name.cmp(&other.name))
}

/// Reserved nodes are paid for, used or not; spot VMs may go at any time.
fn supply(domain: &Domain) -> u8 {
    match (domain.spot, &domain.reservation) {
        (true, _) => 2,
        (false, None) => 1,
        (false, Some(_)) => 0,
    }
}
