//! Which topologies are legal, and what is said of those that aren't.

use tpu::{
    Accelerator, AcceleratorType, Illegal, Legality, Slice, SliceError, Topology, TopologyError,
    accelerator_suggestions, check, nearest, topologies_with_chips,
};

fn accelerator(name: &str) -> &'static Accelerator {
    Accelerator::from_alias_or_label(name).expect(name)
}

fn judge(name: &str, topology: &str) -> Result<Legality, Illegal> {
    check(
        accelerator(name),
        &Topology::parse(topology).expect(topology),
    )
}

fn texts(topologies: &[Topology]) -> Vec<String> {
    topologies.iter().map(ToString::to_string).collect()
}

/// Every ordered custom shape as xpk generates them: multiples of 4 up to 256.
fn ordered_custom(max_cubes: u64) -> Vec<Topology> {
    let dims = || (4..=256_u32).step_by(4);
    let mut found = Vec::new();
    for a in dims() {
        for b in dims().filter(|b| a <= *b) {
            for c in dims().filter(|c| b <= *c) {
                let topology = Topology::new(&[a, b, c]).expect("no dimension is zero");
                if topology.chips() <= max_cubes * 64 {
                    found.push(topology);
                }
            }
        }
    }
    found
}

#[test]
fn custom_shapes_are_as_many_as_xpk_has_and_all_legal() {
    for (alias, cubes, count) in [("v4", 64, 182), ("v5p", 140, 410), ("tpu7x", 144, 428)] {
        let shapes = ordered_custom(cubes);
        assert_eq!(shapes.len(), count, "{alias}");
        for shape in shapes {
            let judged = check(accelerator(alias), &shape);
            let published = accelerator(alias).published().any(|listed| listed == shape);
            let expected = if published {
                Legality::Published
            } else {
                Legality::Unpublished
            };
            assert_eq!(judged, Ok(expected), "{alias} {shape}");
        }
    }
}

#[test]
fn shapes_that_sources_disagree_on_are_legal_but_unpublished() {
    for alias in ["v4", "v5p", "tpu7x"] {
        for shape in [
            "4x4x16", "4x4x32", "8x8x32", "12x12x24", "12x16x16", "4x8x32",
        ] {
            assert_eq!(
                judge(alias, shape),
                Ok(Legality::Unpublished),
                "{alias} {shape}"
            );
        }
    }
    assert_eq!(judge("v5p", "16x20x28"), Ok(Legality::Unpublished));
    assert!(judge("v4", "16x20x28").is_err());
}

#[test]
fn the_largest_custom_shape_is_the_limit_in_cubes() {
    for (alias, largest, over, max) in [
        ("v4", "4x4x256", "4x4x260", 4096),
        ("v5p", "16x20x28", "4x12x188", 8960),
        ("tpu7x", "16x24x24", "4x20x116", 9216),
    ] {
        assert!(judge(alias, largest).is_ok(), "{alias}");
        let illegal = judge(alias, over).expect_err(over);
        assert!(
            matches!(illegal, Illegal::TooManyChips { max: found, .. } if found == max),
            "{illegal:?}"
        );
    }
    assert_eq!(
        judge("v5e", "16x32").expect_err("too large").to_string(),
        "16x32 has 512 chips, the largest tpu-v5-lite-podslice slice has 256"
    );
}

#[test]
fn each_illegal_topology_is_told_why_and_what_to_write() {
    let rows: [(&str, &str, &str, &[&str]); 9] = [
        (
            "v5e",
            "2x4x4",
            "tpu-v5-lite-podslice topologies have 2 dimensions, 2x4x4 has 3",
            &["4x8", "4x4", "8x8"],
        ),
        (
            "v5p",
            "4x8",
            "tpu-v5p-slice topologies have 3 dimensions, 4x8 has 2",
            &["2x4x4", "2x2x4", "4x4x4"],
        ),
        (
            "v5e",
            "8x4",
            "tpu-v5-lite-podslice topologies are ordered: 8x4 is written 4x8",
            &["4x8"],
        ),
        (
            "v4",
            "1x2x2",
            "tpu-v4-podslice topologies are ordered: 1x2x2 is written 2x2x1",
            &["2x2x1"],
        ),
        (
            "v4",
            "8x4x4",
            "tpu-v4-podslice topologies are ordered: 8x4x4 is written 4x4x8",
            &["4x4x8"],
        ),
        (
            "tpu7x",
            "16x4x4",
            "tpu7x topologies are ordered: 16x4x4 is written 4x4x16",
            &["4x4x16"],
        ),
        (
            "v6e",
            "3x5",
            "tpu-v6e-slice has no topology 3x5; nearest: 2x4 (8 chips), 4x4 (16 chips)",
            &["2x4", "4x4"],
        ),
        (
            "v5p",
            "2x2x8",
            "tpu-v5p-slice has no topology 2x2x8: the dimensions of a custom one are multiples \
             of 4; nearest: 2x4x4 (32 chips), 2x2x4 (16 chips), 4x4x4 (64 chips)",
            &["2x4x4", "2x2x4", "4x4x4"],
        ),
        (
            "tpu-v5-lite-device",
            "4x4",
            "tpu-v5-lite-device slices are one VM of at most 8 chips, 4x4 has 16",
            &["2x4"],
        ),
    ];
    for (name, topology, message, alternatives) in rows {
        let illegal = judge(name, topology).expect_err(topology);
        assert_eq!(illegal.to_string(), message);
        assert_eq!(texts(&illegal.alternatives()), alternatives, "{topology}");
    }
}

