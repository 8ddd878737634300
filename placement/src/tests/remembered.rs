//! What a view remembers between decisions changes none of them.

use std::cmp::Reverse;

use super::history::history;
use super::world::World;
use crate::fault::{Fault, seed};
use crate::{Decision, Settings, TightestFit, Time, View, decide};

const HISTORIES: u64 = 24;
const EVENTS: usize = 800;

/// A view of the same objects, which come in another order and all at once.
fn made_anew(view: &View) -> View {
    let mut anew = View::default();
    let mut pods: Vec<_> = view.pods.values().map(|pod| (**pod).clone()).collect();
    pods.sort_by_key(|pod| Reverse(pod.name()));
    pods.into_iter().for_each(|pod| anew.put_pod(pod));
    let claims = view.claims.values().rev().cloned();
    claims.for_each(|claim| anew.put_claim(claim));
    let jobs = view.jobs.values().map(|job| (**job).clone());
    jobs.for_each(|job| anew.put_job(job));
    let owners = view.owners.values().map(|owner| (**owner).clone());
    owners.for_each(|owner| anew.put_owner(owner));
    let nodes: Vec<_> = view.sites.nodes().map(|(_, node)| node.clone()).collect();
    nodes.into_iter().rev().for_each(|node| anew.put_node(node));
    anew
}

fn look(view: &View, now: Time, settings: &Settings) -> Decision {
    decide(view, now, settings, &TightestFit)
}

/// The first step after which a view that remembers decides otherwise than one made anew.
fn difference(number: u64) -> Option<String> {
    let mut world = World::new(number);
    for (at, event) in history(1000 + number, EVENTS).into_iter().enumerate() {
        world.step(event).expect("no guarantee is broken");
        for placer in &world.placers {
            let (now, settings) = (world.store.now, &world.settings);
            let known = look(&placer.view, now, settings);
            let anew = look(&made_anew(&placer.view), now, settings);
            if known != anew {
                return Some(format!("history {number}, step {at}: {event:?}"));
            }
        }
    }
    None
}

#[test]
fn a_view_decides_at_every_step_as_one_made_anew_of_the_same_objects() {
    assert_eq!((0..HISTORIES).find_map(difference), None);
}

#[test]
fn remembering_for_too_long_is_found() {
    for fault in [Fault::RemembersGroups, Fault::RemembersDomains] {
        seed(Some(fault));
        let found = std::panic::catch_unwind(|| (0..HISTORIES).find_map(difference));
        seed(None);
        assert!(!matches!(found, Ok(None)), "{fault:?} is not found");
    }
}
