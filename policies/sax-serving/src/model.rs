//! Does the model fit the slice?
//!
//! A class can be served only where the product of its mesh equals `jax.device_count()`; anything
//! else is skipped with a line in the server's log, and the model stays at zero replicas for
//! ever. Source: facts/saxml.md §0 fact 2, §1.5.

use sdk::Verdict;
use tpu::sax::{self, ImageVersion, ModelClass};
use tpu::{Slice, topologies_with_chips};
use workload::{Container, MODEL, PodGroup, Workload};

use crate::component::{Component, Role};
use crate::excerpt::{listed, quoted};
use crate::hardware::Hardware;

/// Every build whose classes are known, oldest first, with what to call it.
const BUILDS: [(ImageVersion, &str); 3] = [
    (ImageVersion::V1_1_0, "v1.1.0"),
    (ImageVersion::V1_2_0, "v1.2.0"),
    (ImageVersion::Head, "nightly"),
];
/// Alternatives that a message can carry.
const ALTERNATIVES: usize = 4;

/// What a class has to fit.
pub(crate) struct Target {
    build: Option<ImageVersion>,
    slice: Option<Slice>,
}

impl Target {
    /// What a model server offers.
    pub(crate) fn of(component: &Component<'_>, hardware: &Hardware<'_>) -> Self {
        // Several slices behind one server: what each of them has says nothing.
        let is_multislice = component.variable("MEGASCALE_NUM_SLICES").is_some();
        Self {
            build: component.image.tag.and_then(ImageVersion::from_tag),
            slice: hardware.slice().filter(|_| !is_multislice),
        }
    }

    /// What a group of any TPU Pods offers.
    fn of_group(group: &PodGroup<'_>, hardware: &Hardware<'_>) -> Self {
        let filled = |container: Container<'_>| {
            let slices = container.env("MEGASCALE_NUM_SLICES");
            slices.is_some_and(|slices| slices.is_filled())
        };
        let is_multislice = group.tpu_containers().into_iter().any(filled);
        Self {
            build: None,
            slice: hardware.slice().filter(|_| !is_multislice),
        }
    }
}

