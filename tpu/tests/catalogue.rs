//! The catalogue against rows written by hand from the documentation.

use tpu::{Accelerator, AcceleratorRef, HostShape, Legality, Machine, Slice, Topology};

fn slice(text: &str) -> Slice {
    Slice::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Label, alias, generation, dimensions, single host only, machine types.
type Row = (
    &'static str,
    Option<&'static str>,
    &'static str,
    Option<usize>,
    bool,
    &'static [&'static str],
);

#[test]
fn labels_aliases_dimensions_and_hosts_are_the_documented_ones() {
    let rows: [Row; 10] = [
        (
            "tpu-v3-device",
            None,
            "v3",
            Some(2),
            true,
            &["ct3-hightpu-4t"],
        ),
        (
            "tpu-v3-slice",
            None,
            "v3",
            Some(2),
            false,
            &["ct3p-hightpu-4t"],
        ),
        ("tpu-v4-lite-device", None, "v4i", None, false, &[]),
        (
            "tpu-v4-podslice",
            Some("v4"),
            "v4",
            Some(3),
            false,
            &["ct4p-hightpu-4t"],
        ),
        (
            "tpu-v5-lite-device",
            None,
            "v5e",
            Some(2),
            true,
            &["ct5l-hightpu-1t", "ct5l-hightpu-4t", "ct5l-hightpu-8t"],
        ),
        (
            "tpu-v5-lite-podslice",
            Some("v5e"),
            "v5e",
            Some(2),
            false,
            &["ct5lp-hightpu-1t", "ct5lp-hightpu-4t", "ct5lp-hightpu-8t"],
        ),
        (
            "tpu-v5p-slice",
            Some("v5p"),
            "v5p",
            Some(3),
            false,
            &["ct5p-hightpu-1t", "ct5p-hightpu-2t", "ct5p-hightpu-4t"],
        ),
        (
            "tpu-v6e-slice",
            Some("v6e"),
            "v6e",
            Some(2),
            false,
            &["ct6e-standard-1t", "ct6e-standard-4t", "ct6e-standard-8t"],
        ),
        (
            "tpu7",
            None,
            "tpu7",
            Some(3),
            false,
            &["tpu7-standard-1t", "tpu7-standard-4t"],
        ),
        (
            "tpu7x",
            Some("tpu7x"),
            "tpu7x",
            Some(3),
            false,
            &[
                "tpu7x-standard-1t",
                "tpu7x-standard-4t",
                "tpu7x-ultranet-4t",
            ],
        ),
    ];
    assert_eq!(rows.len(), Accelerator::all().len());
    for (label, alias, generation, dims, single, machines) in rows {
        let found = Accelerator::find(label).expect(label);
        assert_eq!(found.alias(), alias, "{label}");
        assert_eq!(found.generation(), generation, "{label}");
        assert_eq!(found.dims(), dims, "{label}");
        assert_eq!(found.single_host_only(), single, "{label}");
        let names: Vec<_> = found
            .machines()
            .iter()
            .map(|machine| machine.name)
            .collect();
        assert_eq!(names, machines, "{label}");
        assert_eq!(Accelerator::from_alias_or_label(label), Some(found));
        if let Some(alias) = alias {
            assert_eq!(Accelerator::from_alias_or_label(alias), Some(found));
        }
    }
}