#[test]
fn where_nothing_is_published_anything_of_the_right_dimensions_passes() {
    assert_eq!(judge("tpu-v3-slice", "4x8"), Ok(Legality::Unpublished));
    assert_eq!(judge("tpu7", "2x2x8"), Ok(Legality::Unpublished));
    assert_eq!(
        judge("tpu-v4-lite-device", "1x1"),
        Ok(Legality::Unpublished)
    );
    assert_eq!(
        judge("tpu-v4-lite-device", "1x1x1"),
        Ok(Legality::Unpublished)
    );
    assert!(matches!(
        judge("tpu7", "4x4"),
        Err(Illegal::WrongDimensions { .. })
    ));
    assert!(matches!(
        judge("tpu-v3-device", "4x4"),
        Err(Illegal::SingleHostOnly { max: 4, .. })
    ));
}

#[test]
fn topologies_are_read_as_gke_writes_them() {
    let bad = |text: &str| Topology::parse(text).expect_err(text);
    assert_eq!(
        Topology::parse("4x8").map(|t| t.dims().to_vec()),
        Ok(vec![4, 8])
    );
    assert_eq!(
        Topology::parse("2x2x4").map(|t| t.dims().to_vec()),
        Ok(vec![2, 2, 4])
    );
    assert_eq!(bad(""), TopologyError::Empty);
    assert_eq!(
        bad("4 x8"),
        TopologyError::Space {
            text: "4 x8".into()
        }
    );
    assert_eq!(
        bad("4x8\n"),
        TopologyError::Space {
            text: "4x8\n".into()
        }
    );
    assert_eq!(bad("+4x8"), TopologyError::Sign { part: "+4".into() });
    assert_eq!(bad("4x-8"), TopologyError::Sign { part: "-8".into() });
    assert_eq!(
        bad("04x8"),
        TopologyError::LeadingZero { part: "04".into() }
    );
    assert_eq!(bad("4x0"), TopologyError::Zero { text: "4x0".into() });
    assert_eq!(
        bad("4x4294967296"),
        TopologyError::TooLarge {
            part: "4294967296".into()
        }
    );
    assert_eq!(bad("32"), TopologyError::DimensionCount { found: 1 });
    assert_eq!(bad("1x1x1x1"), TopologyError::DimensionCount { found: 4 });
    for text in ["4X8", "4x", "x", "4xx8", "auto", "4x8.0", "٤x8"] {
        assert!(
            matches!(bad(text), TopologyError::NotANumber { .. }),
            "{text}"
        );
    }
}

#[test]
fn errors_stay_short_on_huge_input() {
    let huge = "9".repeat(5_000_000);
    for text in [
        huge.clone(),
        format!("v5e:{huge}"),
        format!("{huge}:4x8"),
        "x".repeat(1 << 20),
    ] {
        assert!(
            Topology::parse(&text)
                .expect_err("not a topology")
                .to_string()
                .len()
                < 300
        );
        assert!(
            Slice::parse(&text)
                .expect_err("not a slice")
                .to_string()
                .len()
                < 300
        );
    }
}

#[test]
fn a_misspelt_topology_is_guessed() {
    for text in [
        "4X8", " 4x8 ", "4*8", "4×8", "04x8", "4 x 8", "\"4x8\"", "4-8", "4,8",
    ] {
        assert_eq!(
            Topology::guess(text).map(|t| t.to_string()).as_deref(),
            Some("4x8"),
            "{text}"
        );
    }
    for text in ["", "auto", "32", "0x8", "-4x8", "4x8x4x8"] {
        assert_eq!(Topology::guess(text), None, "{text}");
    }
}

