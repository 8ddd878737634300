//! Every class on every accelerator, against a table that was written by hand from the facts.

use std::collections::BTreeMap;

use tpu::sax::{self, ImageVersion};
use tpu::{Accelerator, Slice};

use super::fit::Unfit;
use super::{Plan, PlanError, Size, Wish, plan};

const TABLE: &str = include_str!("catalogue.txt");
/// The accelerators of a class's last columns.
const SERVED: [&str; 3] = ["v4", "v5e", "tpu-v5-lite-device"];

/// A slice of the table.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    chips: u64,
    vms: u32,
    chips_per_vm: u32,
    machine: String,
}

fn rows(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    TABLE
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(move |words| words.first() == Some(&kind))
}

fn number(text: &str) -> u32 {
    text.parse().expect("must be a number")
}

fn shapes() -> BTreeMap<String, Shape> {
    rows("slice")
        .map(|row| {
            let shape = Shape {
                chips: number(row[4]).into(),
                vms: number(row[5]),
                chips_per_vm: number(row[6]),
                machine: row[7].to_owned(),
            };
            (format!("{}:{}", row[2], row[3]), shape)
        })
        .collect()
}

fn planned(class: &str, version: &str, accelerator: &str) -> Result<Plan, PlanError> {
    plan(&Wish {
        model: Some(class.to_owned()),
        accelerator: Some(accelerator.to_owned()),
        replicas: 1,
        model_image: format!("r/sax-model-server:{version}"),
        ..Wish::default()
    })
}

fn shape(plan: &Plan) -> Shape {
    let machine = plan.slice.machine(plan.chips_per_vm);
    Shape {
        chips: plan.slice.chips(),
        vms: plan.vms,
        chips_per_vm: plan.chips_per_vm,
        machine: machine.expect("must be a known machine").name.to_owned(),
    }
}

/// The table's word for a refusal.
fn word(error: &PlanError) -> &'static str {
    match error {
        PlanError::Unfit { cause, .. } => match **cause {
            Unfit::NoSaxChip { .. } => "chip",
            Unfit::NoTopologies { .. } => "topologies",
            Unfit::NoSlice { .. } | Unfit::Mesh { .. } => "mesh",
            Unfit::Memory { .. } => "memory",
        },
        _ => "another error",
    }
}

#[test]
fn each_class_gets_the_slice_of_the_facts_or_their_reason_on_each_accelerator() {
    let shapes = shapes();
    let mut compared = 0;
    for row in rows("class") {
        for version in row[3].split(',') {
            for (accelerator, expected) in SERVED.iter().zip(&row[7..]) {
                let what = format!("{} in {version} on {accelerator}", row[2]);
                let found = planned(row[2], version, accelerator);
                match (&found, shapes.get(&format!("{accelerator}:{expected}"))) {
                    (Ok(plan), Some(expected_shape)) => {
                        assert_eq!(plan.slice.topology().to_string(), **expected, "{what}");
                        assert_eq!(shape(plan), *expected_shape, "{what}");
                    }
                    (Err(error), None) => assert_eq!(word(error), *expected, "{what}: {error}"),
                    _ => panic!("{what}: expected {expected}, found {found:?}"),
                }
                compared += 1;
            }
        }
    }
    // The test after the next says that no class is left out; this, that the loop ran.
    let registered = sax::all().iter().map(|class| {
        let has = |version: &ImageVersion| class.registration(*version).is_some();
        ImageVersion::ALL.into_iter().filter(has).count()
    });
    assert_eq!(compared, registered.sum::<usize>() * SERVED.len());
}

#[test]
fn sizes_are_those_of_the_facts() {
    for row in rows("class") {
        for version in row[3].split(',') {
            let model = super::Model::find(row[2], ImageVersion::from_tag(version));
            let model = model.unwrap_or_else(|error| panic!("{}: {error}", row[2]));
            let expected = row[4].parse().ok().map(|billions: u64| {
                let count = billions * 1_000_000_000;
                (count, count * u64::from(number(row[5])))
            });
            let size = model.size();
            let found = size.map(|size| (size.parameters.count(), size.weights()));
            assert_eq!(found, expected, "{} in {version}", row[2]);
            let devices: Vec<_> = row[6].split(',').map(number).collect();
            assert_eq!(model.registration.chips, devices, "{} in {version}", row[2]);
        }
    }
}

