//! The table of accelerators.
//!
//! Sources: GKE's "Plan TPUs" and the per-chip pages of the Cloud TPU documentation, the cluster
//! autoscaler's machine types, xpk and cluster-toolkit for custom topologies and limits.

use crate::accelerator::{Accelerator, Figures, GkeMinimum, Hbm, HbmUnit, Machine, Offer};
use crate::topology::Topology;

const fn t2(a: u32, b: u32) -> Topology {
    Topology::flat(a, b)
}

const fn t3(a: u32, b: u32, c: u32) -> Topology {
    Topology::solid(a, b, c)
}

/// v5e and v6e, pod slices.
const FLAT: [Topology; 8] = [
    t2(1, 1),
    t2(2, 2),
    t2(2, 4),
    t2(4, 4),
    t2(4, 8),
    t2(8, 8),
    t2(8, 16),
    t2(16, 16),
];

/// tpu7x; v5p and v4 have parts of it.
const SOLID: [Topology; 14] = [
    t3(1, 1, 1),
    t3(2, 2, 1),
    t3(2, 2, 2),
    t3(2, 2, 4),
    t3(2, 4, 4),
    t3(4, 4, 4),
    t3(4, 4, 8),
    t3(4, 8, 8),
    t3(8, 8, 8),
    t3(8, 8, 16),
    t3(8, 16, 16),
    t3(16, 16, 16),
    t3(16, 16, 24),
    t3(16, 24, 24),
];

const V4: [Topology; 11] = {
    let [_, rest @ .., _, _] = SOLID;
    rest
};

const V5P: [Topology; 12] = {
    let [_, rest @ .., _] = SOLID;
    rest
};

/// What most accelerators of the table have in common: nothing.
const BLANK: Accelerator = Accelerator {
    label: "",
    alias: None,
    other_names: &[],
    generation: "",
    dims: None,
    single_host_only: false,
    machines: &[],
    published: &[],
    offer: Offer::Undocumented,
    figures: None,
    jax_devices_per_chip: None,
    type_prefix: None,
    chip_sharing: false,
    sax_chip: None,
    gke_minimum: None,
};

const V5E_FIGURES: Figures = Figures {
    bf16_tflops: 197,
    eight_bit_tflops: 393,
    hbm: Hbm {
        amount: 16,
        unit: HbmUnit::GB,
    },
    hbm_gb_per_second: 800,
    ici_gb_per_second: Some(400),
    pod_chips: 256,
};

/// A machine type that can only be a slice of its own.
const fn alone(name: &'static str, chips: u32, topology: Topology) -> Machine {
    Machine {
        name,
        chips,
        vcpu: None,
        memory_gb: None,
        numa_nodes: None,
        multi_host: false,
        single_host_topology: Some(topology),
    }
}

impl Machine {
    const fn multi(self) -> Self {
        Self {
            multi_host: true,
            ..self
        }
    }

    const fn sized(self, vcpu: u32, memory_gb: u32, numa_nodes: u32) -> Self {
        Self {
            vcpu: Some(vcpu),
            memory_gb: Some(memory_gb),
            numa_nodes: Some(numa_nodes),
            ..self
        }
    }

    /// For types of which no source names a topology.
    const fn shapeless(self) -> Self {
        Self {
            single_host_topology: None,
            ..self
        }
    }
}