#[test]
fn slices_are_read_with_alias_or_label() {
    for text in ["v5e:4x8", "tpu-v5-lite-podslice:4x8"] {
        let slice = Slice::parse(text).expect(text);
        assert_eq!(slice.accelerator().label(), "tpu-v5-lite-podslice");
        assert_eq!(slice.to_string(), "v5e:4x8");
    }
    let message = |text: &str| Slice::parse(text).expect_err(text).to_string();
    assert_eq!(
        message("v5e"),
        "slice \"v5e\" is not of the form ACCELERATOR:TOPOLOGY, such as v5e:4x8"
    );
    assert_eq!(
        message("v5litepod-32"),
        "slice \"v5litepod-32\" is not of the form ACCELERATOR:TOPOLOGY; write v5e:4x8"
    );
    assert_eq!(
        message("v5q:4x8"),
        "unknown accelerator \"v5q\"; did you mean v5e or v5p?"
    );
    assert_eq!(message("h100:8x8"), "unknown accelerator \"h100\"");
    assert_eq!(message("v5e:"), "the topology is empty");
    assert!(matches!(
        Slice::parse("v5e:3x5"),
        Err(SliceError::Illegal(Illegal::NotOffered { .. }))
    ));
    assert!(matches!(
        Slice::parse("v5e:4x8:4"),
        Err(SliceError::Topology(_))
    ));
}

#[test]
fn accelerator_types_count_cores_on_some_and_chips_on_others() {
    let rows = [
        ("v4-8", "v4", 4, Some("2x2x1")),
        ("v5p-8", "v5p", 4, Some("2x2x1")),
        ("tpu7x-128", "tpu7x", 64, Some("4x4x4")),
        ("v5litepod-32", "v5e", 32, Some("4x8")),
        ("v6e-16", "v6e", 16, Some("4x4")),
        // May be 4x4x64, 4x8x32 or 8x8x16.
        ("tpu7x-2048", "tpu7x", 1024, None),
    ];
    for (text, alias, chips, topology) in rows {
        let found = AcceleratorType::parse(text).expect(text);
        assert_eq!(found.accelerator.alias(), Some(alias), "{text}");
        assert_eq!(found.chips, chips, "{text}");
        assert_eq!(
            found.topology().map(|t| t.to_string()).as_deref(),
            topology,
            "{text}"
        );
    }
    for text in [
        "v4-7",
        "v4-0",
        "v4",
        "v9-8",
        "v4-",
        "v4-+8",
        "v6e-99999999999999999999",
    ] {
        assert_eq!(AcceleratorType::parse(text), None, "{text}");
    }
}

#[test]
fn chips_determine_the_topology_only_when_one_has_that_many() {
    let found = |name, chips| texts(&topologies_with_chips(accelerator(name), chips));
    assert_eq!(found("v5e", 8), ["2x4"]);
    assert_eq!(found("v5e", 32), ["4x8"]);
    assert_eq!(found("v5e", 33), Vec::<String>::new());
    assert_eq!(found("v5e", 512), Vec::<String>::new());
    assert_eq!(found("v5p", 128), ["4x4x8"]);
    assert_eq!(found("v4", 256), ["4x8x8", "4x4x16"]);
    assert_eq!(
        found("tpu7x", 1024),
        ["8x8x16", "4x4x64", "4x8x32", "4x16x16"]
    );
    assert_eq!(found("v4", 6144), Vec::<String>::new());
    for chips in [0, 1 << 40, u64::MAX] {
        assert!(found("tpu7x", chips).is_empty());
    }
}

#[test]
fn nearest_gives_the_exact_then_the_next_smaller_and_larger() {
    let found = |name, chips| texts(&nearest(accelerator(name), chips));
    assert_eq!(found("v5e", 32), ["4x8", "4x4", "8x8"]);
    assert_eq!(found("v5e", 22), ["4x4", "4x8"]);
    assert_eq!(found("v5e", 0), ["1x1"]);
    assert_eq!(found("v5e", u64::MAX), ["16x16"]);
    assert_eq!(found("v5p", 100), ["4x4x4", "4x4x8"]);
    assert_eq!(found("tpu-v3-slice", 32), Vec::<String>::new());
}

#[test]
fn accelerators_are_suggested_for_misspellings_and_other_names() {
    for (written, meant) in [
        ("v5litepod", "v5e"),
        ("tpu-v5-lite-podslise", "tpu-v5-lite-podslice"),
        ("tpu-v5e-slice", "v5e"),
        ("trillium", "v6e"),
        ("Ironwood", "tpu7x"),
        ("tpu-v7x", "tpu7x"),
        ("V5P", "v5p"),
        ("v6", "v6e"),
    ] {
        assert_eq!(
            accelerator_suggestions(written).first(),
            Some(&meant),
            "{written}"
        );
    }
    for nothing in ["", "nvidia-tesla-a100", "8i"] {
        assert!(accelerator_suggestions(nothing).is_empty(), "{nothing}");
    }
}