#[test]
fn machines_have_the_documented_sizes() {
    // name, chips, vCPU, RAM in GB, NUMA nodes, topology alone, several in a slice
    let rows = [
        ("ct4p-hightpu-4t", 4, 240, 407, 2, "2x2x1", true),
        ("ct5l-hightpu-1t", 1, 24, 48, 1, "1x1", false),
        ("ct5lp-hightpu-1t", 1, 24, 48, 1, "1x1", false),
        ("ct5l-hightpu-4t", 4, 112, 192, 1, "2x2", false),
        ("ct5lp-hightpu-4t", 4, 112, 192, 1, "2x2", true),
        ("ct5l-hightpu-8t", 8, 224, 384, 2, "2x4", false),
        ("ct5lp-hightpu-8t", 8, 224, 384, 2, "2x4", false),
        ("ct5p-hightpu-4t", 4, 208, 448, 2, "2x2x1", true),
        ("ct6e-standard-1t", 1, 44, 176, 1, "1x1", false),
        ("ct6e-standard-4t", 4, 180, 720, 1, "2x2", true),
        ("ct6e-standard-8t", 8, 180, 1440, 2, "2x4", false),
        ("tpu7x-standard-4t", 4, 224, 960, 2, "2x2x1", true),
    ];
    for (name, chips, vcpu, memory, numa, topology, multi) in rows {
        let (_, machine) = Machine::find(name).expect(name);
        assert_eq!(machine.chips, chips, "{name}");
        assert_eq!(machine.vcpu, Some(vcpu), "{name}");
        assert_eq!(machine.memory_gb, Some(memory), "{name}");
        assert_eq!(machine.numa_nodes, Some(numa), "{name}");
        assert_eq!(
            machine.single_host_topology,
            Topology::parse(topology).ok(),
            "{name}"
        );
        assert_eq!(machine.multi_host, multi, "{name}");
    }
    assert_eq!(Machine::find("n2-standard-4"), None);
}

#[test]
fn chips_have_the_documented_figures() {
    // alias, bf16, 8 bits, HBM, GB/s, ICI, pod, JAX devices
    let rows = [
        ("v4", 275, 275, "32 GiB", 1200, None, 4096, 1),
        ("v5e", 197, 393, "16 GB", 800, Some(400), 256, 1),
        ("v5p", 459, 918, "95 GiB", 2765, Some(1200), 8960, 1),
        ("v6e", 918, 1836, "32 GB", 1600, Some(800), 256, 1),
        ("tpu7x", 2307, 4614, "192 GiB", 7380, Some(1200), 9216, 2),
    ];
    for (alias, bf16, eight, hbm, speed, ici, pod, devices) in rows {
        let accelerator = Accelerator::from_alias_or_label(alias).expect(alias);
        let figures = accelerator.figures().expect(alias);
        assert_eq!(figures.bf16_tflops, bf16, "{alias}");
        assert_eq!(figures.eight_bit_tflops, eight, "{alias}");
        assert_eq!(figures.hbm.to_string(), hbm, "{alias}");
        assert_eq!(figures.hbm_gb_per_second, speed, "{alias}");
        assert_eq!(figures.ici_gb_per_second, ici, "{alias}");
        assert_eq!(figures.pod_chips, pod, "{alias}");
        assert_eq!(accelerator.max_chips(), Some(u64::from(pod)), "{alias}");
        assert_eq!(accelerator.jax_devices_per_chip(), Some(devices), "{alias}");
    }
    for legacy in [
        "tpu-v3-device",
        "tpu-v3-slice",
        "tpu-v4-lite-device",
        "tpu7",
    ] {
        assert_eq!(
            Accelerator::find(legacy)
                .expect(legacy)
                .hbm_bytes_per_chip(),
            None
        );
    }
}

#[test]
fn gigabytes_and_gibibytes_are_told_apart() {
    let bytes =
        |alias| Accelerator::from_alias_or_label(alias).and_then(|a| a.hbm_bytes_per_chip());
    assert_eq!(bytes("v5e"), Some(16_000_000_000));
    assert_eq!(bytes("v6e"), Some(32_000_000_000));
    assert_eq!(bytes("v4"), Some(34_359_738_368));
    assert_eq!(bytes("v5p"), Some(102_005_473_280));
}

#[test]
fn a_slice_of_32_chips_has_the_documented_memory() {
    let rows = [
        ("v5e:4x8", "512 GB", 512_000_000_000),
        ("v6e:4x8", "1024 GB", 1_024_000_000_000),
        ("v4:2x4x4", "1024 GiB", 1_099_511_627_776),
        ("v5p:2x4x4", "3040 GiB", 3_264_175_144_960),
        ("tpu7x:2x4x4", "6144 GiB", 6_597_069_766_656),
    ];
    for (text, shown, bytes) in rows {
        let slice = slice(text);
        assert_eq!(slice.chips(), 32, "{text}");
        assert_eq!(slice.hbm().expect(text).to_string(), shown);
        assert_eq!(slice.hbm_bytes(), Some(bytes), "{text}");
    }
}