#[test]
fn no_class_runs_on_the_accelerators_that_the_facts_rule_out() {
    for row in rows("never") {
        for class in sax::all() {
            for version in ImageVersion::ALL {
                if class.registration(version).is_none() {
                    continue;
                }
                let found = planned(class.name(), version.tag(), row[2]);
                let error = found.expect_err("must be refused");
                assert_eq!(word(&error), row[3], "{} on {}", class.name(), row[2]);
            }
        }
    }
}

#[test]
fn the_table_leaves_out_no_class_no_version_and_no_accelerator() {
    for class in sax::all() {
        for version in ImageVersion::ALL {
            let listed = rows("class").filter(|row| {
                row[2] == class.name() && row[3].split(',').any(|tag| tag == version.tag())
            });
            let expected = usize::from(class.registration(version).is_some());
            assert_eq!(
                listed.count(),
                expected,
                "{} in {}",
                class.name(),
                version.tag()
            );
        }
    }
    let ruled_out: Vec<_> = rows("never").map(|row| row[2]).collect();
    for accelerator in Accelerator::all() {
        let name = accelerator.short_name();
        assert!(
            ruled_out.contains(&name) != SERVED.contains(&name),
            "{name} must be either served or ruled out"
        );
    }
}

#[test]
fn classes_that_an_image_lacks_are_refused_with_the_images_that_have_them() {
    for class in sax::all() {
        for version in ImageVersion::ALL {
            if class.registration(version).is_some() {
                continue;
            }
            let error = planned(class.name(), version.tag(), "v5e").expect_err("must be refused");
            assert!(
                error.to_string().contains("doesn't have this class"),
                "{error}"
            );
            assert!(
                error.fix().starts_with("add --image-version "),
                "{}",
                error.fix()
            );
        }
    }
}

/// Where something else serves the class, the refusal says what; following it works.
#[test]
fn every_way_out_leads_to_a_plan() {
    for class in sax::all() {
        for version in ImageVersion::ALL {
            for accelerator in Accelerator::all() {
                let found = planned(class.name(), version.tag(), accelerator.label());
                let Err(PlanError::Unfit { way_out, .. }) = found else {
                    continue;
                };
                let (class, slice) = match way_out {
                    super::error::WayOut::Slice(slice) => (class.name(), slice),
                    super::error::WayOut::Class(other, slice) => (other, slice),
                    other => panic!("{}: {other:?}", class.name()),
                };
                assert_serves(class, version, slice);
            }
        }
    }
}

fn assert_serves(class: &str, version: ImageVersion, slice: Slice) {
    let found = plan(&Wish {
        model: Some(class.to_owned()),
        slice: Some(slice.to_string()),
        replicas: 1,
        model_image: format!("r/sax-model-server:{}", version.tag()),
        ..Wish::default()
    });
    assert!(found.is_ok(), "{class} on {slice}: {found:?}");
}

#[test]
fn the_tutorials_class_gets_the_tutorials_numbers_with_22_chips_in_place_of_its_21() {
    let plan = planned("lm_cloud.LmCloudSpmd175B32Test", "v1.1.0", "v5e").expect("must be planned");
    let size = plan.size.expect("its size is known");
    let rule = Size {
        dtype: super::size::RULE,
        ..size
    };
    assert_eq!(rule.weights(), 350_000_000_000);
    assert_eq!(rule.chips(plan.slice.accelerator()), Some(22));
    assert_eq!(size.weights(), 175_000_000_000);
    assert_eq!(size.chips(plan.slice.accelerator()), Some(11));
    assert_eq!(plan.slice.to_string(), "v5e:4x8");
    assert_eq!(
        (plan.slice.chips(), plan.vms, plan.chips_per_vm),
        (32, 8, 4)
    );
}