/// SAX015 and SAX016 for the annotation `kubectl-sax.dev/model`: it speaks of the model servers,
/// or of all TPU Pods where none is known as a model server.
pub(crate) fn check_annotation(
    workload: &Workload<'_>,
    components: &[Component<'_>],
    verdict: &mut Verdict,
) {
    let is_annotated = workload.annotation(MODEL).is_present()
        || workload
            .groups
            .iter()
            .any(|group| group.annotation(MODEL).is_present());
    if !is_annotated {
        return;
    }
    let servers = components
        .iter()
        .filter(|component| component.role == Role::ModelServer);
    let mut targets: Vec<(&PodGroup<'_>, Target)> = servers
        .map(|server| {
            let hardware = Hardware::of(workload, &server.group);
            (&server.group, Target::of(server, &hardware))
        })
        .collect();
    if targets.is_empty() {
        targets.extend(workload.tpu_groups().map(|group| {
            let hardware = Hardware::of(workload, group);
            (group, Target::of_group(group, &hardware))
        }));
    }
    for (group, target) in targets {
        check_group(workload, group, &target, verdict);
    }
}

fn check_group(
    workload: &Workload<'_>,
    group: &PodGroup<'_>,
    target: &Target,
    verdict: &mut Verdict,
) {
    let own = group.annotation(MODEL);
    let place = if own.is_present() {
        own
    } else {
        workload.annotation(MODEL)
    };
    if let Some(class) = place.text() {
        check_class(class.trim(), place.path(), target, verdict);
    }
}

/// SAX015 and SAX016 for one class.
pub(crate) fn check_class(class: &str, path: &str, target: &Target, verdict: &mut Verdict) {
    let Some(known) = sax::find(class) else {
        return report_unknown(class, path, verdict);
    };
    if let Some(build) = target.build
        && known.registration(build).is_none()
    {
        return report_absent(known, build, path, verdict);
    }
    let Some(slice) = target.slice else { return };
    let Some(devices) = slice.jax_devices() else {
        return;
    };
    let needed = devices_of(known, target.build);
    if !needed.iter().any(|needed| u64::from(*needed) == devices) {
        deny_misfit(known, devices, target, path, verdict);
    }
}

fn report_unknown(class: &str, path: &str, verdict: &mut Verdict) {
    let suggestions = sax::suggestions(class);
    let (hint, fix) = match suggestions.first() {
        Some(first) => (
            format!(", such as {}", listed(&suggestions, ALTERNATIVES)),
            format!("write {first}, or check that the image registers the class"),
        ),
        None => (
            String::new(),
            "check that the image registers the class".to_owned(),
        ),
    };
    verdict.warn(
        "SAX016",
        path,
        format!(
            "found model class {}, expected one that Saxml registers{hint}",
            quoted(class)
        ),
        fix,
    );
}

fn report_absent(class: &ModelClass, build: ImageVersion, path: &str, verdict: &mut Verdict) {
    let having: Vec<&str> = BUILDS
        .iter()
        .filter(|(other, _)| class.registration(*other).is_some())
        .map(|(_, name)| *name)
        .collect();
    let name_of = |build| BUILDS.iter().find(|(other, _)| *other == build);
    verdict.warn(
        "SAX016",
        path,
        format!(
            "found model class {}, which is in {}, expected one of the image, which is {}",
            class.name(),
            // Classes that came and stayed are in everything newer too.
            match having.as_slice() {
                [first, .., "nightly"] => format!("{first}+"),
                others => listed(others, ALTERNATIVES),
            },
            name_of(build).map_or("another", |(_, name)| name),
        ),
        format!(
            "use a model-server image that has it, such as :{}",
            having.first().copied().unwrap_or("nightly")
        ),
    );
}

fn deny_misfit(
    class: &ModelClass,
    devices: u64,
    target: &Target,
    path: &str,
    verdict: &mut Verdict,
) {
    let Some(slice) = target.slice else { return };
    let needed = devices_of(class, target.build);
    let counts: Vec<String> = needed.iter().map(u32::to_string).collect();
    let counts = counts.join(" or ");
    verdict.deny(
        "SAX015",
        path,
        format!(
            "found {} on {slice}, expected a slice that it fits: it needs exactly {counts} \
             devices; {} gives {devices}",
            class.name(),
            slice.topology(),
        ),
        way_out(
            &fitting_topologies(slice, &needed),
            &siblings(class, devices, target.build),
            &counts,
        ),
    );
}

fn way_out(topologies: &[String], siblings: &[&str], counts: &str) -> String {
    let topologies_shown = listed(topologies, ALTERNATIVES);
    let siblings_shown = listed(siblings, ALTERNATIVES);
    match (topologies.is_empty(), siblings.is_empty()) {
        (false, false) => {
            format!("set the topology to {topologies_shown}, or the model to {siblings_shown}")
        }
        (false, true) => format!("set the topology to {topologies_shown}"),
        (true, false) => format!("set the model to {siblings_shown}"),
        (true, true) => format!("choose a slice of {counts} devices"),
    }
}

/// The device counts on which a build can serve the class; of all builds where it isn't known.
fn devices_of(class: &ModelClass, build: Option<ImageVersion>) -> Vec<u32> {
    let builds = BUILDS.iter().map(|(build, _)| *build);
    let mut devices: Vec<u32> = builds
        .filter(|candidate| build.is_none_or(|build| build == *candidate))
        .filter_map(|build| class.chips(build))
        .flatten()
        .copied()
        .collect();
    devices.sort_unstable();
    devices.dedup();
    devices
}

fn fitting_topologies(slice: Slice, needed: &[u32]) -> Vec<String> {
    let accelerator = slice.accelerator();
    let per_chip = u64::from(accelerator.jax_devices_per_chip().unwrap_or(1).max(1));
    let whole = |needed: &u32| {
        let needed = u64::from(*needed);
        needed.is_multiple_of(per_chip).then(|| needed / per_chip)
    };
    let chips = needed.iter().filter_map(whole);
    let topologies = chips.flat_map(|chips| topologies_with_chips(accelerator, chips));
    topologies.map(|topology| topology.to_string()).collect()
}

/// Classes of the same model that fit this many devices.
fn siblings(class: &ModelClass, devices: u64, build: Option<ImageVersion>) -> Vec<&'static str> {
    let family = class.family();
    let fits = |other: &&ModelClass| {
        devices_of(other, build)
            .iter()
            .any(|needed| u64::from(*needed) == devices)
    };
    sax::all()
        .iter()
        .filter(|other| other.name().starts_with(family) && other.test_mode() == class.test_mode())
        .filter(fits)
        .map(ModelClass::name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str) -> &'static ModelClass {
        sax::find(name).expect("the class is in the catalogue")
    }

    #[test]
    fn siblings_are_classes_of_the_same_model_and_mode() {
        let found = siblings(
            class("lm_cloud.LmCloudSpmd175B32Test"),
            16,
            Some(ImageVersion::V1_1_0),
        );
        assert_eq!(found, ["lm_cloud.LmCloudSpmd175BTest"]);
    }

    #[test]
    fn the_devices_of_an_unknown_build_are_those_of_all() {
        assert_eq!(
            devices_of(class("lm_cloud.LLaMA70BFP16TPUv5e"), None),
            [1, 16]
        );
    }
}