/// Topology, chips, VMs of 1, 4 and 8 chips.
const FLAT: [(&str, u64, [Option<u32>; 3]); 8] = [
    ("1x1", 1, [Some(1), None, None]),
    ("2x2", 4, [None, Some(1), None]),
    ("2x4", 8, [None, Some(2), Some(1)]),
    ("4x4", 16, [None, Some(4), None]),
    ("4x8", 32, [None, Some(8), None]),
    ("8x8", 64, [None, Some(16), None]),
    ("8x16", 128, [None, Some(32), None]),
    ("16x16", 256, [None, Some(64), None]),
];

#[test]
fn flat_topologies_have_the_documented_vms() {
    for alias in ["v5e", "v6e"] {
        let published: Vec<_> = Accelerator::from_alias_or_label(alias)
            .expect(alias)
            .published()
            .map(|topology| topology.to_string())
            .collect();
        assert_eq!(published, FLAT.map(|(text, ..)| text));
        for (text, chips, vms) in FLAT {
            let slice = slice(&format!("{alias}:{text}"));
            assert_eq!(slice.legality(), Legality::Published);
            assert_eq!(slice.chips(), chips, "{text}");
            assert_eq!(
                [1, 4, 8].map(|per_vm| slice.vms(per_vm)),
                vms,
                "{alias} {text}"
            );
            let choices: Vec<u32> = [1, 4, 8]
                .into_iter()
                .zip(vms)
                .filter_map(|(n, vms)| vms.map(|_| n))
                .collect();
            assert_eq!(slice.chips_per_vm_choices(), choices, "{text}");
            assert_eq!(slice.is_ambiguous(), text == "2x4", "{text}");
        }
    }
}

#[test]
fn only_2x4_on_v5e_and_v6e_is_ambiguous() {
    for accelerator in Accelerator::all() {
        for topology in accelerator.published() {
            let (slice, _) = Slice::new(accelerator, topology).expect("it is published");
            let expected =
                topology.to_string() == "2x4" && matches!(accelerator.alias(), Some("v5e" | "v6e"));
            assert_eq!(slice.is_ambiguous(), expected, "{slice}");
            assert!(!slice.chips_per_vm_choices().is_empty(), "{slice}");
        }
    }
    let slice = slice("v5e:2x4");
    assert_eq!(slice.host_shape(4), Some(HostShape::Multi { vms: 2 }));
    assert_eq!(slice.host_shape(8), Some(HostShape::Single));
    assert_eq!(
        slice.machine(4).map(|machine| machine.name),
        Some("ct5lp-hightpu-4t")
    );
    assert_eq!(
        slice.machine(8).map(|machine| machine.name),
        Some("ct5lp-hightpu-8t")
    );
    assert_eq!(slice.host_shape(1), None);
    assert_eq!(slice.host_shape(0), None);
}

#[test]
fn the_single_host_v5e_has_three_topologies_of_one_vm() {
    for (text, chips) in [("1x1", 1), ("2x2", 4), ("2x4", 8)] {
        let slice = slice(&format!("tpu-v5-lite-device:{text}"));
        assert_eq!(slice.chips_per_vm_choices(), [chips]);
        assert_eq!(slice.host_shape(chips), Some(HostShape::Single));
    }
    assert_eq!(
        Accelerator::find("tpu-v5-lite-device").map(|a| a.published().len()),
        Some(3)
    );
}