/// Every label value, oldest generation first.
pub(crate) static CATALOGUE: [Accelerator; 10] = [
    Accelerator {
        label: "tpu-v3-device",
        generation: "v3",
        dims: Some(2),
        single_host_only: true,
        machines: &[alone("ct3-hightpu-4t", 4, t2(2, 2))],
        sax_chip: Some("tpuv3"),
        ..BLANK
    },
    Accelerator {
        label: "tpu-v3-slice",
        generation: "v3",
        dims: Some(2),
        machines: &[alone("ct3p-hightpu-4t", 4, t2(2, 2)).shapeless().multi()],
        sax_chip: Some("tpuv3"),
        ..BLANK
    },
    Accelerator {
        label: "tpu-v4-lite-device",
        generation: "v4i",
        sax_chip: Some("tpuv4i"),
        ..BLANK
    },
    Accelerator {
        label: "tpu-v4-podslice",
        alias: Some("v4"),
        other_names: &["tpu-v4", "tpu-v4-slice", "tpuv4"],
        generation: "v4",
        dims: Some(3),
        machines: &[alone("ct4p-hightpu-4t", 4, t3(2, 2, 1))
            .multi()
            .sized(240, 407, 2)],
        published: &V4,
        offer: Offer::Cubes(64),
        figures: Some(Figures {
            bf16_tflops: 275,
            eight_bit_tflops: 275,
            hbm: Hbm {
                amount: 32,
                unit: HbmUnit::GiB,
            },
            hbm_gb_per_second: 1200,
            ici_gb_per_second: None,
            pod_chips: 4096,
        }),
        jax_devices_per_chip: Some(1),
        type_prefix: Some(("v4", 2)),
        sax_chip: Some("tpuv4"),
        ..BLANK
    },
    Accelerator {
        label: "tpu-v5-lite-device",
        generation: "v5e",
        dims: Some(2),
        single_host_only: true,
        machines: &[
            alone("ct5l-hightpu-1t", 1, t2(1, 1)).sized(24, 48, 1),
            alone("ct5l-hightpu-4t", 4, t2(2, 2)).sized(112, 192, 1),
            alone("ct5l-hightpu-8t", 8, t2(2, 4)).sized(224, 384, 2),
        ],
        published: &[t2(1, 1), t2(2, 2), t2(2, 4)],
        offer: Offer::Listed,
        figures: Some(V5E_FIGURES),
        jax_devices_per_chip: Some(1),
        sax_chip: Some("tpuv5e"),
        ..BLANK
    },
    Accelerator {
        label: "tpu-v5-lite-podslice",
        alias: Some("v5e"),
        other_names: &[
            "v5litepod",
            "v5lite",
            "tpu-v5e",
            "tpu-v5e-slice",
            "tpu-v5e-podslice",
            "tpu-v5-lite",
            "tpuv5e",
        ],
        generation: "v5e",
        dims: Some(2),
        machines: &[
            alone("ct5lp-hightpu-1t", 1, t2(1, 1)).sized(24, 48, 1),
            alone("ct5lp-hightpu-4t", 4, t2(2, 2))
                .multi()
                .sized(112, 192, 1),
            alone("ct5lp-hightpu-8t", 8, t2(2, 4)).sized(224, 384, 2),
        ],
        published: &FLAT,
        offer: Offer::Listed,
        figures: Some(V5E_FIGURES),
        jax_devices_per_chip: Some(1),
        type_prefix: Some(("v5litepod", 1)),
        sax_chip: Some("tpuv5e"),
        ..BLANK
    },
    Accelerator {
        label: "tpu-v5p-slice",
        alias: Some("v5p"),
        other_names: &["tpu-v5p", "tpu-v5p-podslice", "tpuv5p"],
        generation: "v5p",
        dims: Some(3),
        machines: &[
            // cluster-toolkit names these two; no source gives them a topology.
            alone("ct5p-hightpu-1t", 1, t3(1, 1, 1)).shapeless(),
            alone("ct5p-hightpu-2t", 2, t3(1, 1, 1)).shapeless(),
            alone("ct5p-hightpu-4t", 4, t3(2, 2, 1))
                .multi()
                .sized(208, 448, 2),
        ],
        published: &V5P,
        offer: Offer::Cubes(140),
        figures: Some(Figures {
            bf16_tflops: 459,
            eight_bit_tflops: 918,
            hbm: Hbm {
                amount: 95,
                unit: HbmUnit::GiB,
            },
            hbm_gb_per_second: 2765,
            ici_gb_per_second: Some(1200),
            pod_chips: 8960,
        }),
        jax_devices_per_chip: Some(1),
        type_prefix: Some(("v5p", 2)),
        ..BLANK
    },
    Accelerator {
        label: "tpu-v6e-slice",
        alias: Some("v6e"),
        other_names: &["trillium", "tpu-v6e", "tpu-v6e-podslice", "tpuv6e"],
        generation: "v6e",
        dims: Some(2),
        machines: &[
            alone("ct6e-standard-1t", 1, t2(1, 1)).sized(44, 176, 1),
            alone("ct6e-standard-4t", 4, t2(2, 2))
                .multi()
                .sized(180, 720, 1),
            alone("ct6e-standard-8t", 8, t2(2, 4)).sized(180, 1440, 2),
        ],
        published: &FLAT,
        offer: Offer::Listed,
        figures: Some(Figures {
            bf16_tflops: 918,
            eight_bit_tflops: 1836,
            hbm: Hbm {
                amount: 32,
                unit: HbmUnit::GB,
            },
            hbm_gb_per_second: 1600,
            ici_gb_per_second: Some(800),
            pod_chips: 256,
        }),
        jax_devices_per_chip: Some(1),
        type_prefix: Some(("v6e", 1)),
        ..BLANK
    },
    Accelerator {
        label: "tpu7",
        generation: "tpu7",
        dims: Some(3),
        machines: &[
            alone("tpu7-standard-1t", 1, t3(1, 1, 1)),
            alone("tpu7-standard-4t", 4, t3(2, 2, 1)).multi(),
        ],
        ..BLANK
    },
    Accelerator {
        label: "tpu7x",
        alias: Some("tpu7x"),
        other_names: &["ironwood", "v7x", "tpu-v7x", "tpu7x-slice", "tpu-v7x-slice"],
        generation: "tpu7x",
        dims: Some(3),
        machines: &[
            alone("tpu7x-standard-1t", 1, t3(1, 1, 1)),
            alone("tpu7x-standard-4t", 4, t3(2, 2, 1))
                .multi()
                .sized(224, 960, 2),
            alone("tpu7x-ultranet-4t", 4, t3(2, 2, 1)).multi(),
        ],
        published: &SOLID,
        offer: Offer::Cubes(144),
        figures: Some(Figures {
            bf16_tflops: 2307,
            eight_bit_tflops: 4614,
            hbm: Hbm {
                amount: 192,
                unit: HbmUnit::GiB,
            },
            hbm_gb_per_second: 7380,
            ici_gb_per_second: Some(1200),
            pod_chips: 9216,
        }),
        jax_devices_per_chip: Some(2),
        type_prefix: Some(("tpu7x", 2)),
        chip_sharing: true,
        gke_minimum: Some(GkeMinimum {
            standard: "1.34.0-gke.2201000",
            autopilot: "1.34.1-gke.3084001",
        }),
        ..BLANK
    },
];