/// Topology, chips, VMs of four chips, and whether v4, v5p and tpu7x publish it.
const SOLID: [(&str, u64, u32, [bool; 3]); 13] = [
    ("2x2x1", 4, 1, [true, true, true]),
    ("2x2x2", 8, 2, [true, true, true]),
    ("2x2x4", 16, 4, [true, true, true]),
    ("2x4x4", 32, 8, [true, true, true]),
    ("4x4x4", 64, 16, [true, true, true]),
    ("4x4x8", 128, 32, [true, true, true]),
    ("4x8x8", 256, 64, [true, true, true]),
    ("8x8x8", 512, 128, [true, true, true]),
    ("8x8x16", 1024, 256, [true, true, true]),
    ("8x16x16", 2048, 512, [true, true, true]),
    ("16x16x16", 4096, 1024, [true, true, true]),
    ("16x16x24", 6144, 1536, [false, true, true]),
    ("16x24x24", 9216, 2304, [false, false, true]),
];

#[test]
fn solid_topologies_have_the_documented_vms() {
    for (index, alias) in ["v4", "v5p", "tpu7x"].into_iter().enumerate() {
        let accelerator = Accelerator::from_alias_or_label(alias).expect(alias);
        for (text, chips, vms, published) in SOLID {
            let topology = Topology::parse(text).expect(text);
            let listed = accelerator.published().any(|other| other == topology);
            assert_eq!(listed, published[index], "{alias} {text}");
            if !listed {
                continue;
            }
            let slice = slice(&format!("{alias}:{text}"));
            assert_eq!(slice.chips(), chips);
            assert_eq!(slice.vms(4), Some(vms), "{text}");
            assert_eq!(slice.chips_per_vm_choices(), [4], "{text}");
        }
    }
    let small = slice("tpu7x:1x1x1");
    assert_eq!(small.chips_per_vm_choices(), [1]);
    assert_eq!(
        small.machine(1).map(|machine| machine.name),
        Some("tpu7x-standard-1t")
    );
    assert!(Slice::parse("v4:1x1x1").is_err());
    assert!(Slice::parse("v5p:1x1x1").is_err());
}

#[test]
fn legacy_accelerators_divide_evenly_where_nothing_is_known() {
    assert_eq!(slice("tpu-v3-slice:4x8").vms(4), Some(8));
    assert_eq!(slice("tpu-v3-slice:4x8").vms(8), None);
    assert_eq!(
        slice("tpu-v3-device:2x2").host_shape(4),
        Some(HostShape::Single)
    );
    assert_eq!(slice("tpu-v4-lite-device:2x2").vms(2), Some(2));
    assert_eq!(slice("tpu-v4-lite-device:2x2").vms(3), None);
    assert!(
        slice("tpu-v4-lite-device:2x2")
            .chips_per_vm_choices()
            .is_empty()
    );
}

#[test]
fn only_tpu7x_shares_chips_and_shows_two_devices_a_chip() {
    for accelerator in Accelerator::all() {
        assert_eq!(
            accelerator.allows_chip_sharing(),
            accelerator.label() == "tpu7x"
        );
    }
    assert_eq!(slice("tpu7x:2x2x1").jax_devices(), Some(8));
    assert_eq!(slice("v5p:2x2x1").jax_devices(), Some(4));
    assert_eq!(slice("v5e:4x8").jax_devices(), Some(32));
    let minimum = Accelerator::find("tpu7x")
        .and_then(Accelerator::gke_minimum)
        .expect("tpu7x");
    assert_eq!(minimum.standard, "1.34.0-gke.2201000");
    assert_eq!(minimum.autopilot, "1.34.1-gke.3084001");
}

#[test]
fn unknown_accelerators_are_representable() {
    assert_eq!(
        AcceleratorRef::of("tpu8i"),
        AcceleratorRef::Unknown("tpu8i")
    );
    assert_eq!(AcceleratorRef::of("tpu8i").label(), "tpu8i");
    let known = AcceleratorRef::of("tpu-v6e-slice");
    assert!(matches!(known, AcceleratorRef::Known(found) if found.alias() == Some("v6e")));
    // The alias is no label value.
    assert_eq!(AcceleratorRef::of("v6e"), AcceleratorRef::Unknown("v6e"));
}
